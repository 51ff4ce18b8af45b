// SPDX-License-Identifier: Apache-2.0
#include "tools/codec/ustar.hpp"

#include <cstddef>
#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/temp_folder.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"

namespace etalon {
namespace {

const std::string long_name(100, 'n');

std::vector<UstarEntry> entries() {
  static const std::string block(512, 'b');
  return {{.name = "a", .content = as_bytes("hello")},
          {.name = "empty", .content = {}},
          {.name = "folder/exactly-a-block", .content = as_bytes(block)},
          {.name = long_name, .content = as_bytes("x")}};
}

Bytes encoded() {
  auto tar = encode_ustar(entries());
  EXPECT_TRUE(tar.has_value());
  return *std::move(tar);
}

TEST(Ustar, decodes_what_it_encodes) {
  const Bytes tar = encoded();
  EXPECT_EQ(tar.size() % 512, 0U);
  const auto back = decode_ustar(tar, 10);
  ASSERT_TRUE(back.has_value()) << back.error().text();
  const auto expected = entries();
  ASSERT_EQ(back->size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ((*back)[i].name, expected[i].name);
    EXPECT_TRUE(equal((*back)[i].content, expected[i].content));
  }
  EXPECT_EQ(encode_ustar({})->size(), 1024U);
  EXPECT_TRUE(decode_ustar(Bytes(1024), 0)->empty());
}

// The system's tar writes the same header for the same file.
TEST(Ustar, equals_what_the_tar_command_writes) {
  if (std::system("tar --version 2>/dev/null | grep -q GNU") != 0) GTEST_SKIP() << "no GNU tar";
  const test::TempFolder folder;
  ASSERT_TRUE(write_file_atomic(folder / "a", as_bytes("hello")));
  const std::string command = "cd " + folder.path() +
                              " && tar --format=ustar --mtime=@0 --mode=0644 --owner=:0 --group=:0 "
                              "--numeric-owner -b 4 -cf t a";
  ASSERT_EQ(std::system(command.c_str()), 0);
  const auto other = read_file(folder / "t", 65536);
  ASSERT_TRUE(other.has_value());
  const std::vector<UstarEntry> one = {{.name = "a", .content = as_bytes("hello")}};
  EXPECT_EQ(as_text(*encode_ustar(one)), as_text(*other));
}

TEST(Ustar, is_unpacked_by_the_tar_command) {
  const test::TempFolder folder;
  ASSERT_TRUE(write_file_atomic(folder / "t", encoded()));
  ASSERT_EQ(std::system(("cd " + folder.path() + " && tar -xf t").c_str()), 0);
  EXPECT_EQ(as_text(*read_file(folder / "a", 10)), "hello");
  EXPECT_EQ(read_file(folder / "folder/exactly-a-block", 1000)->size(), 512U);
  EXPECT_EQ(as_text(*read_file(folder / long_name, 10)), "x");
}

TEST(Ustar, refuses_every_flipped_bit_outside_of_contents) {
  const Bytes tar = encoded();
  const auto content_at = [&](std::size_t byte) {
    return (byte >= 512 && byte < 517) || (byte >= 2048 && byte < 2560) || byte == 3072;
  };
  for (std::size_t bit = 0; bit < tar.size() * 8; ++bit) {
    if (content_at(bit / 8)) continue;
    Bytes flipped = tar;
    flipped[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    const auto refused = decode_ustar(flipped, 10);
    ASSERT_FALSE(refused.has_value()) << "byte " << bit / 8 << " bit " << bit % 8;
  }
}

TEST(Ustar, refuses_every_truncation) {
  const Bytes tar = encoded();
  for (std::size_t size = 0; size < tar.size(); size += 100) {
    EXPECT_EQ(decode_ustar(ByteView(tar).first(size), 10).error().code, ErrorCode::truncated);
  }
}

TEST(Ustar, names_what_it_refuses) {
  const auto refusal = [](const Bytes& tar) {
    const auto refused = decode_ustar(tar, 10);
    EXPECT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::malformed);
    return refused.error().text();
  };
  Bytes tar = encoded();
  tar[136] = std::byte{'1'};  // a modification time, and a checksum that no longer fits
  EXPECT_EQ(refusal(tar), "ustar: header at 0: not in the canonical form");
  tar = encoded();
  tar[600] = std::byte{1};
  EXPECT_EQ(refusal(tar), "ustar: padding at 1024: not zero");
  tar = encoded();
  tar.back() = std::byte{1};
  EXPECT_EQ(refusal(tar), "ustar: end at 4608: second end block is not zero");
  tar = encoded();
  tar.resize(tar.size() + 512);
  EXPECT_EQ(refusal(tar), "ustar: ustar at 4608: 512 trailing bytes");
  const auto many = decode_ustar(encoded(), 3);
  ASSERT_FALSE(many.has_value());
  EXPECT_EQ(many.error().code, ErrorCode::limit);
  EXPECT_EQ(many.error().message, "more than 3 entries");
}

// The size is looked at before any byte, so the bytes need not exist.
TEST(Ustar, does_not_write_a_size_it_has_no_digits_for) {
  const std::byte first{};
  const std::vector<UstarEntry> one = {
      {.name = "a", .content = ByteView(&first, std::size_t{max_ustar_size} + 1)}};
  const auto refused = encode_ustar(one);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::usage);
  EXPECT_EQ(refused.error().message, "'a' is too large for ustar");
}

TEST(Ustar, does_not_write_names_it_could_not_read) {
  const auto refusal = [](std::string name) {
    const std::vector<UstarEntry> one = {{.name = std::move(name), .content = {}}};
    return encode_ustar(one).error().message;
  };
  EXPECT_EQ(refusal(""), "'' does not fit a ustar name");
  EXPECT_EQ(refusal(std::string(101, 'n')),
            "'" + std::string(101, 'n') + "' does not fit a ustar name");
  EXPECT_EQ(refusal(std::string("a\0b", 3)), "'a\\x00b' does not fit a ustar name");
}

}  // namespace
}  // namespace etalon
