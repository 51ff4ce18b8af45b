// SPDX-License-Identifier: Apache-2.0
// Every walker says how far it is, so that a terminal can show it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "mkosi/image/compression.hpp"
#include "mkosi/image/walk.hpp"
#include "tests/support/fake_cpio.hpp"
#include "tests/support/temp_folder.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/file.hpp"

namespace etalon::image {
namespace {

using test::FakeCpio;
using test::TempFolder;

constexpr std::size_t file_size = 300'000;

struct Told {
  std::uint64_t done = 0;
  std::uint64_t total = 0;
};

class WalkProgress : public testing::Test {
 protected:
  WalkOptions options() {
    return {.algs = {HashAlg::sha256}, .jobs = 2, .progress = [this](auto done, auto total) {
              const std::scoped_lock lock(mutex_);
              told_.push_back({.done = done, .total = total});
            }};
  }

  std::uint64_t last() const { return told_.empty() ? 0 : told_.back().done; }

  std::mutex mutex_;
  std::vector<Told> told_;
};

std::string noise(std::uint32_t seed) {
  std::string text(file_size, '\0');
  for (char& c : text) {
    seed = seed * 1664525U + 1013904223U;
    c = static_cast<char>(seed >> 24U);
  }
  return text;
}

TEST_F(WalkProgress, counts_the_image_of_an_initramfs) {
  FakeCpio cpio;
  cpio.file("a", noise(1)).file("b", noise(2)).trailer();
  for (const Bytes& image : {cpio.bytes(), test::compress(Compression::zstd, cpio.bytes())}) {
    told_.clear();
    ASSERT_TRUE(walk_initramfs(image, options()).has_value());
    ASSERT_GE(told_.size(), 2U);
    std::uint64_t before = 0;
    for (const Told& each : told_) {
      EXPECT_EQ(each.total, image.size());
      EXPECT_GE(each.done, before);
      before = each.done;
    }
    EXPECT_EQ(before, image.size());
  }
}

TEST_F(WalkProgress, counts_what_a_tar_unpacks_to) {
  const TempFolder folder;
  ASSERT_TRUE(write_file_atomic(folder / "a", to_bytes(noise(3))));
  const std::string tar = folder / "x.tar";
  ASSERT_EQ(std::system(("tar -C " + folder.path() + " -cf " + tar + " a").c_str()), 0);
  ASSERT_TRUE(walk_image(tar, options()).has_value());
  EXPECT_GE(last(), file_size);
}

TEST_F(WalkProgress, counts_the_bytes_of_a_folder) {
  const TempFolder folder;
  ASSERT_TRUE(write_file_atomic(folder / "a", to_bytes(noise(4))));
  ASSERT_TRUE(write_file_atomic(folder / "b", to_bytes(noise(5))));
  ASSERT_TRUE(walk_directory(folder.path(), options()).has_value());
  std::uint64_t most = 0;
  for (const Told& each : told_)
    most = std::max(most, each.done);
  EXPECT_EQ(most, 2 * file_size);
}

}  // namespace
}  // namespace etalon::image
