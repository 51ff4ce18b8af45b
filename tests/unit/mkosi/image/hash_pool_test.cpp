// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/hash_pool.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "mkosi/image/tree_builder.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"

namespace etalon::image {
namespace {

enum class By : std::uint8_t { view, copy, zeros };

struct File {
  By by = By::view;
  Bytes content{};
};

// More than the pool holds at once, with files on both sides of every size that matters to it.
std::vector<File> make_files() {
  constexpr std::size_t block = HashPool::block_size;
  constexpr std::size_t total = (HashPool::block_count + 16) * block;
  const std::vector<std::size_t> sizes = {
      0,   1,     63,        64, 4095,     block - 1, block, block + 1, 3 * block + 5,
      100, 65536, 2 * block, 17, 9 * block};
  std::mt19937 random(20);  // NOLINT(cert-msc*): the same bytes each time
  std::vector<File> files;
  std::size_t made = 0;
  for (std::size_t i = 0; made < total; ++i) {
    File file{.by = static_cast<By>(i % 3), .content = Bytes(sizes[i % sizes.size()])};
    if (file.by != By::zeros) {
      std::ranges::generate(file.content, [&] { return static_cast<std::byte>(random()); });
    }
    made += file.content.size();
    files.push_back(std::move(file));
  }
  return files;
}

// As an unpacker does: the content comes by the block, and pieces of it lie in the block.
void feed_by_view(HashPool& pool, ByteView content) {
  while (!content.empty()) {
    const std::span<std::byte> buffer = pool.buffer();
    const ByteView part = content.first(std::min(content.size(), buffer.size()));
    std::ranges::copy(part, buffer.begin());
    const std::size_t half = part.size() / 2;
    pool.update(ByteView(buffer).first(half));
    pool.update(ByteView(buffer).subspan(half, part.size() - half));
    pool.flush();
    content = content.subspan(part.size());
  }
}

std::vector<DigestSet> digests_by_pool(std::span<const File> files, std::span<const HashAlg> algs,
                                       unsigned jobs) {
  HashPool pool(algs, jobs);
  for (std::size_t i = 0; i < files.size(); ++i) {
    EXPECT_EQ(pool.begin(), i);
    const File& file = files[i];
    if (file.by == By::view) {
      // What update_copy() put into the current block must have gone before it is filled anew.
      pool.flush();
      feed_by_view(pool, file.content);
    } else if (file.by == By::copy) {
      pool.update_copy(file.content);
    } else {
      pool.update_zeros(file.content.size());
    }
    pool.end();
  }
  return pool.finish();
}

class HashPoolJobs : public testing::TestWithParam<unsigned> {};

TEST_P(HashPoolJobs, gives_the_digests_that_hashing_each_file_alone_gives) {
  const std::vector<File> files = make_files();
  for (const auto& algs :
       {std::vector{HashAlg::sha256}, std::vector{HashAlg::sha256, HashAlg::sha1},
        std::vector(all_hash_algs.begin(), all_hash_algs.end())}) {
    const auto digests = digests_by_pool(files, algs, GetParam());
    ASSERT_EQ(digests.size(), files.size());
    for (std::size_t i = 0; i < files.size(); ++i) {
      ASSERT_EQ(digests[i], hash_all(algs, files[i].content)) << "file " << i;
    }
  }
}

TEST_P(HashPoolJobs, drops_what_is_not_finished) {
  HashPool pool(std::vector{HashAlg::sha256}, GetParam());
  pool.begin();
  feed_by_view(pool, Bytes(3 * HashPool::block_size));
  // Neither end() nor finish(): an error further up ends a walk like this.
}

TEST_P(HashPoolJobs, hashes_nothing_without_algorithms) {
  HashPool pool({}, GetParam());
  pool.begin();
  feed_by_view(pool, Bytes(HashPool::block_size));
  pool.end();
  const auto digests = pool.finish();
  ASSERT_EQ(digests.size(), 1U);
  EXPECT_EQ(digests.front(), DigestSet());
}

INSTANTIATE_TEST_SUITE_P(All, HashPoolJobs, testing::Values(1U, 2U, 3U, 5U, 16U));

}  // namespace
}  // namespace etalon::image
