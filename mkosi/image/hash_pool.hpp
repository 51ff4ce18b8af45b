// SPDX-License-Identifier: Apache-2.0
// Hashes the contents of many files while one thread reads them: the reader fills blocks of a
// bounded pool and cuts them into pieces, worker threads hash the pieces where they lie and give
// the blocks back. When no block is free the reader waits, so memory does not depend on the image.
//
// Files come one after the other. With fewer workers than algorithms each worker computes a part
// of the algorithms over every file; with more, each file is given, per algorithm, to the worker
// with the least to do. Which worker it is never shows in the result. A worker never waits for
// anything but work and never holds a block beyond its batch, so the reader always gets one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "mkosi/image/elf/facts.hpp"
#include "mkosi/image/tree.hpp"
#include "mkosi/image/tree_builder.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {

class HashPool {
 public:
  static constexpr std::size_t block_size = std::size_t{256} << 10U;
  static constexpr std::size_t block_count = 64;
  static constexpr std::size_t max_unshared = 8;

  // `jobs` is at least 1; with 1 everything happens in the calling thread.
  // Files are inspected in the calling thread.
  HashPool(std::span<const HashAlg> algs, unsigned jobs, elf::Inspect inspect = elf::Inspect::no);
  HashPool(const HashPool&) = delete;
  HashPool& operator=(const HashPool&) = delete;
  HashPool(HashPool&&) = delete;
  HashPool& operator=(HashPool&&) = delete;
  // Work not finished is dropped.
  ~HashPool();

  // The current block; waits for a free one behind a flush().
  std::span<std::byte> buffer();
  // Hands the pieces cut so far to the workers, and with them what keeps their memory: the block,
  // or `keep`. At most max_unshared of them stay with the reader until later calls.
  void flush(std::shared_ptr<const void> keep = nullptr);

  // Starts the next file and gives its number: 0, 1, 2, …
  ContentId begin();
  // A piece of the file: it lies in the current block, in what the next flush() keeps, or stays
  // valid until finish().
  void update(ByteView piece);
  // A piece of the file that does not stay: it is copied.
  void update_copy(ByteView piece);
  // Zero bytes.
  void update_zeros(std::uint64_t size);
  void end();

  // Waits for the workers; the digests of file i are at [i]. The last call.
  std::vector<DigestSet> finish();

  // The first bytes of file i are at [i].
  const std::vector<Head>& heads() const;

  // The facts of all files, and of no bytes; none when they are not inspected. limit error when
  // they take more than max_facts_size.
  Result<InspectedContents> inspected() const;

  // The digests of no bytes.
  DigestSet empty() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// The number of processors this process may use, at least 1: the default of --jobs.
unsigned default_jobs();

}  // namespace etalon::image
