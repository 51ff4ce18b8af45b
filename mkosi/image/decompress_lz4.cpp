// SPDX-License-Identifier: Apache-2.0
// Grammar: u32 magic 0x184c2102, then blocks of u32 size (little-endian) and that many bytes, each
// block decoding to at most 8 MiB. The frame has no end mark: it ends with the input or at a block
// size of 0, and another magic in place of a size is skipped. A cpio directly behind it is
// therefore read as a block size and stops the kernel; NUL padding of four bytes ends the frame.
#include "mkosi/image/decompress_lz4.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <lz4.h>

#include "mkosi/image/decompress.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {
namespace {

constexpr std::uint32_t legacy_magic = 0x184c2102;
constexpr std::size_t max_block_out = std::size_t{8} << 20U;
constexpr std::uint32_t max_block_in = LZ4_COMPRESSBOUND(max_block_out);

class Lz4Decompressor final : public Decompressor {
 public:
  explicit Lz4Decompressor(ByteView input) : reader_(input) {}

  Status start() {
    if (reader_.u32("lz4 magic") != legacy_magic) {
      reader_.reject(ErrorCode::unsupported, "lz4 magic", "not the legacy frame the kernel reads");
    }
    return reader_.status();
  }

  Result<std::size_t> read(std::span<std::byte> out) override {
    std::size_t written = 0;
    while (written < out.size()) {
      if (pending_.empty()) {
        if (ended_) break;
        TRY(next_block());
        continue;  // each turn consumes a block, a magic or ends
      }
      const std::size_t n = std::min(pending_.size(), out.size() - written);
      std::ranges::copy(pending_.first(n), out.subspan(written).begin());
      pending_ = pending_.subspan(n);
      written += n;
    }
    return written;
  }

  std::uint64_t consumed() const override { return reader_.offset(); }

 private:
  Status next_block() {
    if (reader_.remaining() < 4) {
      ended_ = true;
      return {};
    }
    ByteReader ahead = reader_;
    const std::uint32_t size = ahead.u32("block size");
    if (size == 0) {
      ended_ = true;
      return {};
    }
    reader_ = ahead;
    if (size == legacy_magic) return {};
    if (size > max_block_in) {
      reader_.reject(ErrorCode::malformed, "lz4 block size", "larger than any 8 MiB block");
      return reader_.status();
    }
    const ByteView block = reader_.bytes(size, "lz4 block");
    TRY(reader_.status());
    return decode(block);
  }

  Status decode(ByteView block) {
    if (block_.empty()) block_.resize(max_block_out);
    // NOLINTBEGIN(cppcoreguidelines-pro-type-reinterpret-cast): lz4's type of a byte
    const int size = LZ4_decompress_safe(
        reinterpret_cast<const char*>(block.data()), reinterpret_cast<char*>(block_.data()),
        static_cast<int>(block.size()), static_cast<int>(block_.size()));
    // NOLINTEND(cppcoreguidelines-pro-type-reinterpret-cast)
    if (size < 0) {
      reader_.reject(ErrorCode::malformed, "lz4 stream", "bad data");
      return reader_.status();
    }
    pending_ = ByteView(block_).first(static_cast<std::size_t>(size));
    return {};
  }

  ByteReader reader_;
  Bytes block_;
  ByteView pending_;  // decoded and not yet read, within block_
  bool ended_ = false;
};

}  // namespace

Result<std::unique_ptr<Decompressor>> make_lz4_decompressor(ByteView input) {
  auto made = std::make_unique<Lz4Decompressor>(input);
  TRY(made->start());
  return std::unique_ptr<Decompressor>(std::move(made));
}

}  // namespace etalon::image
