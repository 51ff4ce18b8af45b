// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/decompress.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include <gtest/gtest.h>

#include "mkosi/image/compression.hpp"
#include "tests/support/fake_cpio.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"
#include "tools/base/writer.hpp"

namespace etalon::image {
namespace {

struct Decoded {
  Bytes content{};
  std::uint64_t consumed = 0;
};

Result<Decoded> decode(Compression compression, ByteView input, std::size_t buffer_size = 100) {
  TRY_ASSIGN(const auto decoder, Decompressor::make(compression, input));
  Decoded decoded;
  Bytes buffer(buffer_size);
  while (true) {
    TRY_ASSIGN(const std::size_t size, decoder->read(buffer));
    if (size == 0) break;
    append(decoded.content, std::span(buffer).first(size));
  }
  decoded.consumed = decoder->consumed();
  return decoded;
}

Bytes sample() {
  Bytes bytes;
  for (unsigned i = 0; i < 20000; ++i)
    bytes.push_back(static_cast<std::byte>(i * i >> 7U));
  return bytes;
}

class EveryCompression : public testing::TestWithParam<Compression> {};

TEST_P(EveryCompression, is_detected_decoded_and_measured) {
  const Bytes content = sample();
  const Bytes stream = test::compress(GetParam(), content);
  EXPECT_EQ(detect_compression(stream), GetParam());
  // lz4's legacy frame ends only with the input or a block size of 0.
  const Bytes behind(8, std::byte{0});
  for (const std::size_t buffer : {1U, 100U, 65536U}) {
    const auto decoded = decode(GetParam(), test::concat({stream, behind}), buffer);
    ASSERT_TRUE(decoded.has_value()) << decoded.error().text();
    EXPECT_EQ(decoded->content, content);
    EXPECT_EQ(decoded->consumed, stream.size());
  }
}

TEST_P(EveryCompression, refuses_a_stream_cut_short) {
  const Bytes stream = test::compress(GetParam(), sample());
  for (const std::size_t size : {stream.size() / 2, stream.size() - 1}) {
    const auto decoded = decode(GetParam(), ByteView(stream).first(size));
    ASSERT_FALSE(decoded.has_value()) << size;
    EXPECT_EQ(decoded.error().code, ErrorCode::truncated) << decoded.error().text();
  }
}

TEST_P(EveryCompression, refuses_or_survives_any_damaged_byte) {
  const Bytes stream = test::compress(GetParam(), sample());
  std::size_t refused = 0;
  for (std::size_t at = 0; at < stream.size(); at += std::max<std::size_t>(1, stream.size() / 97)) {
    Bytes damaged = stream;
    damaged[at] ^= std::byte{0x41};
    if (!decode(GetParam(), damaged)) ++refused;
  }
  EXPECT_GT(refused, 0U);
}

INSTANTIATE_TEST_SUITE_P(Decompress, EveryCompression,
                         testing::Values(Compression::gzip, Compression::bzip2, Compression::lzma,
                                         Compression::xz, Compression::lz4, Compression::zstd),
                         [](const auto& info) { return std::string(name(info.param)); });

TEST(Decompress, detects_by_two_bytes_as_the_kernel_does) {
  EXPECT_EQ(detect_compression(as_bytes("\x1f\x9e")), Compression::gzip);
  EXPECT_EQ(detect_compression(as_bytes("\x89\x4c\x5a")), Compression::lzo);
  EXPECT_EQ(detect_compression(as_bytes("07")), std::nullopt);
  EXPECT_EQ(detect_compression(as_bytes("\x1f")), std::nullopt);
}

TEST(Decompress, refuses_lzo) {
  const auto made = Decompressor::make(Compression::lzo, {});
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().text(), "lzo compression is not supported");
}

TEST(Decompress, refuses_the_new_lz4_frame) {
  ByteWriter frame;
  frame.u32(0x184d2204).u32(0);
  const auto made = decode(Compression::lz4, frame.view());
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().text(), "lz4 magic at 4: not the legacy frame the kernel reads");
}

TEST(Decompress, refuses_an_lz4_block_beyond_any_real_one) {
  ByteWriter frame;
  frame.u32(0x184c2102).u32(0x7fffffff);
  const auto made = decode(Compression::lz4, frame.view());
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, ErrorCode::malformed);
  EXPECT_EQ(made.error().text(), "lz4 block size at 8: larger than any 8 MiB block");
}

TEST(Decompress, refuses_a_zstd_window_beyond_the_kernels) {
  // Frame header: magic, descriptor 0 (window byte follows), window 2^28, then an empty last block.
  ByteWriter frame;
  frame.u32(0xfd2fb528).u8(0x00).u8((28 - 10) << 3).u8(1).u8(0).u8(0);
  const auto made = decode(Compression::zstd, frame.view());
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, ErrorCode::limit);
  EXPECT_EQ(made.error().text(),
            "zstd stream at 0: needs a window of 268435456 bytes; the kernel gives 2^27");
}

TEST(Decompress, refuses_an_xz_dictionary_beyond_the_cap) {
  // An lzma_alone header: properties, dictionary size 1 GiB, unknown length; then data.
  ByteWriter stream;
  stream.u8(0x5d).u32(1U << 30U).u64(~std::uint64_t{0}).fill(64);
  const auto made = decode(Compression::lzma, stream.view());
  ASSERT_FALSE(made.has_value());
  EXPECT_NE(made.error().text().find("needs more memory than allowed"), std::string::npos)
      << made.error().text();
}

}  // namespace
}  // namespace etalon::image
