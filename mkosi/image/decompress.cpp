// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/decompress.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>

#include "mkosi/image/compression.hpp"
#include "mkosi/image/decompress_lz4.hpp"
#include "mkosi/image/zstd_ring.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {
namespace {

tl::unexpected<Error> corrupt(std::string_view format, std::uint64_t offset,
                              std::string_view reason) {
  return fail_at(ErrorCode::malformed, std::string(format) + " stream", offset,
                 std::string(reason));
}

tl::unexpected<Error> cut_short(std::string_view format, std::uint64_t offset) {
  return fail_at(ErrorCode::truncated, std::string(format) + " stream", offset,
                 "the input ends inside the stream");
}

class ZstdDecompressor final : public Decompressor {
 public:
  explicit ZstdDecompressor(ByteView input) : ring_(input) {}

  Result<std::size_t> read(std::span<std::byte> out) override {
    std::size_t written = 0;
    while (written < out.size()) {
      if (piece_.bytes.empty()) {
        piece_ = {};
        TRY_ASSIGN(piece_, ring_.next());
        if (piece_.bytes.empty()) break;
      }
      const std::size_t part = std::min(out.size() - written, piece_.bytes.size());
      std::ranges::copy(piece_.bytes.first(part), out.subspan(written).begin());
      piece_.bytes = piece_.bytes.subspan(part);
      written += part;
    }
    return written;
  }

  std::uint64_t consumed() const override { return ring_.consumed(); }

 private:
  ZstdRing ring_;
  Decoded piece_{};  // what is left of it
};

// The libraries with a z_stream-like interface differ only in types and codes: Codec supplies
//   static constexpr std::string_view format
//   enum Step step(in, in_size, out, out_size): consumes and produces by updating the four
enum class Step : std::uint8_t { more, end, bad, no_progress };

struct Window {
  ByteView in;
  std::span<std::byte> out;
};

template <class Codec>
class StreamDecompressor final : public Decompressor {
 public:
  explicit StreamDecompressor(ByteView input) : input_(input) {}

  Result<std::size_t> read(std::span<std::byte> out) override {
    Window window{.in = input_.subspan(consumed_), .out = out};
    while (!ended_ && !window.out.empty()) {
      const std::size_t in_before = window.in.size();
      const std::size_t out_before = window.out.size();
      const Step step = codec_.step(window);
      consumed_ += in_before - window.in.size();
      if (step == Step::bad) return corrupt(Codec::format, consumed_, codec_.reason());
      ended_ = step == Step::end;
      const bool stuck = in_before == window.in.size() && out_before == window.out.size();
      if (!ended_ && stuck) return cut_short(Codec::format, consumed_);
    }
    return out.size() - window.out.size();
  }

  std::uint64_t consumed() const override { return consumed_; }

 private:
  ByteView input_;
  std::size_t consumed_ = 0;
  Codec codec_;
  bool ended_ = false;
};

// zlib and bzip2 count in unsigned int.
unsigned int part(std::size_t size) {
  return static_cast<unsigned int>(std::min<std::size_t>(size, std::numeric_limits<int>::max()));
}

class GzipCodec {
 public:
  static constexpr std::string_view format = "gzip";

  GzipCodec() { (void)inflateInit2(&stream_, 16 + MAX_WBITS); }

  GzipCodec(const GzipCodec&) = delete;
  GzipCodec& operator=(const GzipCodec&) = delete;
  GzipCodec(GzipCodec&&) = delete;
  GzipCodec& operator=(GzipCodec&&) = delete;

  ~GzipCodec() { (void)inflateEnd(&stream_); }

  Step step(Window& window) {
    const unsigned int in = part(window.in.size());
    const unsigned int out = part(window.out.size());
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-*-cast): zlib's types; the input is not written
    stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(window.in.data()));
    stream_.avail_in = in;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): zlib's type of a byte
    stream_.next_out = reinterpret_cast<Bytef*>(window.out.data());
    stream_.avail_out = out;
    const int code = inflate(&stream_, Z_NO_FLUSH);
    window.in = window.in.subspan(in - stream_.avail_in);
    window.out = window.out.subspan(out - stream_.avail_out);
    if (code == Z_STREAM_END) return Step::end;
    return code == Z_OK || code == Z_BUF_ERROR ? Step::more : Step::bad;
  }

  std::string_view reason() const { return stream_.msg == nullptr ? "bad data" : stream_.msg; }

 private:
  z_stream stream_{};
};

