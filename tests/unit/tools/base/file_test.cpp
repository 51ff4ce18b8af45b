// SPDX-License-Identifier: Apache-2.0
#include "tools/base/file.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/temp_folder.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon {
namespace {

namespace fs = std::filesystem;
using test::TempFolder;

std::size_t entries(const std::string& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(ReadFile, reads_up_to_the_cap_and_no_further) {
  const TempFolder folder;
  ASSERT_TRUE(write_file_atomic(folder / "f", as_bytes("12345")).has_value());
  EXPECT_EQ(as_text(*read_file(folder / "f", 5)), "12345");
  const auto over = read_file(folder / "f", 4);
  ASSERT_FALSE(over.has_value());
  EXPECT_EQ(over.error().code, ErrorCode::limit);
  EXPECT_EQ(over.error().message, "larger than 4 bytes");
}

TEST(ReadFile, refuses_what_is_not_a_regular_file_without_blocking) {
  const TempFolder folder;
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(read_file(folder / "fifo", 10).error().message, "not a regular file");
  EXPECT_EQ(read_file(folder.path(), 10).error().message, "not a regular file");
  EXPECT_EQ(read_file(folder / "absent", 10).error().message,
            "cannot open: No such file or directory");
}

TEST(WriteFileAtomic, replaces_with_the_exact_mode_and_leaves_nothing_else) {
  const TempFolder folder;
  ASSERT_TRUE(write_file_atomic(folder / "f", as_bytes("old")).has_value());
  const mode_t before = ::umask(0077);
  const Status written = write_file_atomic(folder / "f", as_bytes("new"), 0644);
  ::umask(before);
  ASSERT_TRUE(written.has_value());
  EXPECT_EQ(as_text(*read_file(folder / "f", 10)), "new");

  struct stat info {};

  ASSERT_EQ(::stat((folder / "f").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0644U);
  EXPECT_EQ(entries(folder.path()), 1U);
}

TEST(WriteFileAtomic, leaves_no_temporary_when_the_target_cannot_be_replaced) {
  const TempFolder folder;
  fs::create_directory(folder / "f");
  const Status written = write_file_atomic(folder / "f", as_bytes("x"));
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().message, "cannot replace: Is a directory");
  EXPECT_EQ(entries(folder.path()), 1U);
}

TEST(WriteFileAtomic, never_takes_the_place_of_a_device_or_a_fifo) {
  const TempFolder folder;
  ASSERT_EQ(::mkfifo((folder / "f").c_str(), 0600), 0);
  ASSERT_EQ(::symlink("f", (folder / "link").c_str()), 0);
  for (const char* name : {"f", "link"}) {
    const Status written = write_file_atomic(folder / name, as_bytes("x"));
    ASSERT_FALSE(written.has_value());
    EXPECT_EQ(written.error().code, ErrorCode::io);
    EXPECT_EQ(written.error().text(), folder / name + ": cannot replace: not a regular file");
  }
  EXPECT_TRUE(fs::is_fifo(folder / "f"));
  EXPECT_EQ(entries(folder.path()), 2U);
}

TEST(WriteFileAtomic, writes_through_a_link_unless_it_points_to_nothing) {
  const TempFolder folder;
  fs::create_directory(folder / "d");
  ASSERT_TRUE(write_file_atomic(folder / "d/f", as_bytes("old")).has_value());
  ASSERT_EQ(::symlink("d/f", (folder / "link").c_str()), 0);
  ASSERT_TRUE(write_file_atomic(folder / "link", as_bytes("new")).has_value());
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(as_text(*read_file(folder / "d/f", 10)), "new");
  ASSERT_EQ(::symlink("absent", (folder / "dangling").c_str()), 0);
  const Status written = write_file_atomic(folder / "dangling", as_bytes("x"));
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code, ErrorCode::io);
  EXPECT_EQ(written.error().message, "cannot follow: No such file or directory");
  EXPECT_EQ(entries(folder.path()), 3U);
}

TEST(UpdateFileAtomic, keeps_the_mode_of_the_file_that_is_there) {
  const TempFolder folder;
  ASSERT_TRUE(write_file_atomic(folder / "f", as_bytes("old"), 0600).has_value());
  ASSERT_TRUE(update_file_atomic(folder / "f", as_bytes("new")).has_value());
  ASSERT_TRUE(update_file_atomic(folder / "g", as_bytes("new")).has_value());
  EXPECT_EQ(as_text(*read_file(folder / "f", 10)), "new");
  EXPECT_EQ(fs::status(folder / "f").permissions(), fs::perms(0600));
  EXPECT_EQ(fs::status(folder / "g").permissions(), fs::perms(0644));
}

TEST(CreateFileAtomic, never_overwrites) {
  const TempFolder folder;
  ASSERT_TRUE(create_file_atomic(folder / "key", as_bytes("first"), 0600).has_value());
  const Status second = create_file_atomic(folder / "key", as_bytes("second"), 0600);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().message, "cannot create: File exists");
  EXPECT_EQ(as_text(*read_file(folder / "key", 10)), "first");
  EXPECT_EQ(entries(folder.path()), 1U);
}

