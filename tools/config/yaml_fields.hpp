// SPDX-License-Identifier: Apache-2.0
// Typed fields of a YAML document, for loaders that turn it into structs. Every error names the key
// and the line.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/base/result.hpp"
#include "tools/config/yaml.hpp"

namespace etalon::config {

// What is predicted multiplies by the lengths of lists.
inline constexpr std::size_t max_list = 64;

Status expect(const YamlNode& node, YamlNode::Kind kind, std::string_view key);
// A map that has no keys beside the known ones.
Status expect_map(const YamlNode& node, std::string_view key,
                  std::initializer_list<std::string_view> known);

// "\"x\" is not WANT".
tl::unexpected<Error> bad_value(const YamlNode& node, std::string_view key, std::string_view want);

// Printable ASCII text, not empty; it lives in the node.
Result<std::string_view> scalar(const YamlNode& node, std::string_view key);
// true or false, without quotes.
Result<bool> boolean(const YamlNode& node, std::string_view key);
// Decimal, from low to high.
Result<std::uint32_t> number(const YamlNode& node, std::string_view key, std::uint32_t low,
                             std::uint32_t high);
// A path; relative ones are put behind `folder`, when that is not empty.
Result<std::string> path(const YamlNode& node, std::string_view key, std::string_view folder);
// The items of a list that has one to max_list of them.
Result<const std::vector<YamlNode>*> list(const YamlNode& node, std::string_view key);

// parse_item over a list whose values must differ.
template <class T, class ParseItem>
Result<std::vector<T>> parse_list(const YamlNode& node, std::string_view key,
                                  ParseItem parse_item) {
  TRY_ASSIGN(const auto* items, list(node, key));
  std::vector<T> values;
  for (const YamlNode& item : *items) {
    TRY_ASSIGN(T value, parse_item(item, key));
    if (std::ranges::find(values, value) != values.end()) {
      return fail_line(ErrorCode::malformed, key, item.line,
                       "\"" + printable(item.text) + "\" appears twice");
    }
    values.push_back(std::move(value));
  }
  return values;
}

}  // namespace etalon::config
