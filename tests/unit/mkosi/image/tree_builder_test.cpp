// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/tree_builder.hpp"

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "mkosi/image/path.hpp"
#include "mkosi/image/tree.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {
namespace {

TreeBuilder::Place place(TreeBuilder& builder, const std::string& path) {
  const auto found = builder.locate(*ImagePath::parse(path));
  EXPECT_TRUE(found.has_value()) << path;
  return found.value_or(TreeBuilder::Place{});
}

Result<TreeBuilder::NodeId> add(TreeBuilder& builder, const std::string& path, Node node = {}) {
  return builder.insert(place(builder, path), std::move(node));
}

void expect_limit(const Result<TreeBuilder::NodeId>& added, const std::string& text) {
  ASSERT_FALSE(added.has_value());
  EXPECT_EQ(added.error().code, ErrorCode::limit);
  EXPECT_EQ(added.error().text(), text);
}

TEST(TreeBuilder, has_the_caps_it_names) {
  EXPECT_EQ(TreeCaps{}.nodes, 2'000'000U);
  EXPECT_EQ(TreeCaps{}.text, 268'435'456U);
}

TEST(TreeBuilder, counts_every_name_towards_the_cap) {
  TreeBuilder builder({.nodes = 4});
  const auto first = add(builder, "/implied/a");
  ASSERT_TRUE(first.has_value());
  EXPECT_TRUE(builder.link(place(builder, "/b"), *first).has_value());
  EXPECT_TRUE(add(builder, "/c").has_value());
  expect_limit(builder.link(place(builder, "/d"), *first), "more than 4 entries");
  expect_limit(add(builder, "/e"), "more than 4 entries");
  EXPECT_FALSE(builder.locate(*ImagePath::parse("/new/f")).has_value());
}

TEST(TreeBuilder, counts_names_and_targets_towards_the_cap) {
  TreeBuilder builder({.text = 10});
  EXPECT_TRUE(add(builder, "/four", {.type = EntryType::symlink, .target = "four"}).has_value());
  EXPECT_TRUE(add(builder, "/ab").has_value());
  expect_limit(add(builder, "/c"), "names of more than 10 bytes together");
}

}  // namespace
}  // namespace etalon::image
