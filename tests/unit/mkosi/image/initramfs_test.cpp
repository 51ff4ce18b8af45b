// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/initramfs.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "mkosi/image/compression.hpp"
#include "tests/support/fake_cpio.hpp"
#include "tests/support/fixtures.hpp"
#include "tests/support/recording_sink.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {
namespace {

using test::compress;
using test::compress_xz;
using test::concat;
using test::FakeCpio;
using test::RecordingSink;
using test::XzCheck;

Bytes one(const std::string& name, const std::string& body) {
  return FakeCpio().file(name, body).trailer().bytes();
}

struct Outcome {
  Result<std::vector<Segment>> segments;
  std::string text;
};

Outcome unpack(ByteView image, std::uint64_t max_unpacked = default_max_unpacked,
               std::size_t buffer = 4096) {
  RecordingSink sink(buffer);
  auto segments = unpack_initramfs(image, sink, max_unpacked);
  return {.segments = std::move(segments), .text = sink.text()};
}

void expect_refusal(ByteView image, ErrorCode code, std::string_view text) {
  const Outcome outcome = unpack(image);
  ASSERT_FALSE(outcome.segments.has_value());
  EXPECT_EQ(outcome.segments.error().code, code);
  EXPECT_EQ(outcome.segments.error().text(), text);
}

TEST(Initramfs, reads_microcode_then_root_then_overlay) {
  const Bytes early = one("kernel/x86/microcode/GenuineIntel.bin", "code");
  const Bytes root = compress(Compression::zstd, one("etc/motd", "old"));
  const Bytes overlay = one("etc/motd", "new");
  Bytes image = concat({early, root});
  while (image.size() % 4 != 0)
    image.push_back(std::byte{0});
  const std::size_t third = image.size();
  append(image, overlay);
  const Outcome outcome = unpack(image);
  ASSERT_TRUE(outcome.segments.has_value()) << outcome.segments.error().text();
  const std::uint64_t unpacked = one("etc/motd", "old").size();
  EXPECT_EQ(*outcome.segments, (std::vector<Segment>{{.kind = SegmentKind::microcode,
                                                      .compression = Compression::none,
                                                      .offset = 0,
                                                      .size = early.size(),
                                                      .unpacked = early.size()},
                                                     {.kind = SegmentKind::cpio,
                                                      .compression = Compression::zstd,
                                                      .offset = early.size(),
                                                      .size = root.size(),
                                                      .unpacked = unpacked},
                                                     {.kind = SegmentKind::cpio,
                                                      .compression = Compression::none,
                                                      .offset = third,
                                                      .size = overlay.size(),
                                                      .unpacked = overlay.size()}}));
  EXPECT_EQ(outcome.text,
            "100644 kernel/x86/microcode/GenuineIntel.bin\n  code\ntrailer\n"
            "100644 etc/motd\n  old\ntrailer\n100644 etc/motd\n  new\ntrailer\n");
}

TEST(Initramfs, reads_every_compression_one_behind_the_other) {
  Bytes image;
  std::string expected;
  for (const Compression compression :
       {Compression::gzip, Compression::zstd, Compression::zstd, Compression::xz,
        Compression::bzip2, Compression::lzma, Compression::lz4}) {
    append(image, compress(compression, one(std::string(name(compression)), "x")));
    expected += "100644 " + std::string(name(compression)) + "\n  x\ntrailer\n";
  }
  const Outcome outcome = unpack(image);
  ASSERT_TRUE(outcome.segments.has_value()) << outcome.segments.error().text();
  EXPECT_EQ(outcome.segments->size(), 7U);
  EXPECT_EQ(outcome.text, expected);
}

TEST(Initramfs, reads_several_archives_in_one_stream) {
  const Bytes both = concat({one("a", "1"), Bytes(64), one("b", "2")});
  const Outcome outcome = unpack(compress(Compression::zstd, both));
  ASSERT_TRUE(outcome.segments.has_value());
  EXPECT_EQ(outcome.segments->size(), 1U);
  EXPECT_EQ(outcome.text, "100644 a\n  1\ntrailer\n100644 b\n  2\ntrailer\n");
}

TEST(Initramfs, needs_no_trailer) {
  const Bytes image = concat({FakeCpio().file("a", "1").bytes(),
                              compress(Compression::gzip, FakeCpio().file("b", "2").bytes())});
  const Outcome outcome = unpack(image);
  ASSERT_TRUE(outcome.segments.has_value()) << outcome.segments.error().text();
  EXPECT_EQ(outcome.text, "100644 a\n  1\n100644 b\n  2\n");
}

TEST(Initramfs, gives_the_same_for_every_buffer_size) {
  FakeCpio cpio;
  cpio.file("a", std::string(9000, 'a')).symlink("l", "a").file("b", "2").trailer();
  const Bytes image = compress(Compression::zstd, cpio.bytes());
  const std::string whole = unpack(image).text;
  for (const std::size_t buffer : {1U, 7U, 110U, 8191U})
    EXPECT_EQ(unpack(image, default_max_unpacked, buffer).text, whole) << buffer;
}

TEST(Initramfs, reads_the_captured_samples) {
  const auto text_of = [](std::string_view name) {
    const auto image = test::test_data("initramfs/" + std::string(name));
    EXPECT_TRUE(image.has_value());
    const Outcome outcome = unpack(*image);
    EXPECT_TRUE(outcome.segments.has_value()) << outcome.segments.error().text();
    return outcome.text;
  };
  const std::string early =
      "40755 .\n40755 kernel\n40755 kernel/x86\n40755 kernel/x86/microcode\n"
      "100644 kernel/x86/microcode/GenuineIntel.bin\n  1000 bytes\ntrailer\n";
  EXPECT_EQ(text_of("early.cpio"), early);
  EXPECT_TRUE(text_of("two.cpio").starts_with(early));
  EXPECT_GT(text_of("two.cpio").size(), early.size());
  EXPECT_GT(text_of("two-pad.cpio").size(), early.size());
  EXPECT_TRUE(text_of("two-frames.zst").starts_with(early));
  EXPECT_GT(text_of("two-frames.zst").size(), early.size());
  EXPECT_NE(text_of("overlay.cpio").find("with space"), std::string::npos);
}

TEST(Initramfs, of_nothing_but_padding_is_empty) {
  const Outcome outcome = unpack(Bytes(513));
  ASSERT_TRUE(outcome.segments.has_value());
  EXPECT_TRUE(outcome.segments->empty());
}

TEST(Initramfs, refuses_junk_behind_a_compressed_segment) {
  const Bytes stream = compress(Compression::gzip, one("a", "1"));
  expect_refusal(concat({stream, as_bytes("junk")}), ErrorCode::malformed,
                 "segment 1 (none at " + std::to_string(stream.size()) + "): magic at " +
                     std::to_string(stream.size()) +
                     ": neither a cpio archive nor a compression the kernel knows");
}

TEST(Initramfs, refuses_junk_inside_a_compressed_segment) {
  const Bytes content = concat({one("a", "1"), as_bytes("junk")});
  expect_refusal(compress(Compression::zstd, content), ErrorCode::malformed,
                 "segment 0 (zstd at 0): magic at " + std::to_string(content.size() - 4) +
                     ": junk behind an archive in the compressed stream");
}

TEST(Initramfs, refuses_padding_that_ends_off_a_multiple_of_4) {
  const Bytes first = one("a", "1");
  expect_refusal(concat({first, Bytes(2), compress(Compression::zstd, one("b", "2"))}),
                 ErrorCode::malformed,
                 "segment 0 (none at 0): padding at " + std::to_string(first.size() + 2) +
                     ": NUL padding must end on a multiple of 4");
}

TEST(Initramfs, refuses_an_archive_off_its_alignment_behind_a_stream) {
  Bytes stream = compress(Compression::zstd, one("b", "2"));
  while (stream.size() % 4 != 1)
    stream.push_back(std::byte{0});
  const std::string at = std::to_string(stream.size());
  expect_refusal(concat({stream, one("a", "1")}), ErrorCode::malformed,
                 "segment 1 (none at " + at + "): padding at " + at +
                     ": a cpio archive must start on a multiple of 4");
}

TEST(Initramfs, refuses_an_archive_cut_short) {
  const Bytes image = one("a", std::string(1000, 'x'));
  expect_refusal(ByteView(image).first(600), ErrorCode::truncated,
                 "segment 0 (none at 0): archive at 600: ends inside an entry");
}

TEST(Initramfs, refuses_a_compressed_archive_cut_short) {
  const Bytes image = one("a", std::string(1000, 'x'));
  expect_refusal(compress(Compression::xz, ByteView(image).first(600)), ErrorCode::truncated,
                 "segment 0 (xz at 0): archive at 600: ends inside an entry");
}

TEST(Initramfs, refuses_a_name_of_four_gibibytes) {
  const Bytes image = FakeCpio().add({.name = "big", .namesize = 0xffffffff}).bytes();
  expect_refusal(image, ErrorCode::truncated,
                 "segment 0 (none at 0): archive at " + std::to_string(image.size()) +
                     ": ends inside an entry");
}

TEST(Initramfs, reads_one_gzip_member_behind_the_other) {
  const Bytes one_and_two = concat(
      {compress(Compression::gzip, one("a", "1")), compress(Compression::gzip, one("b", "2"))});
  const Outcome outcome = unpack(one_and_two);
  ASSERT_TRUE(outcome.segments.has_value()) << outcome.segments.error().text();
  EXPECT_EQ(outcome.segments->size(), 2U);
  EXPECT_EQ(outcome.text, "100644 a\n  1\ntrailer\n100644 b\n  2\ntrailer\n");
}

// RFC 8878, 3.1.2; to the kernel, which looks for 28b5, it is no compressed data.
TEST(Initramfs, refuses_a_skippable_zstd_frame) {
  const Bytes frame = to_bytes(std::string_view("\x50\x2a\x4d\x18\x04\0\0\0abcd", 12));
  const Bytes stream = compress(Compression::zstd, one("a", "1"));
  const std::string at = std::to_string(stream.size());
  expect_refusal(concat({stream, frame}), ErrorCode::malformed,
                 "segment 1 (none at " + at + "): magic at " + at +
                     ": neither a cpio archive nor a compression the kernel knows");
}

TEST(Initramfs, refuses_lzo) {
  expect_refusal(as_bytes("\x89LZO"), ErrorCode::unsupported,
                 "segment 0 (lzo at 0): lzo compression is not supported");
}

TEST(Initramfs, reads_xz_with_the_checks_the_kernel_reads) {
  for (const XzCheck check : {XzCheck::none, XzCheck::crc32})
    EXPECT_EQ(unpack(compress_xz(one("a", "1"), check)).text, "100644 a\n  1\ntrailer\n");
}

TEST(Initramfs, refuses_xz_with_a_check_the_kernel_does_not_read) {
  expect_refusal(compress_xz(one("a", "1"), XzCheck::crc64), ErrorCode::unsupported,
                 "segment 0 (xz at 0): stream header at 7: xz check 4; the kernel reads none and "
                 "CRC32: xz --check=crc32");
  const Bytes first = compress_xz(one("a", "1"), XzCheck::crc32);
  const std::string at = std::to_string(first.size());
  expect_refusal(
      concat({first, compress_xz(one("b", "2"), XzCheck::sha256)}), ErrorCode::unsupported,
      "segment 1 (xz at " + at + "): stream header at " + std::to_string(first.size() + 7) +
          ": xz check 10; the kernel reads none and CRC32: xz --check=crc32");
}

TEST(Initramfs, refuses_an_xz_header_cut_short) {
  expect_refusal(as_bytes("\xfd"
                          "7zXZ"),
                 ErrorCode::truncated,
                 "segment 0 (xz at 0): xz stream at 5: the input ends inside the stream");
}

TEST(Initramfs, calls_nothing_behind_a_compressed_segment_microcode) {
  const Bytes code = one("kernel/x86/microcode/GenuineIntel.bin", "code");
  Bytes root = compress(Compression::zstd, one("a", "1"));
  root.resize((root.size() + 3) / 4 * 4);
  const Outcome outcome = unpack(concat({one("b", "2"), code, root, code}));
  ASSERT_TRUE(outcome.segments.has_value()) << outcome.segments.error().text();
  ASSERT_EQ(outcome.segments->size(), 4U);
  EXPECT_EQ(outcome.segments->at(0).kind, SegmentKind::cpio);
  EXPECT_EQ(outcome.segments->at(1).kind, SegmentKind::microcode);
  EXPECT_EQ(outcome.segments->at(3).kind, SegmentKind::cpio);
}

TEST(Initramfs, stops_a_bomb_at_the_cap) {
  const Bytes bomb = compress(Compression::zstd, Bytes(std::size_t{64} << 20U));
  ASSERT_LT(bomb.size(), 65536U);
  const Outcome outcome = unpack(bomb, std::uint64_t{1} << 20U);
  ASSERT_FALSE(outcome.segments.has_value());
  EXPECT_EQ(outcome.segments.error().code, ErrorCode::limit);
  EXPECT_EQ(outcome.segments.error().text(),
            "segment 0 (zstd at 0): unpacks to more than 1048576 bytes; --max-unpacked raises the "
            "limit");
}

TEST(Initramfs, counts_every_segment_towards_the_cap) {
  const Bytes archive = one("a", std::string(1000, 'x'));
  const Bytes image = concat({archive, archive, compress(Compression::gzip, archive)});
  EXPECT_TRUE(unpack(image, archive.size() * 3).segments.has_value());
  const std::string cap = std::to_string(archive.size() * 3 - 1);
  const Outcome outcome = unpack(image, archive.size() * 3 - 1);
  ASSERT_FALSE(outcome.segments.has_value());
  EXPECT_EQ(outcome.segments.error().code, ErrorCode::limit);
  EXPECT_EQ(outcome.segments.error().text(),
            "segment 2 (gzip at " + std::to_string(archive.size() * 2) +
                "): unpacks to more than " + cap + " bytes; --max-unpacked raises the limit");
}

}  // namespace
}  // namespace etalon::image
