// SPDX-License-Identifier: Apache-2.0
#include "tools/base/result.hpp"

#include <string>

#include <gtest/gtest.h>

namespace etalon {
namespace {

Result<int> inner() {
  return fail_at(ErrorCode::truncated, "attributes", 44, "need 4 bytes");
}

Result<int> middle() {
  TRY_ASSIGN(const int value, in(inner(), "section 2"));
  return value + 1;
}

Status outer() {
  TRY(in_file(in(middle(), "TDVF metadata"), "OVMF.fd"));
  return {};
}

TEST(Error, prints_file_structure_field_and_offset) {
  const Status status = outer();
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().text(),
            "OVMF.fd: TDVF metadata: section 2: attributes at 44: need 4 bytes");
  EXPECT_EQ(status.error().code, ErrorCode::truncated);
}

TEST(Error, keeps_the_innermost_file_name) {
  const auto result = in_file(in_file(inner(), "inner.bin"), "outer.bin");
  EXPECT_EQ(result.error().file, "inner.bin");
}

TEST(Error, prints_hostile_file_names_on_one_line) {
  const auto result = in_file(inner(), "a\nb\\\x7f");
  EXPECT_EQ(result.error().text(), "a\\x0ab\\x5c\\x7f: attributes at 44: need 4 bytes");
}

// An adversary's bundle names its conditions, members and platforms.
TEST(Error, prints_hostile_structures_and_fields_on_one_line) {
  const auto named = fail_at(ErrorCode::malformed, "f\n\x1b[2J", 3, "bad");
  const auto result = in(in(Result<int>(named), "a\nb"), "platform \x1b[31m");
  EXPECT_EQ(result.error().structure(), "platform \\x1b[31m: a\\x0ab");
  EXPECT_EQ(result.error().text(), "platform \\x1b[31m: a\\x0ab: f\\x0a\\x1b[2J at 3: bad");
}

TEST(Result, passes_values_through_context) {
  const auto result = in(Result<std::string>("x"), "anything");
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(*result, "x");
}

}  // namespace
}  // namespace etalon