class Bzip2Codec {
 public:
  static constexpr std::string_view format = "bzip2";

  Bzip2Codec() { (void)BZ2_bzDecompressInit(&stream_, 0, 0); }

  Bzip2Codec(const Bzip2Codec&) = delete;
  Bzip2Codec& operator=(const Bzip2Codec&) = delete;
  Bzip2Codec(Bzip2Codec&&) = delete;
  Bzip2Codec& operator=(Bzip2Codec&&) = delete;

  ~Bzip2Codec() { (void)BZ2_bzDecompressEnd(&stream_); }

  Step step(Window& window) {
    const unsigned int in = part(window.in.size());
    const unsigned int out = part(window.out.size());
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-*-cast): bzlib's types; the input is not written
    stream_.next_in = const_cast<char*>(reinterpret_cast<const char*>(window.in.data()));
    stream_.avail_in = in;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bzlib's type of a byte
    stream_.next_out = reinterpret_cast<char*>(window.out.data());
    stream_.avail_out = out;
    const int code = BZ2_bzDecompress(&stream_);
    window.in = window.in.subspan(in - stream_.avail_in);
    window.out = window.out.subspan(out - stream_.avail_out);
    if (code == BZ_STREAM_END) return Step::end;
    return code == BZ_OK ? Step::more : Step::bad;
  }

  static std::string_view reason() { return "bad data"; }

 private:
  bz_stream stream_{};
};

template <bool Alone>
class LzmaCodec {
 public:
  static constexpr std::string_view format = Alone ? "lzma" : "xz";

  LzmaCodec() {
    code_ = Alone ? lzma_alone_decoder(&stream_, max_xz_memory)
                  : lzma_stream_decoder(&stream_, max_xz_memory, 0);
  }

  LzmaCodec(const LzmaCodec&) = delete;
  LzmaCodec& operator=(const LzmaCodec&) = delete;
  LzmaCodec(LzmaCodec&&) = delete;
  LzmaCodec& operator=(LzmaCodec&&) = delete;

  ~LzmaCodec() { lzma_end(&stream_); }

  Step step(Window& window) {
    if (code_ != LZMA_OK && code_ != LZMA_BUF_ERROR) return Step::bad;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): liblzma's type of a byte
    stream_.next_in = reinterpret_cast<const std::uint8_t*>(window.in.data());
    stream_.avail_in = window.in.size();
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): liblzma's type of a byte
    stream_.next_out = reinterpret_cast<std::uint8_t*>(window.out.data());
    stream_.avail_out = window.out.size();
    code_ = lzma_code(&stream_, LZMA_RUN);
    window.in = window.in.last(stream_.avail_in);
    window.out = window.out.last(stream_.avail_out);
    if (code_ == LZMA_STREAM_END) return Step::end;
    return code_ == LZMA_OK || code_ == LZMA_BUF_ERROR ? Step::more : Step::bad;
  }

  std::string_view reason() const {
    return code_ == LZMA_MEMLIMIT_ERROR ? "needs more memory than allowed" : "bad data";
  }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
  lzma_ret code_ = LZMA_OK;
};

}  // namespace

Result<std::unique_ptr<Decompressor>> Decompressor::make(Compression compression, ByteView input) {
  using Made = std::unique_ptr<Decompressor>;
  switch (compression) {
    case Compression::zstd:
      return Made(std::make_unique<ZstdDecompressor>(input));
    case Compression::gzip:
      return Made(std::make_unique<StreamDecompressor<GzipCodec>>(input));
    case Compression::bzip2:
      return Made(std::make_unique<StreamDecompressor<Bzip2Codec>>(input));
    case Compression::xz:
      return Made(std::make_unique<StreamDecompressor<LzmaCodec<false>>>(input));
    case Compression::lzma:
      return Made(std::make_unique<StreamDecompressor<LzmaCodec<true>>>(input));
    case Compression::lz4:
      return make_lz4_decompressor(input);
    case Compression::lzo:
    case Compression::none:
      break;
  }
  return fail(ErrorCode::unsupported,
              std::string(name(compression)) + " compression is not supported");
}

}  // namespace etalon::image
