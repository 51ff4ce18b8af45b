// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/file_hashers.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <tl/expected.hpp>
#include <unistd.h>

#include "mkosi/image/elf/facts.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/file.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {
namespace {

constexpr std::size_t read_size = std::size_t{128} << 10U;

bool same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

tl::unexpected<Error> changed(const std::string& path) {
  Error error;
  error.code = ErrorCode::io;
  error.message = "the file changed while it was read";
  error.file = path;
  return tl::unexpected(std::move(error));
}

Status check_same(const FileHandle& file, const FileTask& task) {
  struct stat now {};

  if (::fstat(file.get(), &now) != 0) return io_error(task.path, "stat", errno);
  if (!S_ISREG(now.st_mode) || !same_file(now, task.expected)) return changed(task.path);
  return {};
}

}  // namespace

class FileHashers::Hand {
 public:
  Hand(std::span<const HashAlg> algs, FileHashers& all, elf::Inspect inspect)
      : all_(all), hashing_(!algs.empty()), hasher_(algs), buffer_(read_size) {
    if (inspect == elf::Inspect::yes) inspector_.emplace(all.budget_);
  }

  void work(const FileTask& task) {
    auto digests = hash(task);
    if (digests)
      digested.push_back({.entry = task.entry,
                          .digests = *std::move(digests),
                          .head = head_,
                          .facts = inspector_ ? inspector_->end() : nullptr});
    else
      failures.push_back(std::move(digests).error());
  }

  std::vector<Digested> digested;
  std::vector<Error> failures;

 private:
  Result<DigestSet> hash(const FileTask& task) {
    const FileHandle file(::openat(task.folder->get(), task.name.c_str(),
                                   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!file) return io_error(task.path, "open", errno);
    TRY(check_same(file, task));
    const Status read = feed(file, task);
    DigestSet digests = hasher_.finish();  // also after a failure: the hasher starts anew
    TRY(read);
    TRY(check_same(file, task));
    return digests;
  }

  Status feed(const FileHandle& file, const FileTask& task) {
    const auto size = static_cast<std::uint64_t>(task.expected.st_size);
    std::uint64_t total = 0;
    head_ = {};
    if (inspector_) inspector_->begin();
    while (true) {
      // NOLINTNEXTLINE(clang-analyzer-unix.BlockInCriticalSection): no lock outlives its own block
      const ssize_t got = ::read(file.get(), buffer_.data(), buffer_.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return io_error(task.path, "read", errno);
      const ByteView piece = ByteView(buffer_).first(static_cast<std::size_t>(got));
      hasher_.update(piece);
      if (hashing_) head_.add(piece);
      if (inspector_) inspector_->add(piece);
      total += static_cast<std::uint64_t>(got);
      all_.report(static_cast<std::uint64_t>(got));
      if (got == 0 || total >= size) break;
      if (!hashing_ && !(inspector_ && inspector_->wants_more())) return {};
    }
    if (total != size) return changed(task.path);
    return {};
  }

  FileHashers& all_;
  bool hashing_;  // else files need not be read to their end
  MultiHasher hasher_;
  Bytes buffer_;
  std::optional<elf::Inspector> inspector_;
  Head head_;  // of the file in hand
};

void FileHashers::report(std::uint64_t got) {
  const std::uint64_t read = read_.fetch_add(got, std::memory_order_relaxed) + got;
  if (progress_) progress_(read, 0);
}

FileHashers::FileHashers(std::span<const HashAlg> algs, unsigned jobs, ReadProgress progress,
                         elf::Inspect inspect)
    : progress_(std::move(progress)) {
  const unsigned count = std::max(jobs, 1U);
  for (unsigned i = 0; i < count; ++i)
    hands_.push_back(std::make_unique<Hand>(algs, *this, inspect));
  for (unsigned i = 1; i < count; ++i)
    threads_.emplace_back([this, hand = hands_[i].get()] { run(*hand); });
}

FileHashers::~FileHashers() {
  {
    const std::scoped_lock lock(mutex_);
    queue_.clear();
  }
  close();
}

void FileHashers::close() {
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
  }
  arrived_.notify_all();
  for (std::thread& thread : threads_)
    thread.join();
  threads_.clear();
}

// The next file, or nothing when there will be none.
std::optional<FileTask> FileHashers::wait() {
  std::unique_lock lock(mutex_);
  arrived_.wait(lock, [this] { return closed_ || !queue_.empty(); });
  return take();
}

std::optional<FileTask> FileHashers::take() {
  if (queue_.empty()) return std::nullopt;
  FileTask task = std::move(queue_.front());
  queue_.pop_front();
  return task;
}

void FileHashers::run(Hand& hand) {
  while (const auto task = wait())
    hand.work(*task);
}

void FileHashers::push(FileTask task) {
  std::optional<FileTask> own;
  {
    const std::scoped_lock lock(mutex_);
    if (threads_.empty() || queue_.size() >= max_waiting) own = take();
    queue_.push_back(std::move(task));
  }
  arrived_.notify_one();
  if (own) hands_.front()->work(*own);
}

Result<std::vector<FileHashers::Digested>> FileHashers::finish() {
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
  }
  run(*hands_.front());
  close();
  std::vector<Digested> digested;
  std::vector<Error> failures;
  for (const auto& hand : hands_) {
    std::ranges::move(hand->digested, std::back_inserter(digested));
    std::ranges::move(hand->failures, std::back_inserter(failures));
  }
  const auto first = std::ranges::min_element(failures, {}, &Error::file);
  if (first != failures.end()) return tl::unexpected(std::move(*first));
  TRY(budget_.status());
  return digested;
}

}  // namespace etalon::image
