// SPDX-License-Identifier: Apache-2.0
// Hashes files of a folder being walked, on several threads. A file is opened relative to its open
// folder, never through a symlink, and must be the one that was seen before, also afterwards.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/stat.h>

#include "mkosi/image/elf/facts.hpp"
#include "mkosi/image/tree.hpp"
#include "mkosi/image/walk.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/file.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {

struct FileTask {
  std::shared_ptr<FileHandle> folder{};
  std::string name{};
  std::string path{};     // for messages
  std::size_t entry = 0;  // the caller's number of the file

  struct stat expected {};
};

class FileHashers {
 public:
  struct Digested {
    std::size_t entry = 0;
    DigestSet digests{};
    Head head{};
    elf::FactsPtr facts{};  // none when files are not inspected
  };

  // `jobs` threads, the calling one among them; `progress` may be empty.
  // Without `algs` a file is read as far as its inspection needs.
  FileHashers(std::span<const HashAlg> algs, unsigned jobs, ReadProgress progress = {},
              elf::Inspect inspect = elf::Inspect::no);
  FileHashers(const FileHashers&) = delete;
  FileHashers& operator=(const FileHashers&) = delete;
  FileHashers(FileHashers&&) = delete;
  FileHashers& operator=(FileHashers&&) = delete;
  ~FileHashers();

  // Queues a file; while the queue is full the caller hashes one itself.
  void push(FileTask task);
  // Helps until all is done. Of several failures, that of the first path.
  Result<std::vector<Digested>> finish();

 private:
  // Waiting tasks hold a descriptor of their folder: few enough for the usual limit of 1024.
  static constexpr std::size_t max_waiting = 256;

  // One thread's buffer, contexts and results.
  class Hand;

  void run(Hand& hand);
  void report(std::uint64_t got);
  std::optional<FileTask> wait();
  std::optional<FileTask> take();  // under the lock
  void close();

  elf::FactsBudget budget_;                   // outlives the hands
  std::vector<std::unique_ptr<Hand>> hands_;  // the caller's first
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<FileTask> queue_;
  bool closed_ = false;
  ReadProgress progress_;
  std::atomic<std::uint64_t> read_ = 0;  // bytes, by all threads
};

}  // namespace etalon::image
