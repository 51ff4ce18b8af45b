// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/initramfs.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mkosi/image/compression.hpp"
#include "mkosi/image/decompress.hpp"
#include "mkosi/image/newc.hpp"
#include "mkosi/image/zstd_ring.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {
namespace {

// An uncompressed archive is passed on in pieces, so that hashing starts before it is all read.
constexpr std::size_t piece_size = std::size_t{256} << 10U;
constexpr std::string_view microcode_folder = "kernel/x86/microcode/";
// The second byte of the stream flags, behind a magic of 6 (The .xz File Format 1.2.1, 2.1.1).
constexpr std::size_t xz_check_offset = 7;
constexpr unsigned xz_crc32 = 1;

// Passes everything on and remembers whether the archive carries microcode.
class MicrocodeWatch final : public NewcSink {
 public:
  explicit MicrocodeWatch(NewcSink& sink) : sink_(sink) {}

  Status entry(const NewcHeader& header, std::string_view name, std::string_view target) override {
    seen_ = seen_ || name.starts_with(microcode_folder);
    return sink_.entry(header, name, target);
  }

  Status data(ByteView part) override { return sink_.data(part); }

  Status end_of_file() override { return sink_.end_of_file(); }

  Status trailer() override { return sink_.trailer(); }

  Status skipped(const NewcHeader& header, std::string_view reason) override {
    return sink_.skipped(header, reason);
  }

  bool seen() const { return seen_; }

 private:
  NewcSink& sink_;
  bool seen_ = false;
};

class Unpacker {
 public:
  Unpacker(ByteView image, InitramfsSink& sink, std::uint64_t max_unpacked, unsigned jobs)
      : image_(image),
        sink_(sink),
        max_unpacked_(max_unpacked),
        beside_(jobs > 1 ? SumBeside::yes : SumBeside::no) {}

  Result<std::vector<Segment>> run() {
    while (position_ < image_.size()) {
      if (image_[position_] == std::byte{0}) {
        ++position_;
        continue;
      }
      const Compression compression =
          detect_compression(image_.subspan(position_)).value_or(Compression::none);
      const std::string where = "segment " + std::to_string(segments_.size()) + " (" +
                                std::string(name(compression)) + " at " +
                                std::to_string(position_) + ")";
      const std::uint64_t before = position_;
      TRY(in(compression == Compression::none ? plain() : compressed(compression), where));
      if (position_ == before) return fail(ErrorCode::malformed, "empty segment");
    }
    return std::move(segments_);
  }

 private:
  Status count(std::uint64_t bytes) {
    unpacked_ += bytes;
    if (unpacked_ <= max_unpacked_) return {};
    return fail(ErrorCode::limit, "unpacks to more than " + std::to_string(max_unpacked_) +
                                      " bytes; --max-unpacked raises the limit");
  }

  // One archive up to and with its trailer, or up to a byte that starts something else.
  Status plain() {
    if (image_[position_] != std::byte{'0'}) {
      return fail_at(ErrorCode::malformed, "magic", position_,
                     "neither a cpio archive nor a compression the kernel knows");
    }
    if ((position_ & 3U) != 0) {
      return fail_at(ErrorCode::malformed, "padding", position_,
                     "a cpio archive must start on a multiple of 4");
    }
    const std::uint64_t start = position_;
    MicrocodeWatch watch(sink_);
    NewcReader reader(watch, position_, AtTrailer::stop);
    while (position_ < image_.size()) {
      const std::size_t size = std::min<std::size_t>(piece_size, image_.size() - position_);
      TRY(count(size));
      TRY_ASSIGN(const std::size_t used, reader.push(image_.subspan(position_, size)));
      unpacked_ -= size - used;
      position_ += used;
      sink_.flush(nullptr);
      sink_.reached(position_);
      if (used < size) break;
    }
    if (!reader.at_boundary()) return ends_inside(position_);
    // The kernel looks for microcode up to the first byte that starts no archive
    // (find_cpio_data()).
    const bool early = std::ranges::all_of(
        segments_, [](const Segment& segment) { return segment.compression == Compression::none; });
    segments_.push_back({.kind = early && watch.seen() ? SegmentKind::microcode : SegmentKind::cpio,
                         .compression = Compression::none,
                         .offset = start,
                         .size = position_ - start,
                         .unpacked = position_ - start});
    return check_padding();
  }

