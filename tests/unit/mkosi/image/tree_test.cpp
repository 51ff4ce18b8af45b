// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/tree.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "mkosi/image/path.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {
namespace {

Entry directory(const std::string& path, std::uint32_t inode) {
  return {.path = path, .type = EntryType::directory, .inode = inode};
}

Entry file(const std::string& path, std::uint32_t inode) {
  return {.path = path, .type = EntryType::file, .inode = inode};
}

Entry symlink(const std::string& path, const std::string& target, std::uint32_t inode) {
  return {.path = path, .type = EntryType::symlink, .inode = inode, .target = target};
}

ImageTree sample() {
  return ImageTree({directory("/usr", 1), directory("/usr/bin", 2), file("/usr/bin/dash", 3),
                    symlink("/usr/bin/sh", "dash", 4), symlink("/bin", "usr/bin", 5),
                    symlink("/abs", "/usr/bin/sh", 6), symlink("/up", "../../../usr", 7),
                    symlink("/loop1", "loop2", 8), symlink("/loop2", "loop1", 9),
                    symlink("/usr/to-root", "/", 10), symlink("/nowhere", "missing/x", 11)});
}

std::string resolved(std::string_view path, FollowLast follow = FollowLast::yes) {
  const ImageTree tree = sample();
  const auto entry = tree.resolve(path, follow);
  return entry ? (*entry)->path : "error: " + entry.error().text();
}

TEST(ImageTree, resolves_to_the_path_ima_records) {
  EXPECT_EQ(resolved("/bin/sh"), "/usr/bin/dash");
  EXPECT_EQ(resolved("bin/sh"), "/usr/bin/dash");
  EXPECT_EQ(resolved("/abs"), "/usr/bin/dash");
  EXPECT_EQ(resolved("/usr/./bin//dash"), "/usr/bin/dash");
  EXPECT_EQ(resolved("/usr/to-root/bin/dash"), "/usr/bin/dash");
}

TEST(ImageTree, stops_at_the_root_on_the_way_up) {
  EXPECT_EQ(resolved("/up/bin"), "/usr/bin");
  EXPECT_EQ(resolved("../../usr/bin/../bin/dash"), "/usr/bin/dash");
}

TEST(ImageTree, does_not_follow_the_last_symlink_when_asked) {
  EXPECT_EQ(resolved("/bin/sh", FollowLast::no), "/usr/bin/sh");
  EXPECT_EQ(resolved("/bin", FollowLast::no), "/bin");
}

TEST(ImageTree, refuses_loops_and_what_is_absent) {
  EXPECT_EQ(resolved("/loop1"), "error: '/loop1' is a symlink loop");
  EXPECT_EQ(resolved("/loop1/x"), "error: '/loop1/x' is a symlink loop");
  EXPECT_EQ(resolved("/usr/bin/none"), "error: no '/usr/bin/none'");
  EXPECT_EQ(resolved("/nowhere"), "error: no '/missing'");
  EXPECT_EQ(resolved("/usr/bin/dash/x"), "error: '/usr/bin/dash' is no directory");
  EXPECT_EQ(resolved("/"), "error: the root is no entry");
  EXPECT_EQ(resolved("/usr/to-root"), "error: the root is no entry");
}

TEST(ImageTree, accepts_forty_symlinks_and_no_more) {
  std::vector<Entry> entries = {file("/l0", 0)};
  for (std::uint32_t i = 1; i <= 41; ++i)
    entries.push_back(symlink("/l" + std::to_string(i), "l" + std::to_string(i - 1), i));
  const ImageTree tree(entries);
  EXPECT_TRUE(tree.resolve("/l40").has_value());
  const auto refused = tree.resolve("/l41");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::malformed);
}

TEST(ImageTree, sorts_by_bytes_and_numbers_inodes_by_path) {
  const ImageTree tree({file("/b", 40), file("/a\xff", 7), file("/a-b", 40), directory("/a", 3)});
  std::string text;
  for (const Entry& entry : tree.entries())
    text +=
        entry.path + " " + std::to_string(entry.inode) + "/" + std::to_string(entry.links) + "\n";
  EXPECT_EQ(text, "/a 0/1\n/a-b 1/2\n/a\xff 2/1\n/b 1/2\n");
}

TEST(ImageTree, finds_names_an_ima_list_cannot_tell_apart) {
  const ImageTree tree({file("/a b c", 0), file("/a_b c", 1), file("/a_b_c", 2), file("/x y", 3),
                        directory("/p q", 4), file("/p_q", 5)});
  std::string text;
  for (const Finding& finding : find_ima_collisions(tree))
    text += finding.id + " " + finding.path + "\n";
  EXPECT_EQ(text,
            "ima-name-collision /a_b_c\nima-name-collision /a b c\nima-name-collision /a_b c\n");
}

TEST(ImagePath, is_absolute_and_normal) {
  EXPECT_EQ(ImagePath::parse("usr/bin/x")->text(), "/usr/bin/x");
  EXPECT_EQ(ImagePath::parse("./usr//bin/./x/")->text(), "/usr/bin/x");
  EXPECT_EQ(ImagePath::parse("")->text(), "/");
  EXPECT_TRUE(ImagePath::parse("./.")->is_root());
  EXPECT_EQ(ImagePath().child("a").child("b c").text(), "/a/b c");
  EXPECT_EQ(ImagePath::parse("...")->text(), "/...");
}

TEST(ImagePath, refuses_dot_dot_and_nul) {
  for (const std::string_view path : {"..", "../x", "a/../b", "a/.."}) {
    const auto parsed = ImagePath::parse(path);
    ASSERT_FALSE(parsed.has_value()) << path;
    EXPECT_EQ(parsed.error().text(), "path '" + std::string(path) + "' holds '..'");
  }
  EXPECT_EQ(ImagePath::parse(std::string_view("a\0b", 3)).error().text(), "path holds a NUL byte");
}

TEST(ImagePath, spells_only_spaces_otherwise_for_ima) {
  EXPECT_EQ(ima_spelling("/a b\n\t'\"\xff"), "/a_b\n\t'\"\xff");
}

}  // namespace
}  // namespace etalon::image
