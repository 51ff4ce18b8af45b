// SPDX-License-Identifier: Apache-2.0
#include "kernel/ima/template.hpp"

#include <string>

#include <gtest/gtest.h>

#include "tools/base/result.hpp"

namespace etalon::ima {
namespace {

TEST(Template, is_found_by_name_and_by_format) {
  ASSERT_NE(find_template("ima-sig"), nullptr);
  EXPECT_EQ(find_template("ima-sig"), find_template("d-ng|n-ng|sig"));
  EXPECT_EQ(find_template("d|n")->name(), "ima");
  EXPECT_EQ(find_template("ima-sigv3"), nullptr);
  EXPECT_EQ(find_template(""), nullptr);
}

TEST(Template, each_format_is_that_of_its_fields) {
  for (const Template& each : templates()) {
    const auto parsed = parse_format(each.format());
    ASSERT_TRUE(parsed.has_value()) << each.name();
    EXPECT_TRUE(std::ranges::equal(parsed->fields(), each.fields())) << each.name();
    std::string joined;
    for (const FieldKind kind : each.fields())
      joined += (joined.empty() ? "" : "|") + std::string(name(kind));
    EXPECT_EQ(joined, each.format());
  }
}

TEST(Template, only_the_oldest_has_no_lengths) {
  for (const Template& each : templates())
    EXPECT_EQ(each.is_old(), each.name() == "ima");
  EXPECT_FALSE(parse_format("d|n")->is_old()) << "ima_template_fmt=d|n is not template ima";
}

TEST(Template, refuses_fields_that_do_not_exist) {
  for (const char* bad : {"", "|", "d-ng|", "|n-ng", "d-ng||n-ng", "d-ngv3", "D", "d-ng n-ng"}) {
    const auto parsed = parse_format(bad);
    ASSERT_FALSE(parsed.has_value()) << bad;
    EXPECT_EQ(parsed.error().code, ErrorCode::malformed);
    EXPECT_NE(parsed.error().message.find("is no template field"), std::string::npos);
  }
}

TEST(Template, refuses_more_fields_than_the_kernel_takes) {
  std::string format = "d";
  for (std::size_t i = 1; i < max_fields; ++i)
    format += "|d";
  EXPECT_TRUE(parse_format(format).has_value());
  const auto parsed = parse_format(format + "|d");
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().code, ErrorCode::limit);
  EXPECT_EQ(parsed.error().message, "a template has at most 15 fields");
}

}  // namespace
}  // namespace etalon::ima
