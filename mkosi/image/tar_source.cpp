// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/tar_source.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>

#include "mkosi/image/compression.hpp"
#include "mkosi/image/decompress.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {
namespace {

constexpr std::size_t piece_size = std::size_t{256} << 10U;

bool is_zero(std::byte b) {
  return b == std::byte{0};
}

// RFC 8878, 3.1.2: 0x184d2a50 to 0x184d2a5f, frames that carry no data of the archive.
bool is_skippable_frame(ByteView data) {
  ByteReader reader(data);
  return (reader.u32("magic") & 0xfffffff0U) == 0x184d2a50U;
}

}  // namespace

TarSource::TarSource(ByteView image, std::uint64_t max_unpacked)
    : image_(image),
      max_unpacked_(max_unpacked),
      compression_(detect_compression(image).value_or(Compression::none)) {}

Result<ByteView> TarSource::next() {
  if (compression_ != Compression::none) return unpack();
  const ByteView piece =
      image_.subspan(at_, std::min<std::size_t>(piece_size, image_.size() - at_));
  at_ += piece.size();
  look_at(piece);
  return piece;
}

void TarSource::look_at(ByteView piece) {
  const auto last = std::ranges::find_if_not(piece.rbegin(), piece.rend(), is_zero);
  if (last != piece.rend()) {
    data_end_ = position_ + static_cast<std::uint64_t>(std::distance(last, piece.rend()));
  }
  position_ += piece.size();
}

// The decoder of what is behind the last stream; false at the end of the image.
Result<bool> TarSource::start_stream() {
  const ByteView rest = image_.subspan(at_);
  const auto start = std::ranges::find_if_not(rest, is_zero);
  if (start == rest.end()) return false;
  at_ += static_cast<std::uint64_t>(start - rest.begin());
  const ByteView stream = image_.subspan(at_);
  if (detect_compression(stream) != compression_ &&
      (compression_ != Compression::zstd || !is_skippable_frame(stream))) {
    return fail_at(ErrorCode::malformed, "magic", at_,
                   "data behind the " + std::string(name(compression_)) + " stream");
  }
  TRY_ASSIGN(decoder_, Decompressor::make(compression_, stream));
  return true;
}

Result<ByteView> TarSource::unpack() {
  buffer_.resize(piece_size);
  while (true) {
    if (decoder_ == nullptr) {
      TRY_ASSIGN(const bool more, start_stream());
      if (!more) return ByteView();
    }
    TRY_ASSIGN(const std::size_t size,
               in(decoder_->read(buffer_), "stream at " + std::to_string(at_)));
    if (size > max_unpacked_ - position_) {
      return fail(ErrorCode::limit, "unpacks to more than " + std::to_string(max_unpacked_) +
                                        " bytes; --max-unpacked raises the limit");
    }
    if (size != 0) {
      const ByteView piece = ByteView(buffer_).first(size);
      look_at(piece);
      return piece;
    }
    at_ += decoder_->consumed();
    decoder_ = nullptr;
  }
}

Status TarSource::expect_nothing_behind(std::uint64_t position) {
  while (true) {
    TRY_ASSIGN(const ByteView piece, next());
    if (piece.empty()) break;
  }
  if (data_end_ <= position) return {};
  return fail_at(ErrorCode::malformed, "end of archive", position,
                 "more data behind it, which tar programs do not read");
}

}  // namespace etalon::image
