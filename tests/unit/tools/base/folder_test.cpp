// SPDX-License-Identifier: Apache-2.0
#include "tools/base/folder.hpp"

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

TEST(Folder, sorts_names_and_does_not_follow_links) {
  const TempFolder folder;
  ASSERT_TRUE(write_file_atomic(folder / "b", as_bytes("x")));
  ASSERT_TRUE(make_folder(folder / "a"));
  ASSERT_EQ(::symlink("b", (folder / "C").c_str()), 0);
  ASSERT_EQ(::mkfifo((folder / "d").c_str(), 0600), 0);
  const std::vector<FolderEntry> expected = {{.name = "C", .kind = FolderEntry::Kind::other},
                                             {.name = "a", .kind = FolderEntry::Kind::folder},
                                             {.name = "b", .kind = FolderEntry::Kind::file},
                                             {.name = "d", .kind = FolderEntry::Kind::other}};
  EXPECT_EQ(*Folder::open(folder.path())->entries(), expected);
  EXPECT_TRUE(Folder::open(folder / "a")->entries()->empty());
}

// What lists as a file or a folder may be a link by the time it is opened.
TEST(Folder, opens_nothing_through_a_link) {
  const TempFolder folder;
  ASSERT_TRUE(make_folder(folder / "real"));
  ASSERT_TRUE(write_file_atomic(folder / "real/f", as_bytes("12345")));
  ASSERT_EQ(::symlink("real", (folder / "link").c_str()), 0);
  ASSERT_EQ(::symlink("f", (folder / "real/link").c_str()), 0);
  ASSERT_EQ(::mkfifo((folder / "real/fifo").c_str(), 0600), 0);
  const auto top = Folder::open(folder.path());
  ASSERT_TRUE(top.has_value());
  const auto real = top->folder("real");
  ASSERT_TRUE(real.has_value());
  EXPECT_EQ(as_text(*real->read_file("f", 5)), "12345");
  EXPECT_EQ(real->read_file("f", 4).error().code, ErrorCode::limit);
  EXPECT_EQ(real->read_file("link", 5).error().text(),
            folder / "real/link" + ": cannot open: Too many levels of symbolic links");
  EXPECT_EQ(real->read_file("fifo", 5).error().text(), folder / "real/fifo: not a regular file");
  const auto linked = top->folder("link");
  ASSERT_FALSE(linked.has_value());
  EXPECT_EQ(linked.error().code, ErrorCode::io);
  EXPECT_EQ(linked.error().text(), folder / "link: cannot open folder: Not a directory");
  EXPECT_TRUE(Folder::open(folder / "link").has_value());
}

TEST(Folder, names_what_it_cannot_open) {
  const TempFolder folder;
  const auto absent = Folder::open(folder / "absent");
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
