// SPDX-License-Identifier: Apache-2.0
#include "tools/config/yaml.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tools/base/result.hpp"

namespace etalon::config {
namespace {

std::string refusal(std::string_view text) {
  const auto node = parse_yaml(text);
  if (node) return "accepted";
  return std::string(name(node.error().code)) + ": " + node.error().text();
}

TEST(Yaml, reads_maps_lists_and_scalars_with_their_lines) {
  const auto root = parse_yaml("a: 1\nb:\n  - x\n  - \"y\"\nc: {d: }\n");
  ASSERT_TRUE(root.has_value()) << root.error().text();
  ASSERT_EQ(root->keys.size(), 3U);
  EXPECT_EQ(root->find("a")->text, "1");
  EXPECT_FALSE(root->find("a")->quoted);
  const YamlNode& list = *root->find("b");
  ASSERT_EQ(list.items.size(), 2U);
  EXPECT_EQ(list.items[1].text, "y");
  EXPECT_EQ(list.items[1].line, 4U);
  EXPECT_TRUE(list.items[1].quoted);
  EXPECT_EQ(root->find("c")->find("d")->kind, YamlNode::Kind::null);
  EXPECT_EQ(root->find("e"), nullptr);
}

TEST(Yaml, reads_an_empty_text_as_nothing) {
  const auto root = parse_yaml("# only a comment\n");
  ASSERT_TRUE(root.has_value());
  EXPECT_EQ(root->kind, YamlNode::Kind::null);
}

TEST(Yaml, refuses_bad_syntax) {
  EXPECT_EQ(refusal("a: [1, 2\nb: 3\n").substr(0, 16), "malformed: line ");
}

TEST(Yaml, refuses_a_key_that_appears_twice) {
  EXPECT_EQ(refusal("a: 1\nb: 2\na: 3\n"), "malformed: a at line 3: the key appears twice");
}

TEST(Yaml, refuses_keys_that_are_not_text) {
  EXPECT_EQ(refusal("? [1, 2]\n: 3\n"), "malformed: line 1: a key must be text");
  EXPECT_EQ(refusal("~: 3\n"), "malformed: line 1: a key must be text");
}

TEST(Yaml, refuses_anchors_aliases_and_tags) {
  EXPECT_EQ(refusal("a: &x 1\nb: 2\n"), "unsupported: line 1: anchors are not accepted");
  EXPECT_EQ(refusal("a: &x [1]\nb: *x\n"), "unsupported: line 1: anchors are not accepted");
  EXPECT_EQ(refusal("a: !!str 1\n"), "unsupported: line 1: tags are not accepted");
}

TEST(Yaml, refuses_an_alias_bomb_without_expanding_it) {
  std::string bomb = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 40; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    const std::string self = "a" + std::to_string(i);
    bomb.append(self).append(": &").append(self).append(" [").append(last);
    bomb.append(", ").append(last).append("]\n");
  }
  EXPECT_EQ(refusal(bomb), "unsupported: line 1: anchors are not accepted");
}

TEST(Yaml, refuses_depth_and_size_beyond_the_caps) {
  const std::string deep = std::string(17, '[') + std::string(17, ']');
  EXPECT_EQ(refusal(deep), "limit: line 1: nested deeper than 16");
  EXPECT_TRUE(parse_yaml(std::string(16, '[') + std::string(16, ']')).has_value());
  const std::string abyss = std::string(100000, '[') + std::string(100000, ']');
  EXPECT_EQ(refusal(abyss), "limit: line 1: nested deeper than 16");
  EXPECT_EQ(refusal(std::string(max_yaml_size + 1, ' ')),
            "limit: 262145 bytes of YAML, at most 262144");
}

TEST(Yaml, refuses_a_second_document) {
  EXPECT_EQ(refusal("a: 1\n---\nb: 2\n"), "malformed: the file must hold one YAML document");
}

}  // namespace
}  // namespace etalon::config
