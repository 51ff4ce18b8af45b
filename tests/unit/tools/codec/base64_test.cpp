// SPDX-License-Identifier: Apache-2.0
#include "tools/codec/base64.hpp"

#include <string>

#include <gtest/gtest.h>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon {
namespace {

// RFC 4648, section 10.
TEST(Base64, encodes_and_decodes_the_standard_examples) {
  const std::pair<const char*, const char*> examples[] = {{"", ""},
                                                          {"f", "Zg=="},
                                                          {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},
                                                          {"foob", "Zm9vYg=="},
                                                          {"fooba", "Zm9vYmE="},
                                                          {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : examples) {
    EXPECT_EQ(encode_base64(as_bytes(plain)), coded);
    const auto back = decode_base64(coded);
    ASSERT_TRUE(back.has_value()) << coded;
    EXPECT_EQ(as_text(*back), plain);
  }
}

TEST(Base64, refuses_every_second_spelling_of_a_text) {
  EXPECT_EQ(decode_base64("Zg=").error().text(), "base64 length is not a multiple of 4");
  EXPECT_EQ(decode_base64("Zh==").error().text(), "base64 at 3: unused bits are not zero");
  EXPECT_EQ(decode_base64("Zm9=").error().text(), "base64 at 3: unused bits are not zero");
  EXPECT_EQ(decode_base64("Z===").error().text(), "base64 at 1: not a base64 character");
  EXPECT_EQ(decode_base64("Zm9v\n123").error().text(), "base64 at 4: not a base64 character");
  EXPECT_EQ(decode_base64("Zg==Zg==").error().text(), "base64 at 2: not a base64 character");
  EXPECT_EQ(decode_base64("Zm-_").error().text(), "base64 at 2: not a base64 character");
}

}  // namespace
}  // namespace etalon
