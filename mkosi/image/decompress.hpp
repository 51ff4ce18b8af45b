// SPDX-License-Identifier: Apache-2.0
// Decoders of one compressed stream that lies in memory: a zstd frame, a gzip member, an xz, lzma
// or bzip2 stream, an lz4 legacy frame. The kernel decodes exactly one stream at a time and looks
// at what follows itself, so a decoder stops behind its stream and says how much it consumed.
// Memory is bounded: the output is the caller's buffer, and the windows of zstd and xz are capped.
// One thing is stricter than the kernel: a gzip member whose CRC or length is wrong is an error,
// where lib/decompress_inflate.c does not look at its last eight bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "mkosi/image/compression.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {

// The kernel's own bound (Linux 6.12, lib/decompress_unzstd.c: ZSTD_WINDOWSIZE_MAX).
inline constexpr int max_zstd_window_log = 27;
// Enough for the 64 MiB dictionary of xz -9.
inline constexpr std::uint64_t max_xz_memory = std::uint64_t{160} << 20U;

class Decompressor {
 public:
  // A decoder of the stream that starts at input[0]. Unsupported for lzo and none.
  static Result<std::unique_ptr<Decompressor>> make(Compression compression, ByteView input);

  Decompressor() = default;
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;
  Decompressor(Decompressor&&) = delete;
  Decompressor& operator=(Decompressor&&) = delete;
  virtual ~Decompressor() = default;

  // Fills `out` (not empty) from its start and returns the bytes written: as many as fit, fewer
  // only at the end of the stream, and 0 ever after. A bad stream is malformed, one that ends too
  // early truncated, each with the offset in the input.
  virtual Result<std::size_t> read(std::span<std::byte> out) = 0;

  // Bytes of input used so far; after the end, the size of the stream.
  virtual std::uint64_t consumed() const = 0;
};

}  // namespace etalon::image
