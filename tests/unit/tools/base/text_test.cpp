// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tools/base/bytes.hpp"
#include "tools/base/guid.hpp"
#include "tools/base/result.hpp"
#include "tools/base/utf16.hpp"

namespace etalon {
namespace {

TEST(Guid, stores_the_first_three_fields_little_endian) {
  const auto guid = Guid::parse("8BE4DF61-93ca-11d2-aa0d-00e098032b8c");
  ASSERT_TRUE(guid.has_value());
  EXPECT_EQ(to_hex(guid->view()), "61dfe48bca93d211aa0d00e098032b8c");
  EXPECT_EQ(guid->text(), "8be4df61-93ca-11d2-aa0d-00e098032b8c");
}

TEST(Guid, refuses_other_shapes) {
  for (const char* text :
       {"", "8be4df61", "8be4df6193ca-11d2-aa0d-00e098032b8c",
        "8be4df61-93ca-11d2-aa0d-00e098032b8", "8be4df61-93ca-11d2-aa0d-00e098032b8c0"}) {
    EXPECT_EQ(Guid::parse(text).error().message, std::string("not a GUID: ") + text);
  }
  EXPECT_FALSE(Guid::parse("8be4df61-93ca-11d2-aa0d-00e098032b8g").has_value());
}

TEST(Utf16, encodes_and_decodes_beyond_the_basic_plane) {
  const std::string_view text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
  const auto bytes = utf16le_from_utf8(text, Terminator::nul);
  ASSERT_TRUE(bytes.has_value());
  EXPECT_EQ(to_hex(*bytes), "6100e900ac203dd800de0000");
  EXPECT_EQ(*utf8_from_utf16le(ByteView(*bytes).first(10)), text);
}

TEST(Utf16, refuses_lone_surrogates_and_half_units) {
  EXPECT_EQ(utf8_from_utf16le(*from_hex("00dc")).error().text(), "UTF-16 at 0: lone surrogate");
  EXPECT_EQ(utf8_from_utf16le(*from_hex("00d86100")).error().text(), "UTF-16 at 0: lone surrogate");
  EXPECT_EQ(utf8_from_utf16le(*from_hex("610000")).error().code, ErrorCode::truncated);
  EXPECT_EQ(utf8_from_utf16le(*from_hex("00d8")).error().code, ErrorCode::truncated);
}

TEST(Utf8, refuses_what_is_not_a_scalar_value) {
  for (const std::string_view text : {"\x80", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                                      "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xc3"}) {
    const auto result = decode_utf8(text);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().text(), "at 0: not UTF-8");
  }
}

}  // namespace
}  // namespace etalon
