// SPDX-License-Identifier: Apache-2.0
// Decodes one zstd frame (RFC 8878) into a ring that is both the decoder's window and the buffer
// its users work in: nothing is copied behind the decoder, and the memory that is passed through
// stays as small as the window asks for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "mkosi/image/zstd_checksum.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

// ZSTD_DCtx of zstd.h
struct ZSTD_DCtx_s;

namespace etalon::image {

// Whether the frame's checksum is computed in a thread of its own.
enum class SumBeside : std::uint8_t { no, yes };

class ZstdRing {
 public:
  // What users may keep of the bytes given out before next() waits for them: who keeps more and
  // asks for the next bytes waits for himself.
  static constexpr std::size_t slack = std::size_t{2} << 20U;
  // next() gives at least this, but at the end of the frame and of the ring, and less than
  // max_piece_size.
  static constexpr std::size_t piece_size = std::size_t{64} << 10U;
  static constexpr std::size_t max_piece_size =
      piece_size + (std::size_t{128} << 10U);  // Block_Maximum_Size

  // Of the frame that starts at input[0].
  explicit ZstdRing(ByteView input, SumBeside beside = SumBeside::no);
  ZstdRing(const ZstdRing&) = delete;
  ZstdRing& operator=(const ZstdRing&) = delete;
  ZstdRing(ZstdRing&&) = delete;
  ZstdRing& operator=(ZstdRing&&) = delete;
  // What was given out stays for who keeps it.
  ~ZstdRing();

  // The next bytes of the frame; none at its end and ever after. Waits until the oldest bytes given
  // out, whose place they take, are kept by nobody. A bad frame is malformed, one that ends too
  // early truncated, each with the offset in the input; a window beyond max_zstd_window_log is a
  // limit error.
  Result<Decoded> next();

  // Bytes of input used so far; after the end, the size of the frame.
  std::uint64_t consumed() const { return consumed_; }

 private:
  class Memory;

  Status begin();
  // Decodes one step at the place that comes next; the bytes it gave.
  Result<std::size_t> step();
  bool at_end() const;
  // Behind the frame: whether its last bytes are the checksum of what was given.
  Status compare_checksum();

  struct Free {
    void operator()(ZSTD_DCtx_s* context) const;
  };

  ByteView input_;
  std::size_t consumed_ = 0;
  std::unique_ptr<ZSTD_DCtx_s, Free> context_;
  std::shared_ptr<Memory> memory_{};  // once the frame's header is read
  std::size_t place_ = 0;             // in the ring, of the next byte
  std::size_t block_max_ = 0;         // bytes one step can write
  SumBeside beside_;
  std::unique_ptr<ZstdChecksum> checksum_{};  // none: the library compares it, or there is none
};

}  // namespace etalon::image
