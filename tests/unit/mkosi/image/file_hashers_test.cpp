// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/file_hashers.hpp"

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/temp_folder.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/file.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {
namespace {

constexpr std::array algs = {HashAlg::sha256};

// Hashes the file "f" of a folder, after `change` did something to it that the lister did not see.
class OneFile {
 public:
  OneFile() { write("content"); }

  void write(std::string_view content) const {
    EXPECT_TRUE(write_file_atomic(path(), as_bytes(content)).has_value());
  }

  std::string path() const { return folder_ / "f"; }

  auto hash(const std::function<void()>& change) const {
    FileTask task{.name = "f", .path = "image/f", .entry = 7};
    task.folder = std::make_shared<FileHandle>(
        ::open(folder_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    EXPECT_EQ(::stat(path().c_str(), &task.expected), 0);
    change();
    FileHashers hashers(algs, 1);
    hashers.push(std::move(task));
    return hashers.finish();
  }

 private:
  test::TempFolder folder_;
};

TEST(FileHashers, gives_a_file_its_digest) {
  const auto digested = OneFile().hash([] {});
  ASSERT_TRUE(digested.has_value()) << digested.error().text();
  ASSERT_EQ(digested->size(), 1U);
  EXPECT_EQ(digested->front().entry, 7U);
  EXPECT_EQ(digested->front().digests, hash_all(algs, as_bytes("content")));
}

TEST(FileHashers, refuses_a_file_that_is_not_what_was_listed) {
  const OneFile file;
  const std::vector<std::function<void()>> changes = {
      [&] { file.write("content"); },  // another file of the same content
      [&] { EXPECT_EQ(::truncate(file.path().c_str(), 3), 0); },
      [&] {
        EXPECT_EQ(::unlink(file.path().c_str()), 0);
        EXPECT_EQ(::mkfifo(file.path().c_str(), 0600), 0);
      },
  };
  for (const auto& change : changes) {
    const auto digested = file.hash(change);
    ASSERT_FALSE(digested.has_value());
    EXPECT_EQ(digested.error().code, ErrorCode::io);
    EXPECT_EQ(digested.error().text(), "image/f: the file changed while it was read");
  }
}

TEST(FileHashers, refuses_a_file_that_is_gone) {
  const OneFile file;
  const auto digested = file.hash([&] { EXPECT_EQ(::unlink(file.path().c_str()), 0); });
  ASSERT_FALSE(digested.has_value());
  EXPECT_EQ(digested.error().code, ErrorCode::io);
  EXPECT_EQ(digested.error().text(), "image/f: cannot open: No such file or directory");
}

// A file of procfs claims to be empty and is not.
TEST(FileHashers, refuses_a_file_whose_size_is_not_true) {
  FileTask task{.name = "version", .path = "image/version"};
  task.folder = std::make_shared<FileHandle>(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!*task.folder || ::stat("/proc/version", &task.expected) != 0) {
    GTEST_SKIP() << "no /proc here";
  }
  FileHashers hashers(algs, 1);
  hashers.push(std::move(task));
  const auto digested = hashers.finish();
  ASSERT_FALSE(digested.has_value());
  EXPECT_EQ(digested.error().code, ErrorCode::io);
  EXPECT_EQ(digested.error().text(), "image/version: the file changed while it was read");
}

}  // namespace
}  // namespace etalon::image
