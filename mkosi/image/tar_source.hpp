// SPDX-License-Identifier: Apache-2.0
// The bytes of a tar archive, plain or compressed, piece by piece, to the very end: a tar reader
// stops at the end-of-archive blocks, and what lies behind them is looked at here. Compressed
// streams may follow each other, as gzip -c >> and pzstd write them; they hold one archive.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "mkosi/image/compression.hpp"
#include "mkosi/image/decompress.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {

class TarSource {
 public:
  // `max_unpacked` bounds what is decompressed (limit error).
  TarSource(ByteView image, std::uint64_t max_unpacked);

  // The next piece, empty at the end; valid until the next call. Between and behind compressed
  // streams only NULs are accepted.
  Result<ByteView> next();

  // Reads what is left and refuses it unless it is NULs from `position` on.
  Status expect_nothing_behind(std::uint64_t position);

 private:
  Result<ByteView> unpack();
  Result<bool> start_stream();
  void look_at(ByteView piece);

  ByteView image_;
  std::uint64_t max_unpacked_;
  Compression compression_;
  std::uint64_t at_ = 0;  // in the image, of the stream or of what is behind it
  std::unique_ptr<Decompressor> decoder_;
  Bytes buffer_;
  std::uint64_t position_ = 0;  // unpacked bytes handed out
  std::uint64_t data_end_ = 0;  // behind the last of them that is not NUL
};

}  // namespace etalon::image