TEST(WriteDirectoryAtomic, swaps_in_a_complete_folder) {
  const TempFolder folder;
  const auto fill = [](const char* text) {
    return
        [text](const std::string& into) { return write_file_atomic(into + "/x", as_bytes(text)); };
  };
  ASSERT_TRUE(write_directory_atomic(folder / "d", fill("one")).has_value());
  ASSERT_TRUE(write_directory_atomic(folder / "d", fill("two")).has_value());
  EXPECT_EQ(as_text(*read_file(folder / "d/x", 10)), "two");
  EXPECT_EQ(entries(folder.path()), 1U);
}

TEST(WriteDirectoryAtomic, drops_slashes_at_the_end_and_goes_through_links) {
  const TempFolder folder;
  const auto fill = [](const std::string& into) { return write_file_atomic(into + "/x", {}); };
  ASSERT_TRUE(write_directory_atomic(folder / "d//", fill).has_value());
  EXPECT_TRUE(fs::exists(folder / "d/x"));
  fs::remove(folder / "d/x");
  ASSERT_EQ(::symlink("d", (folder / "link").c_str()), 0);
  ASSERT_TRUE(write_directory_atomic(folder / "link", fill).has_value());
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_TRUE(fs::exists(folder / "d/x"));
  EXPECT_EQ(entries(folder.path()), 2U);
}

TEST(WriteDirectoryAtomic, never_takes_the_place_of_a_file) {
  const TempFolder folder;
  ASSERT_TRUE(write_file_atomic(folder / "f", as_bytes("precious")).has_value());
  const auto fill = [](const std::string& /*into*/) { return Status(); };
  const Status written = write_directory_atomic(folder / "f", fill);
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code, ErrorCode::io);
  EXPECT_EQ(written.error().text(), folder / "f: cannot replace: Not a directory");
  EXPECT_EQ(as_text(*read_file(folder / "f", 10)), "precious");
  EXPECT_EQ(entries(folder.path()), 1U);
}

TEST(WriteDirectoryAtomic, keeps_the_old_folder_when_filling_fails) {
  const TempFolder folder;
  const auto good = [](const std::string& into) { return write_file_atomic(into + "/x", {}); };
  ASSERT_TRUE(write_directory_atomic(folder / "d", good).has_value());
  const auto bad = [](const std::string& into) -> Status {
    TRY(write_file_atomic(into + "/y", {}));
    return fail(ErrorCode::malformed, "no");
  };
  const Status done = write_directory_atomic(folder / "d", bad);
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().message, "no");
  EXPECT_TRUE(fs::exists(folder / "d/x"));
  EXPECT_EQ(entries(folder.path()), 1U);
}

TEST(MappedFile, notices_a_change_while_it_is_read) {
  const TempFolder folder;
  ASSERT_TRUE(write_file_atomic(folder / "f", as_bytes("content")).has_value());
  const auto mapped = MappedFile::open(folder / "f");
  ASSERT_TRUE(mapped.has_value());
  EXPECT_EQ(as_text(mapped->view()), "content");
  EXPECT_TRUE(mapped->check_unchanged().has_value());
  std::ofstream(folder / "f", std::ios::app) << "more";
  const Status changed = mapped->check_unchanged();
  ASSERT_FALSE(changed.has_value());
  EXPECT_EQ(changed.error().message, "the file changed while it was read");
}

TEST(MappedFile, maps_an_empty_file) {
  const TempFolder folder;
  ASSERT_TRUE(write_file_atomic(folder / "f", {}).has_value());
  const auto mapped = MappedFile::open(folder / "f");
  ASSERT_TRUE(mapped.has_value());
  EXPECT_TRUE(mapped->view().empty());
}

}  // namespace
}  // namespace etalon
