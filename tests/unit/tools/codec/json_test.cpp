// SPDX-License-Identifier: Apache-2.0
#include "tools/codec/json.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tools/base/result.hpp"

namespace etalon {
namespace {

TEST(Json, canonical_form_sorts_members_and_has_no_white_space) {
  const auto json = parse_json(R"( {"b":[1,-2,{}], "a":{"y":null,"x":true},"":"" } )");
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ(json->canonical(), R"({"":"","a":{"x":true,"y":null},"b":[1,-2,{}]})");
}

TEST(Json, pretty_form_has_two_spaces_and_a_final_newline) {
  const Json json(
      Json::Object{{"b", Json::Array{1, 2}}, {"a", Json::Object{}}, {"c", Json::Array{}}});
  EXPECT_EQ(json.pretty(), "{\n  \"a\": {},\n  \"b\": [\n    1,\n    2\n  ],\n  \"c\": []\n}\n");
}

// The example of RFC 8785, section 3.2.3: order by UTF-16 code units, not by bytes.
TEST(Json, orders_members_by_utf16_code_units) {
  const auto json =
      parse_json(R"({"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7})");
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ(json->canonical(),
            "{\"\\r\":2,\"1\":4,\"\xc2\x80\":6,\"\xc3\xb6\":7,\"\xe2\x82\xac\":1,"
            "\"\xf0\x9f\x98\x80\":5,\"\xef\xac\xb3\":3}");
}

TEST(Json, escapes_as_rfc_8785_says) {
  const Json json(std::string("\x01\b\t\n\f\r\"\\/\x7f\xc3\xa9", 12));
  EXPECT_EQ(json.canonical(), "\"\\u0001\\b\\t\\n\\f\\r\\\"\\\\/\x7f\xc3\xa9\"");
}

TEST(Json, reparses_what_it_renders) {
  const auto json = parse_json(R"({"a":[null,true,false,0,-9007199254740991,"x\u0000y"]})");
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ(*parse_json(json->canonical()), *json);
  EXPECT_EQ(*parse_json(json->pretty()), *json);
}

struct Refusal {
  const char* text;
  ErrorCode code;
  const char* message;
};

class JsonRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(JsonRefusal, names_the_reason) {
  const auto result = parse_json(GetParam().text);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, GetParam().code);
  EXPECT_EQ(result.error().text(), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    all, JsonRefusal,
    testing::Values(
        Refusal{"", ErrorCode::malformed, "JSON: at 0: not valid JSON"},
        Refusal{"{\"a\":1", ErrorCode::malformed, "JSON: at 6: not valid JSON"},
        Refusal{"{} x", ErrorCode::malformed, "JSON: at 3: not valid JSON"},
        Refusal{"{\"a\":1,\"a\":1}", ErrorCode::malformed, "JSON: at 7: member 'a' appears twice"},
        Refusal{R"({"\"":1,"b":{"x":2},"\"":3})", ErrorCode::malformed,
                "JSON: at 20: member '\"' appears twice"},
        Refusal{R"({"":1,"":1})", ErrorCode::malformed, "JSON: at 6: member '' appears twice"},
        Refusal{"[1, 2.5]", ErrorCode::malformed, "JSON: at 4: number is not an integer: 2.5"},
        Refusal{"1.0", ErrorCode::malformed, "JSON: at 0: number is not an integer: 1.0"},
        Refusal{"1e3", ErrorCode::malformed, "JSON: at 0: number is not an integer: 1e3"},
        Refusal{"9007199254740992", ErrorCode::malformed, "JSON: at 0: integer beyond 2^53"},
        Refusal{"-9007199254740992", ErrorCode::malformed, "JSON: at 0: integer beyond 2^53"},
        Refusal{"99999999999999999999", ErrorCode::malformed,
                "JSON: at 0: number is not an integer: 99999999999999999999"},
        Refusal{"\"\xff\"", ErrorCode::malformed, "JSON: at 1: not valid JSON"},
        Refusal{"\"\\ud800\"", ErrorCode::malformed, "JSON: at 7: not valid JSON"},
        Refusal{"\xef\xbb\xbf{}", ErrorCode::malformed, "JSON: at 0: byte order mark"},
        Refusal{"NaN", ErrorCode::malformed, "JSON: at 0: not valid JSON"}));

TEST(Json, refuses_to_nest_beyond_the_cap) {
  const std::string good = std::string(max_json_depth, '[') + std::string(max_json_depth, ']');
  EXPECT_TRUE(parse_json(good).has_value());
  const auto deep = parse_json("[" + good + "]");
  ASSERT_FALSE(deep.has_value());
  EXPECT_EQ(deep.error().code, ErrorCode::limit);
  EXPECT_EQ(deep.error().text(), "JSON: at 64: nested deeper than 64");
}

// A text of "0," costs thirty times its size in memory.
TEST(Json, refuses_more_values_than_the_cap) {
  std::string zeros = "[0";
  for (std::size_t i = 2; i < max_json_values; ++i)
    zeros += ",0";
  EXPECT_TRUE(parse_json(zeros + "]").has_value());
  const auto many = parse_json(zeros + ",0]");
  ASSERT_FALSE(many.has_value());
  EXPECT_EQ(many.error().code, ErrorCode::limit);
  EXPECT_EQ(many.error().text(), "JSON: at 2097152: more than 1048576 values");
}

TEST(Json, typed_members_name_the_field) {
  const auto json = parse_json(R"({"n":1,"s":"x"})");
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ(*json_integer(*json, "n"), 1);
  EXPECT_EQ(*json_text(*json, "s"), "x");
  EXPECT_EQ(json_text(*json, "n").error().text(), "n: not a string");
  EXPECT_EQ(json_integer(*json, "s").error().text(), "s: not an integer");
  EXPECT_EQ(json_array(*json, "s").error().text(), "s: not an array");
  EXPECT_EQ(json_object(*json, "s").error().text(), "s: not an object");
  EXPECT_EQ(json_text(*json, "absent").error().text(), "absent: missing");
  EXPECT_EQ(json_text(*json, "absent").error().code, ErrorCode::not_found);
}

TEST(Json, optional_members_may_be_absent_but_not_of_another_type) {
  const auto json = parse_json(R"({"n":1,"s":"x","t":["a","b"],"m":["a",1]})");
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ(*json_text_or(*json, "s", "y"), "x");
  EXPECT_EQ(*json_text_or(*json, "absent", "y"), "y");
  EXPECT_EQ(json_text_or(*json, "n", "y").error().text(), "n: not a string");
  EXPECT_EQ(*json_texts(*json, "t"), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(json_texts(*json, "absent")->empty());
  EXPECT_EQ(json_texts(*json, "n").error().text(), "n: not an array");
  EXPECT_EQ(json_texts(*json, "m").error().text(), "m: not an array of strings");
}

}  // namespace
}  // namespace etalon
