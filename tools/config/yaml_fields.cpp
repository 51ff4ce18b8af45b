// SPDX-License-Identifier: Apache-2.0
#include "tools/config/yaml_fields.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "tools/base/result.hpp"
#include "tools/config/yaml.hpp"

namespace etalon::config {
namespace {

std::string joined(std::initializer_list<std::string_view> words) {
  std::string text;
  for (const std::string_view word : words)
    text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

}  // namespace

Status expect(const YamlNode& node, YamlNode::Kind kind, std::string_view key) {
  if (node.kind == kind) return {};
  return fail_line(ErrorCode::malformed, key, node.line,
                   "must be " + std::string(name(kind)) + ", not " + std::string(name(node.kind)));
}

Status expect_map(const YamlNode& node, std::string_view key,
                  std::initializer_list<std::string_view> known) {
  TRY(expect(node, YamlNode::Kind::map, key));
  for (const YamlNode::Key& found : node.keys) {
    if (std::ranges::find(known, found.text) != known.end()) continue;
    return fail_line(ErrorCode::malformed, printable(found.text), found.line,
                     "unknown key; known: " + joined(known));
  }
  return {};
}

Result<std::string_view> scalar(const YamlNode& node, std::string_view key) {
  TRY(expect(node, YamlNode::Kind::scalar, key));
  if (node.text.empty()) return fail_line(ErrorCode::malformed, key, node.line, "is empty");
  if (printable(node.text).size() != node.text.size()) {
    return fail_line(ErrorCode::malformed, key, node.line,
                     "\"" + printable(node.text) + "\" is not printable ASCII");
  }
  return std::string_view(node.text);
}

tl::unexpected<Error> bad_value(const YamlNode& node, std::string_view key, std::string_view want) {
  return fail_line(ErrorCode::malformed, key, node.line,
                   "\"" + printable(node.text) + "\" is not " + std::string(want));
}

Result<bool> boolean(const YamlNode& node, std::string_view key) {
  TRY_ASSIGN(const std::string_view text, scalar(node, key));
  if (!node.quoted && text == "true") return true;
  if (!node.quoted && text == "false") return false;
  return bad_value(node, key, "true or false");
}

Result<std::uint32_t> number(const YamlNode& node, std::string_view key, std::uint32_t low,
                             std::uint32_t high) {
  TRY_ASSIGN(const std::string_view text, scalar(node, key));
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < low || value > high) {
    return bad_value(node, key,
                     "a number from " + std::to_string(low) + " to " + std::to_string(high));
  }
  return value;
}

// The items of a list that must not be empty.
Result<const std::vector<YamlNode>*> list(const YamlNode& node, std::string_view key) {
  TRY(expect(node, YamlNode::Kind::sequence, key));
  if (node.items.empty()) return fail_line(ErrorCode::malformed, key, node.line, "is empty");
  if (node.items.size() > max_list) {
    return fail_line(
        ErrorCode::limit, key, node.line,
        std::to_string(node.items.size()) + " items, at most " + std::to_string(max_list));
  }
  return &node.items;
}

Result<std::string> path(const YamlNode& node, std::string_view key, std::string_view folder) {
  TRY_ASSIGN(const std::string_view text, scalar(node, key));
  if (text.starts_with('/') || folder.empty()) return std::string(text);
  return std::string(folder) + "/" + std::string(text);
}

}  // namespace etalon::config
