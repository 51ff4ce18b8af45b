// SPDX-License-Identifier: Apache-2.0
#include "tools/base/bytes.hpp"

#include <string>

#include <gtest/gtest.h>

#include "tools/base/checked.hpp"
#include "tools/base/result.hpp"

namespace etalon {
namespace {

TEST(Hex, round_trips_every_byte_value) {
  Bytes all;
  for (int i = 0; i < 256; ++i)
    all.push_back(static_cast<std::byte>(i));
  const auto back = from_hex(to_hex(all));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(*back, all);
  EXPECT_EQ(to_hex(all).substr(0, 8), "00010203");
}

TEST(Hex, accepts_upper_case) {
  EXPECT_EQ(*from_hex("aB"), *from_hex("Ab"));
}

TEST(Hex, refuses_odd_length) {
  const auto result = from_hex("abc");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::malformed);
  EXPECT_EQ(result.error().text(), "hex text has an odd length");
}

TEST(Hex, refuses_other_characters) {
  const auto result = from_hex("a\n");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().text(), "not a hexadecimal digit: a\\x0a");
}

TEST(Hex, writes_numbers_for_messages) {
  EXPECT_EQ(hex_number(0), "0x0");
  EXPECT_EQ(hex_number(0x1f000), "0x1f000");
  EXPECT_EQ(hex_number(~0ULL), "0xffffffffffffffff");
}

TEST(Checked, names_the_quantity_that_overflows) {
  const auto sum = checked_add(~0ULL, 1, "section end");
  ASSERT_FALSE(sum.has_value());
  EXPECT_EQ(sum.error().text(), "section end overflows 64 bits");
  const auto product = checked_mul(1ULL << 63U, 2, "table size");
  ASSERT_FALSE(product.has_value());
  EXPECT_EQ(product.error().text(), "table size overflows 64 bits");
  EXPECT_FALSE(checked_align_up(~0ULL, 4096, "size").has_value());
  EXPECT_EQ(*checked_align_up(4097, 4096, "size"), 8192U);
  EXPECT_EQ(*checked_align_up(4096, 4096, "size"), 4096U);
}

TEST(Checked, window_cannot_wrap) {
  EXPECT_TRUE(window_fits(4, 4, 8));
  EXPECT_FALSE(window_fits(4, 5, 8));
  EXPECT_FALSE(window_fits(9, 0, 8));
  EXPECT_FALSE(window_fits(8, ~0ULL, 8));
}

}  // namespace
}  // namespace etalon
