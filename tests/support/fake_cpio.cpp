// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_cpio.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include <bzlib.h>
#include <lz4hc.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "mkosi/image/compression.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/writer.hpp"

namespace etalon::test {
namespace {

void put_hex(Bytes& to, std::uint32_t value) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (unsigned shift = 32; shift > 0; shift -= 4)
    to.push_back(static_cast<std::byte>(digits[value >> (shift - 4) & 15U]));
}

void require(bool condition) {
  if (!condition) std::abort();
}

template <class T>
T* chars(Bytes& bytes) {
  return reinterpret_cast<T*>(bytes.data());
}

template <class T>
const T* chars(ByteView bytes) {
  return reinterpret_cast<const T*>(bytes.data());
}

Bytes gzip(ByteView content) {
  z_stream stream{};
  require(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  Bytes out(deflateBound(&stream, content.size()) + 64);
  stream.next_in = const_cast<Bytef*>(chars<Bytef>(content));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = chars<Bytef>(out);
  stream.avail_out = static_cast<uInt>(out.size());
  require(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

Bytes bzip2(ByteView content) {
  Bytes out(content.size() + content.size() / 50 + 1000);
  auto size = static_cast<unsigned int>(out.size());
  require(BZ2_bzBuffToBuffCompress(chars<char>(out), &size, const_cast<char*>(chars<char>(content)),
                                   static_cast<unsigned int>(content.size()), 1, 0, 0) == BZ_OK);
  out.resize(size);
  return out;
}

Bytes lzma(ByteView content, bool alone, lzma_check check = LZMA_CHECK_CRC32) {
  lzma_stream stream = LZMA_STREAM_INIT;
  lzma_options_lzma options{};
  require(!lzma_lzma_preset(&options, 1));
  require((alone ? lzma_alone_encoder(&stream, &options) : lzma_easy_encoder(&stream, 1, check)) ==
          LZMA_OK);
  Bytes out(content.size() + content.size() / 10 + 4096);
  stream.next_in = chars<std::uint8_t>(content);
  stream.avail_in = content.size();
  stream.next_out = chars<std::uint8_t>(out);
  stream.avail_out = out.size();
  require(lzma_code(&stream, LZMA_FINISH) == LZMA_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  lzma_end(&stream);
  return out;
}

// With a checksum, as zstd(1) writes it.
Bytes zstd(ByteView content) {
  Bytes out(ZSTD_compressBound(content.size()));
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(),
                                                                     &ZSTD_freeCCtx);
  require(ZSTD_isError(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1)) == 0);
  const std::size_t size =
      ZSTD_compress2(context.get(), out.data(), out.size(), content.data(), content.size());
  require(ZSTD_isError(size) == 0);
  out.resize(size);
  return out;
}

Bytes lz4(ByteView content) {
  constexpr std::size_t block_size = std::size_t{8} << 20U;
  ByteWriter out;
  out.u32(0x184c2102);
  while (!content.empty()) {
    const ByteView part = content.first(std::min(block_size, content.size()));
    content = content.subspan(part.size());
    Bytes block(static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(part.size()))));
    const int size =
        LZ4_compress_HC(chars<char>(part), chars<char>(block), static_cast<int>(part.size()),
                        static_cast<int>(block.size()), LZ4HC_CLEVEL_MIN);
    require(size > 0);
    out.u32(static_cast<std::uint32_t>(size));
    out.bytes(ByteView(block).first(static_cast<std::size_t>(size)));
  }
  return out.take();
}

}  // namespace

void FakeCpio::align() {
  while (bytes_.size() % 4 != 0)
    bytes_.push_back(std::byte{0});
}

FakeCpio& FakeCpio::add(const FakeEntry& entry) {
  const auto or_true = [](std::int64_t claim, std::size_t truth) {
    return static_cast<std::uint32_t>(claim < 0 ? truth : static_cast<std::size_t>(claim));
  };
  std::uint32_t sum = 0;
  for (const char c : entry.body)
    sum += static_cast<unsigned char>(c);
  append(bytes_, as_bytes(entry.magic));
  const std::array<std::uint32_t, 13> fields = {
      entry.ino == 0 ? next_ino_++ : entry.ino,
      entry.mode,
      entry.uid,
      entry.gid,
      entry.nlink,
      0,
      or_true(entry.filesize, entry.body.size()),
      0,
      0,
      entry.rdevmajor,
      entry.rdevminor,
      or_true(entry.namesize, entry.name.size() + 1),
      or_true(entry.check, entry.magic == "070702" ? sum : 0)};
  for (const std::uint32_t field : fields)
    put_hex(bytes_, field);
  append(bytes_, as_bytes(entry.name));
  bytes_.push_back(std::byte{0});
  align();
  append(bytes_, as_bytes(entry.body));
  align();
  return *this;
}

FakeCpio& FakeCpio::raw(std::string_view bytes) {
  append(bytes_, as_bytes(bytes));
  return *this;
}

FakeCpio& FakeCpio::trailer() {
  return add({.name = "TRAILER!!!", .mode = 0});
}

Bytes compress(image::Compression compression, ByteView content) {
  switch (compression) {
    case image::Compression::gzip:
      return gzip(content);
    case image::Compression::bzip2:
      return bzip2(content);
    case image::Compression::lzma:
      return lzma(content, true);
    case image::Compression::xz:
      return lzma(content, false);
    case image::Compression::lz4:
      return lz4(content);
    case image::Compression::zstd:
      return zstd(content);
    case image::Compression::none:
      return to_bytes(content);
    case image::Compression::lzo:
      break;
  }
  std::abort();
}

Bytes compress_xz(ByteView content, XzCheck check) {
  return lzma(content, false, static_cast<lzma_check>(check));
}

Bytes concat(std::initializer_list<ByteView> parts) {
  Bytes all;
  for (const ByteView part : parts)
    append(all, part);
  return all;
}

}  // namespace etalon::test
