// SPDX-License-Identifier: Apache-2.0
#include "tools/base/utc.hpp"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "tools/base/result.hpp"

namespace etalon {
namespace {

// date -u -d TEXT +%s
TEST(Utc, parses_and_prints_the_same_text) {
  const std::pair<const char*, std::int64_t> times[] = {{"1970-01-01T00:00:00Z", 0},
                                                        {"2024-02-29T23:59:59Z", 1709251199},
                                                        {"2026-07-01T12:00:00Z", 1782907200},
                                                        {"9999-12-31T23:59:59Z", 253402300799}};
  for (const auto& [text, seconds] : times) {
    const auto time = Utc::parse(text);
    ASSERT_TRUE(time.has_value()) << text;
    EXPECT_EQ(time->unix_seconds(), seconds);
    EXPECT_EQ(time->text(), text);
    EXPECT_EQ(*Utc::from_unix(seconds), *time);
  }
}

TEST(Utc, refuses_every_other_spelling) {
  for (const char* text : {"", "2026-07-01", "2026-07-01t12:00:00z", "2026-07-01T12:00:00+00:00",
                           "2026-07-01T12:00:00.0Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
                           "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-07-01T24:00:00Z",
                           "2026-07-01T12:60:00Z", "2026-06-30T23:59:60Z", "1969-12-31T23:59:59Z",
                           " 2026-07-01T12:00:00Z"}) {
    const auto time = Utc::parse(text);
    ASSERT_FALSE(time.has_value()) << text;
    EXPECT_EQ(time.error().code, ErrorCode::malformed);
    EXPECT_EQ(time.error().message,
              "not a time like 2026-07-01T12:00:00Z: '" + std::string(text) + "'");
  }
  EXPECT_FALSE(Utc::from_unix(-1).has_value());
  EXPECT_FALSE(Utc::from_unix(253402300800).has_value());
}

}  // namespace
}  // namespace etalon
