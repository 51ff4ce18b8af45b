// SPDX-License-Identifier: Apache-2.0
// JSON as Etalon reads and writes it: the subset of RFC 8785 with integers only. Two renderings
// share member order (UTF-16 code units) and number rules: canonical() has no white space and is
// what is hashed and signed; pretty() has two-space indent and a final newline and is what people
// and goldens see. Parsing refuses what would make a text ambiguous: repeated member names,
// fractions and exponents, integers beyond +-(2^53 - 1), invalid UTF-8, depth beyond the cap, and
// anything after the value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon {

// Orders member names by UTF-16 code units (RFC 8785, section 3.2.3).
struct JsonNameOrder {
  bool operator()(std::string_view a, std::string_view b) const;
  using is_transparent = void;
};

class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::map<std::string, Json, JsonNameOrder>;

  Json() = default;

  Json(bool value) : value_(value) {}  // NOLINT(google-explicit-constructor)

  Json(std::int64_t value) : value_(value) {}  // NOLINT(google-explicit-constructor)

  Json(int value) : value_(std::int64_t{value}) {}  // NOLINT(google-explicit-constructor)

  Json(std::uint32_t value) : value_(std::int64_t{value}) {}  // NOLINT(google-explicit-constructor)

  // Beyond 2^53 - 1 is a programming error: such numbers are written as text.
  Json(std::uint64_t value);  // NOLINT(google-explicit-constructor)

  Json(std::string value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)

  // NOLINTNEXTLINE(google-explicit-constructor)
  Json(std::string_view value) : value_(std::string(value)) {}

  Json(const char* value) : value_(std::string(value)) {}  // NOLINT(google-explicit-constructor)

  Json(Array value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)

  Json(Object value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }

  // Typed access; nullptr when the value has another type.
  const bool* boolean() const;
  const std::int64_t* integer() const;
  const std::string* string() const;
  const Array* array() const;
  const Object* object() const;
  Array* array();
  Object* object();

  // The member of an object, nullptr when absent or not an object.
  const Json* find(std::string_view member) const;

  bool operator==(const Json&) const = default;

  std::string canonical() const;
  std::string pretty() const;

 private:
  std::variant<std::monostate, bool, std::int64_t, std::string, Array, Object> value_;
};

// Typed members for decoders of documents: not_found when absent, malformed when of another type;
// the error's field is the member name.
Result<std::string> json_text(const Json& object, std::string_view member);
Result<std::int64_t> json_integer(const Json& object, std::string_view member);
Result<const Json::Array*> json_array(const Json& object, std::string_view member);
Result<const Json::Object*> json_object(const Json& object, std::string_view member);

// Optional members: the fallback, or an empty list, when absent; of another type they are refused
// just the same.
Result<std::string> json_text_or(const Json& object, std::string_view member,
                                 std::string_view fallback);
Result<std::vector<std::string>> json_texts(const Json& object, std::string_view member);

inline constexpr std::size_t max_json_depth = 64;
// Values of all kinds in one text. A value of two characters takes some sixty bytes of memory, or
// three times that as a member; a manifest with the most members it may list has 400,000 values.
inline constexpr std::size_t max_json_values = std::size_t{1} << 20U;

Result<Json> parse_json(std::string_view text);

}  // namespace etalon