  // Behind an uncompressed entry the kernel wants the next thing, whatever it is, on a multiple of
  // 4 ("broken padding"); behind a compressed stream it does not.
  Status check_padding() {
    while (position_ < image_.size() && image_[position_] == std::byte{0})
      ++position_;
    if (position_ == image_.size() || (position_ & 3U) == 0) return {};
    return fail_at(ErrorCode::malformed, "padding", position_,
                   "NUL padding must end on a multiple of 4");
  }

  // Linux 6.12, lib/xz/xz_dec_stream.c, dec_stream_header(): a check other than none and CRC32 is
  // XZ_OPTIONS_ERROR, and xz(1) writes CRC64 unless told otherwise.
  Status check_xz() const {
    const ByteView header = image_.subspan(position_);
    if (header.size() <= xz_check_offset) return {};  // the decoder says that it is cut short
    const auto check = std::to_integer<unsigned>(header[xz_check_offset]);
    if (check <= xz_crc32) return {};
    return fail_at(ErrorCode::unsupported, "stream header", position_ + xz_check_offset,
                   "xz check " + std::to_string(check) +
                       "; the kernel reads none and CRC32: xz --check=crc32");
  }

  Status compressed(Compression compression) {
    const ByteView input = image_.subspan(position_);
    if (compression == Compression::xz) TRY(check_xz());
    if (compression == Compression::zstd) {
      ZstdRing ring(input, beside_);
      return stream(compression, ring, [&ring] { return ring.next(); });
    }
    TRY_ASSIGN(const auto decoder, Decompressor::make(compression, input));
    return stream(compression, *decoder, [&]() -> Result<Decoded> {
      const std::span<std::byte> buffer = sink_.buffer();
      TRY_ASSIGN(const std::size_t size, decoder->read(buffer));
      return Decoded{.bytes = buffer.first(size)};
    });
  }

  // `next` gives the decoder's next bytes, none at the end of its stream.
  template <class Decoder, class Next>
  Status stream(Compression compression, const Decoder& decoder, Next next) {
    NewcReader reader(sink_, 0, AtTrailer::go_on);
    while (true) {
      TRY_ASSIGN(Decoded piece, next());
      const std::size_t size = piece.bytes.size();
      TRY(count(size));
      TRY_ASSIGN(const std::size_t used, reader.push(piece.bytes));
      sink_.flush(std::move(piece.keep));
      sink_.reached(position_ + decoder.consumed());
      if (used < size) {
        return fail_at(ErrorCode::malformed, "magic", reader.position(),
                       "junk behind an archive in the compressed stream");
      }
      if (size == 0) break;
    }
    if (!reader.at_boundary()) return ends_inside(reader.position());
    segments_.push_back({.kind = SegmentKind::cpio,
                         .compression = compression,
                         .offset = position_,
                         .size = decoder.consumed(),
                         .unpacked = reader.position()});
    position_ += decoder.consumed();
    return {};
  }

  static tl::unexpected<Error> ends_inside(std::uint64_t offset) {
    return fail_at(ErrorCode::truncated, "archive", offset, "ends inside an entry");
  }

  ByteView image_;
  InitramfsSink& sink_;
  std::uint64_t max_unpacked_;
  SumBeside beside_;
  std::uint64_t unpacked_ = 0;
  std::size_t position_ = 0;
  std::vector<Segment> segments_;
};

}  // namespace

std::string_view name(SegmentKind kind) {
  return kind == SegmentKind::microcode ? "microcode" : "cpio";
}

Result<std::vector<Segment>> unpack_initramfs(ByteView image, InitramfsSink& sink,
                                              std::uint64_t max_unpacked, unsigned jobs) {
  return Unpacker(image, sink, max_unpacked, jobs).run();
}

}  // namespace etalon::image
