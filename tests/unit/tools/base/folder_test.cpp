// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/temp_folder.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"

namespace etalon {
namespace {

using test::TempFolder;

TEST(ListFolder, sorts_names_and_does_not_follow_links) {
  const TempFolder folder;
  ASSERT_TRUE(write_file_atomic(folder / "b", as_bytes("x")));
  ASSERT_TRUE(make_folder(folder / "a"));
  ASSERT_EQ(::symlink("b", (folder / "C").c_str()), 0);
  ASSERT_EQ(::mkfifo((folder / "d").c_str(), 0600), 0);
  const std::vector<FolderEntry> expected = {{.name = "C", .kind = FolderEntry::Kind::other},
                                             {.name = "a", .kind = FolderEntry::Kind::folder},
                                             {.name = "b", .kind = FolderEntry::Kind::file},
                                             {.name = "d", .kind = FolderEntry::Kind::other}};
  EXPECT_EQ(*list_folder(folder.path()), expected);
  EXPECT_TRUE(list_folder(folder / "a")->empty());
}

TEST(ListFolder, names_what_it_cannot_open) {
  const TempFolder folder;
  const auto absent = list_folder(folder / "absent");
  ASSERT_FALSE(absent.has_value());
  EXPECT_EQ(absent.error().code, ErrorCode::io);
  EXPECT_EQ(absent.error().file, folder / "absent");
  EXPECT_EQ(absent.error().message, "cannot open folder: No such file or directory");
}

TEST(IsFolder, tells_folders_from_files) {
  const TempFolder folder;
  ASSERT_TRUE(write_file_atomic(folder / "f", as_bytes("x")));
  EXPECT_TRUE(*is_folder(folder.path()));
  EXPECT_FALSE(*is_folder(folder / "f"));
  EXPECT_EQ(is_folder(folder / "absent").error().code, ErrorCode::io);
}

TEST(MakeFolder, has_a_fixed_mode_and_may_be_asked_twice) {
  const TempFolder folder;
  const mode_t before = ::umask(0077);
  const Status made = make_folder(folder / "new");
  ::umask(before);
  ASSERT_TRUE(made.has_value());
  EXPECT_TRUE(make_folder(folder / "new").has_value());

  struct stat info {};

  ASSERT_EQ(::stat((folder / "new").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0755U);
  EXPECT_EQ(make_folder(folder / "absent/new").error().message,
            "cannot create folder: No such file or directory");
}

}  // namespace
}  // namespace etalon
