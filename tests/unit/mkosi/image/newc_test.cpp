// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/newc.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/support/fake_cpio.hpp"
#include "tests/support/recording_sink.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {
namespace {

using test::FakeCpio;
using test::RecordingSink;

struct Outcome {
  Result<std::size_t> used;
  bool at_boundary = false;
  std::string text{};
};

Outcome read_in_chunks(ByteView archive, std::size_t chunk,
                       AtTrailer at_trailer = AtTrailer::go_on) {
  RecordingSink sink;
  NewcReader reader(sink, 0, at_trailer);
  std::size_t used = 0;
  while (used < archive.size()) {
    const std::size_t size = std::min(chunk, archive.size() - used);
    auto taken = reader.push(archive.subspan(used, size));
    if (!taken) return {.used = taken, .at_boundary = reader.at_boundary(), .text = sink.text()};
    used += *taken;
    if (*taken < size) break;
  }
  return {.used = used, .at_boundary = reader.at_boundary(), .text = sink.text()};
}

Outcome read_whole(const FakeCpio& cpio, AtTrailer at_trailer = AtTrailer::go_on) {
  return read_in_chunks(cpio.bytes(), cpio.bytes().size(), at_trailer);
}

void expect_refusal(const FakeCpio& cpio, ErrorCode code, std::string_view text) {
  const Outcome outcome = read_whole(cpio);
  ASSERT_FALSE(outcome.used.has_value());
  EXPECT_EQ(outcome.used.error().code, code);
  EXPECT_EQ(outcome.used.error().text(), text);
}

FakeCpio sample() {
  FakeCpio cpio;
  cpio.directory("etc").file("etc/motd", "hello").file("empty", "").symlink("link", "etc/motd");
  cpio.add({.name = "dev/console", .mode = 020600, .rdevmajor = 5, .rdevminor = 1});
  cpio.add({.name = "sum", .body = "abc", .magic = "070702"});
  return cpio;
}

constexpr std::string_view sample_text =
    "40755 etc\n100644 etc/motd\n  hello\n100644 empty\n  \n120777 link -> etc/motd\n"
    "20600 dev/console\n100644 sum\n  abc\n";

TEST(Newc, reads_every_kind_of_entry) {
  const Outcome outcome = read_whole(sample());
  ASSERT_TRUE(outcome.used.has_value()) << outcome.used.error().text();
  EXPECT_TRUE(outcome.at_boundary);
  EXPECT_EQ(outcome.text, sample_text);
}

TEST(Newc, gives_the_same_for_every_chunk_size) {
  const FakeCpio cpio = sample().trailer().file("after", "x");
  const std::string whole = read_whole(cpio).text;
  for (const std::size_t chunk : {1U, 2U, 3U, 5U, 7U, 64U, 109U, 110U, 111U, 113U, 200U})
    EXPECT_EQ(read_in_chunks(cpio.bytes(), chunk).text, whole) << chunk;
}

TEST(Newc, passes_padding_between_any_two_entries) {
  FakeCpio cpio;
  cpio.file("a", "1").raw(std::string(8, '\0')).file("b", "2").trailer();
  cpio.raw(std::string(512, '\0')).file("c", "3");
  EXPECT_EQ(read_whole(cpio).text, "100644 a\n  1\n100644 b\n  2\ntrailer\n100644 c\n  3\n");
}

TEST(Newc, stops_behind_the_trailer_when_asked) {
  FakeCpio cpio;
  cpio.file("a", "1").trailer();
  const std::size_t first = cpio.bytes().size();
  cpio.file("b", "2");
  const Outcome outcome = read_whole(cpio, AtTrailer::stop);
  ASSERT_TRUE(outcome.used.has_value());
  EXPECT_EQ(*outcome.used, first);
  EXPECT_EQ(outcome.text, "100644 a\n  1\ntrailer\n");
}

TEST(Newc, stops_before_what_is_no_entry) {
  FakeCpio cpio;
  cpio.file("a", "1");
  const std::size_t first = cpio.bytes().size();
  cpio.raw("\x28\xb5\x2f\xfd");
  EXPECT_EQ(*read_whole(cpio).used, first);
}

TEST(Newc, cuts_a_name_at_its_first_nul) {
  FakeCpio cpio;
  cpio.file(std::string("name\0tail", 9), "x");
  EXPECT_EQ(read_whole(cpio).text, "100644 name\n  x\n");
}

TEST(Newc, reports_entries_the_kernel_skips) {
  FakeCpio cpio;
  cpio.add({.name = std::string(4096, 'n'), .body = "gone"});
  cpio.add({.name = "link", .mode = 0120777, .body = std::string(4097, 't')});
  cpio.add({.name = "dir", .mode = 040755, .body = "body"});
  cpio.file("kept", "x");
  const std::string expected =
      "skipped at 0: name longer than 4096 bytes\n"
      "skipped at 4212: symlink target longer than 4096 bytes\n"
      "skipped at 8428: body on an entry that is no file\n100644 kept\n  x\n";
  EXPECT_EQ(read_whole(cpio).text, expected);
  EXPECT_EQ(read_in_chunks(cpio.bytes(), 13).text, expected);
}

TEST(Newc, skips_a_name_of_length_zero) {
  // N_ALIGN(0) is 2: the header alone, padded.
  FakeCpio cpio;
  cpio.add({.name = "", .namesize = 0});
  Bytes bytes = cpio.bytes();
  bytes.resize(newc_header_size + 2);
  append(bytes, FakeCpio().file("kept", "x").bytes());
  EXPECT_EQ(read_in_chunks(bytes, bytes.size()).text,
            "skipped at 0: name of length 0\n100644 kept\n  x\n");
}

TEST(Newc, skips_a_name_of_four_gibibytes_without_holding_it) {
  FakeCpio cpio;
  cpio.add({.name = "big", .namesize = 0xffffffff});
  cpio.raw(std::string(1 << 20, 'x'));
  const Outcome outcome = read_whole(cpio);
  ASSERT_TRUE(outcome.used.has_value());
  EXPECT_FALSE(outcome.at_boundary);
  EXPECT_EQ(outcome.text, "skipped at 0: name longer than 4096 bytes\n");
}

TEST(Newc, is_inside_an_entry_until_its_padding_is_read) {
  const Bytes bytes = FakeCpio().file("a", "1").bytes();
  for (std::size_t size = 1; size < bytes.size(); ++size)
    EXPECT_FALSE(read_in_chunks(ByteView(bytes).first(size), size).at_boundary) << size;
  EXPECT_TRUE(read_in_chunks(bytes, bytes.size()).at_boundary);
}

TEST(Newc, refuses_the_old_format) {
  expect_refusal(FakeCpio().add({.name = "a", .magic = "070707"}), ErrorCode::unsupported,
                 "magic at 0: the old cpio format, which the kernel refuses: make it with -H newc");
}

TEST(Newc, refuses_an_unknown_magic) {
  expect_refusal(FakeCpio().file("a", "1").add({.name = "b", .magic = "070703"}),
                 ErrorCode::malformed, "magic at 116: not a newc header");
}

TEST(Newc, refuses_a_field_that_is_not_hexadecimal) {
  Bytes bytes = FakeCpio().file("a", "1").bytes();
  bytes[60] = std::byte{'g'};
  const Outcome outcome = read_in_chunks(bytes, bytes.size());
  ASSERT_FALSE(outcome.used.has_value());
  EXPECT_EQ(outcome.used.error().text(), "filesize at 54: not hexadecimal");
}

TEST(Newc, refuses_a_name_without_nul) {
  expect_refusal(FakeCpio().add({.name = "abcd", .namesize = 4}), ErrorCode::malformed,
                 "name at 110: does not end in NUL");
}

TEST(Newc, refuses_a_wrong_checksum) {
  expect_refusal(FakeCpio().add({.name = "a", .body = "abc", .magic = "070702", .check = 7}),
                 ErrorCode::malformed, "check at 0: wrong checksum of 'a'");
}

TEST(Newc, refuses_an_entry_off_its_alignment) {
  FakeCpio cpio;
  cpio.file("a", "1").raw(std::string_view("\0", 1)).raw("070701");
  expect_refusal(cpio, ErrorCode::malformed,
                 "padding at 117: an entry must start on a multiple of 4");
}

}  // namespace
}  // namespace etalon::image
