// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/mkosi_project.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/temp_folder.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/folder.hpp"
#include "tools/base/result.hpp"
#include "tools/pipeline/mkosi_init.hpp"

namespace etalon::pipeline {
namespace {

using Words = std::vector<std::string>;

class MkosiProjectTest : public testing::Test {
 protected:
  void put(const std::string& path, const std::string& content) {
    ASSERT_TRUE(
        write_project(folder_.path(), {{.path = path, .content = content}}, Existing::replace)
            .has_value());
  }

  Result<MkosiProject> read() { return read_mkosi_project(folder_.path()); }

  test::TempFolder folder_;
};

TEST_F(MkosiProjectTest, lists_grow_and_an_empty_value_takes_them_back) {
  put("mkosi.conf",
      "# a comment\n[Content]\nPackages=a, b\n  c\n;another\nKernelCommandLine=x y=\"1 2\"\n");
  put("mkosi.conf.d/10.conf", "[Content]\nKernelCommandLine=\nKernelCommandLine=z\nPackages=d\n");
  put("mkosi.conf.d/ignored.txt", "no setting\n");
  const auto project = read();
  ASSERT_TRUE(project.has_value()) << project.error().text();
  EXPECT_EQ(project->packages, (Words{"a", "b", "c", "d"}));
  EXPECT_EQ(project->cmdline, Words{"z"});
}

TEST_F(MkosiProjectTest, the_last_tree_wins) {
  put("mkosi.conf", "[Include]\nInclude=other\n[Content]\nExtraTrees=late:/etc/\n");
  put("other/mkosi.conf", "[Content]\nPackages=o\n");
  put("other/mkosi.extra/etc/file", "other");
  put("mkosi.extra/etc/file", "own");
  put("mkosi.extra/etc/own", "own");
  put("late/file", "late");
  const auto project = read();
  ASSERT_TRUE(project.has_value()) << project.error().text();
  const auto file = find_in_trees(*project, "etc/file");
  ASSERT_TRUE(file.has_value() && file->has_value());
  EXPECT_EQ(as_text((*file)->content), "late");
  EXPECT_EQ(*names_in_trees(*project, "etc"), (Words{"file", "own"}));
  EXPECT_FALSE(find_in_trees(*project, "etc/none")->has_value());
  EXPECT_FALSE(find_in_trees(*project, "usr/lib/file")->has_value());
}

TEST_F(MkosiProjectTest, does_not_follow_links_of_trees) {
  put("mkosi.conf", "[Content]\n");
  put("secret", "secret");
  put("mkosi.extra/etc/real", "x");
  ASSERT_TRUE(make_link(folder_.path() + "/mkosi.extra/etc/file", "../../secret").has_value());
  ASSERT_TRUE(make_link(folder_.path() + "/mkosi.extra/lib", "..").has_value());
  const auto project = read();
  ASSERT_TRUE(project.has_value());
  EXPECT_FALSE(find_in_trees(*project, "etc/file")->has_value());
  EXPECT_FALSE(find_in_trees(*project, "lib/secret")->has_value());
}

struct Refused {
  const char* text;
  const char* message;
};

TEST_F(MkosiProjectTest, refuses_what_is_no_configuration) {
  const Refused all[] = {
      {"Packages=a\n", "line 1: stands before the first section"},
      {"[Content\n", "line 1: a section without its ]"},
      {"[Content]\n  a\n", "line 2: continues nothing"},
      {"[Content]\nPackages\n", "line 2: neither a section nor KEY=VALUE"},
      {"[Content]\n=a\n", "line 2: neither a section nor KEY=VALUE"},
  };
  for (const Refused& each : all) {
    put("mkosi.conf", each.text);
    const auto project = read();
    ASSERT_FALSE(project.has_value()) << each.text;
    EXPECT_EQ(project.error().code, ErrorCode::malformed);
    EXPECT_EQ(project.error().message, each.message);
  }
}

TEST_F(MkosiProjectTest, is_a_folder_with_its_file) {
  const auto project = read();
  ASSERT_FALSE(project.has_value());
  EXPECT_EQ(project.error().code, ErrorCode::not_found);
  EXPECT_EQ(read_mkosi_project("/nowhere").error().code, ErrorCode::io);
}

TEST_F(MkosiProjectTest, includes_end) {
  put("mkosi.conf", "[Include]\nInclude=.\n");
  EXPECT_EQ(read().error().code, ErrorCode::limit);
  std::string many = "[Include]\n";
  for (int i = 0; i < 300; ++i)
    many += "Include=one.conf\n";
  put("mkosi.conf", many);
  put("one.conf", "[Content]\n");
  EXPECT_EQ(read().error().code, ErrorCode::limit);
}

TEST_F(MkosiProjectTest, files_that_are_there_are_kept) {
  put("b", "mine");
  const std::vector<ProjectFile> files = {{.path = "a", .content = "new"},
                                          {.path = "b", .content = "new"}};
  const Status refused = write_project(folder_.path(), files, Existing::refuse);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::usage);
  EXPECT_FALSE(is_there(folder_.path() + "/a")) << "nothing is written";
  ASSERT_TRUE(write_project(folder_.path(), files, Existing::replace).has_value());
  EXPECT_EQ(as_text(*read_file(folder_.path() + "/b", 100)), "new");
}

}  // namespace
}  // namespace etalon::pipeline
