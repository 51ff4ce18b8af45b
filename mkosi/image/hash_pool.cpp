// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/hash_pool.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "mkosi/image/elf/facts.hpp"
#include "mkosi/image/large_memory.hpp"
#include "mkosi/image/tree_builder.hpp"
#include "tools/base/assert.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {
namespace {

using Storage = std::span<std::byte>;

// The blocks lie side by side; one is touched only when all before it are in use.
class BlockStore {
 public:
  // Whether take() would not wait.
  bool ready() {
    const std::scoped_lock lock(mutex_);
    return is_ready();
  }

  Storage take() {
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [this] { return is_ready(); });
    if (free_.empty()) return all().subspan(HashPool::block_size * made_++, HashPool::block_size);
    const Storage block = free_.back();
    free_.pop_back();
    return block;
  }

  void give_back(Storage block) {
    {
      const std::scoped_lock lock(mutex_);
      free_.push_back(block);
    }
    returned_.notify_one();
  }

 private:
  static constexpr std::size_t total = HashPool::block_size * HashPool::block_count;

  bool is_ready() const { return !free_.empty() || made_ < HashPool::block_count; }

  Storage all() const { return {memory_.get(), total}; }

  LargeMemory memory_ = make_large(total);
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<Storage> free_;
  std::size_t made_ = 0;
};

// A block that goes back to its store when the last batch that names it is done.
class Block {
 public:
  explicit Block(BlockStore& store) : store_(store), storage_(store.take()) {}

  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  Block(Block&&) = delete;
  Block& operator=(Block&&) = delete;

  ~Block() { store_.give_back(storage_); }

  std::span<std::byte> bytes() const { return storage_; }

 private:
  BlockStore& store_;
  Storage storage_;
};

enum class Last : std::uint8_t { no, yes };

struct Piece {
  ContentId content = 0;
  ByteView bytes{};
  Last last = Last::no;
};

struct Batch {
  std::shared_ptr<const void> keep{};  // what pieces point into
  std::vector<Piece> pieces{};
};

struct Digested {
  ContentId content = 0;
  AnyDigest digest;
};

// Hashes batches with its algorithms, in order; files never interleave, so one context per
// algorithm serves all files.
class Worker {
 public:
  explicit Worker(std::span<const HashAlg> algs) {
    for (const HashAlg alg : algs)
      hashers_.emplace_back(alg);
  }

  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  Worker(Worker&&) = delete;
  Worker& operator=(Worker&&) = delete;

  ~Worker() {
    {
      const std::scoped_lock lock(mutex_);
      queue_.clear();
    }
    join();
  }

  void start() {
    thread_ = std::thread([this] { run(); });
  }

  void join() {
    if (!thread_.joinable()) return;
    {
      const std::scoped_lock lock(mutex_);
      closed_ = true;
    }
    arrived_.notify_one();
    thread_.join();
  }

  void hash(const Batch& batch) {
    for (const Piece& piece : batch.pieces) {
      for (Hasher& hasher : hashers_) {
        if (!piece.bytes.empty()) hasher.update(piece.bytes);
        if (piece.last == Last::yes) {
          digested_.push_back({.content = piece.content, .digest = hasher.finish()});
        }
      }
    }
  }

  // Takes the batches, in order, and leaves none.
  void push(std::vector<Batch>& batches) {
    if (batches.empty()) return;
    if (!thread_.joinable()) {
      for (const Batch& batch : batches)
        hash(batch);
    } else {
      {
        const std::scoped_lock lock(mutex_);
        std::ranges::move(batches, std::back_inserter(queue_));
      }
      arrived_.notify_one();
    }
    batches.clear();
  }

  // Used by the reader alone: bytes given so far, pieces of the current block, and batches that
  // wait to be handed over.
  std::uint64_t given = 0;
  Batch next{};
  std::vector<Batch> waiting{};

  const std::deque<Digested>& digested() const { return digested_; }

 private:
  void run() {
    while (true) {
      std::unique_lock lock(mutex_);
      arrived_.wait(lock, [this] { return closed_ || !queue_.empty(); });
      if (queue_.empty()) return;
      const Batch batch = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      hash(batch);
    }
  }

  std::vector<Hasher> hashers_;
  std::deque<Digested> digested_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Batch> queue_;
  bool closed_ = false;
  std::thread thread_;
};

constexpr std::array<std::byte, 65536> zeros{};

}  // namespace

class HashPool::Impl {
 public:
  Impl(std::span<const HashAlg> algs, unsigned jobs, elf::Inspect inspect)
      : algs_(algs.begin(), algs.end()) {
    if (inspect == elf::Inspect::yes) inspector_.emplace(budget_);
    if (algs_.empty()) return;
    const auto count = static_cast<unsigned>(algs_.size());
    // One processor is left to the reader, unless that leaves less than one worker per algorithm.
    const unsigned workers = jobs <= 1 ? 1 : std::max(jobs - 1, std::min(jobs, count));
    lanes_.resize(std::min(workers, count));
    for (unsigned i = 0; i < workers; ++i) {
      std::vector<HashAlg> own;
      for (unsigned a = i % count; a < count; a += workers)
        own.push_back(algs_[a]);
      workers_.push_back(std::make_unique<Worker>(own));
      if (jobs > 1) workers_.back()->start();
      lanes_[i % lanes_.size()].push_back(workers_.back().get());
    }
  }

  std::span<std::byte> buffer() {
    if (!block_) {
      // A block that waits here comes back from nobody.
      if (!store_.ready()) hand_over();
      block_ = std::make_shared<Block>(store_);
    }
    return block_->bytes();
  }

  void flush(std::shared_ptr<const void> keep) {
    ETALON_ASSERT(keep == nullptr || block_ == nullptr);
    if (keep == nullptr) keep = std::move(block_);
    for (const auto& worker : workers_) {
      if (worker->next.pieces.empty()) continue;
      worker->next.keep = keep;
      worker->waiting.push_back(std::exchange(worker->next, {}));
    }
    block_.reset();
    copied_ = 0;
    if (++flushes_ % max_unshared == 0) hand_over();
  }

  ContentId begin() {
    current_.clear();
    for (const auto& lane : lanes_) {
      current_.push_back(
          *std::ranges::min_element(lane, {}, [](const Worker* worker) { return worker->given; }));
    }
    heads_.emplace_back();
    if (inspector_) inspector_->begin();
    return contents_++;
  }

  // For the inspector, beside what update(), update_copy() and zeros take.
  void inspect(ByteView piece) {
    if (inspector_) inspector_->add(piece);
  }

  void inspect_zeros(std::uint64_t size) {
    if (inspector_) inspector_->add_zeros(size);
  }

  void inspect_end() {
    if (inspector_) facts_.push_back(inspector_->end());
  }

  Result<InspectedContents> inspected() const {
    if (!inspector_) return InspectedContents{};
    TRY(budget_.status());
    return InspectedContents{.facts = facts_, .empty = elf::no_facts()};
  }

  void update(ByteView piece, Last last) {
    if (!algs_.empty()) heads_.back().add(piece);
    for (Worker* worker : current_) {
      worker->given += piece.size();
      worker->next.pieces.push_back({.content = contents_ - 1, .bytes = piece, .last = last});
    }
  }

  void update_copy(ByteView piece) {
    if (algs_.empty()) return;
    while (!piece.empty()) {
      if (copied_ == block_size) flush(nullptr);
      const std::span<std::byte> room = buffer().subspan(copied_);
      const ByteView part = piece.first(std::min(piece.size(), room.size()));
      std::ranges::copy(part, room.begin());
      update(ByteView(room).first(part.size()), Last::no);
      copied_ += part.size();
      piece = piece.subspan(part.size());
    }
  }

  std::vector<DigestSet> finish() {
    flush(nullptr);
    hand_over();
    std::vector<DigestSet> digests(contents_);
    for (const auto& worker : workers_) {
      worker->join();
      for (const Digested& each : worker->digested())
        digests[each.content].set(each.digest);
    }
    return digests;
  }

  const std::vector<Head>& heads() const { return heads_; }

  DigestSet empty() const { return hash_all(algs_, {}); }

 private:
  // Waking a worker costs more than hashing a block takes it to get there, so several go at once.
  void hand_over() {
    for (const auto& worker : workers_)
      worker->push(worker->waiting);
  }

  std::vector<HashAlg> algs_;
  BlockStore store_;  // outlives the workers and their batches
  std::shared_ptr<Block> block_;
  std::size_t copied_ = 0;  // bytes of the block that update_copy() filled
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::vector<Worker*>> lanes_;  // workers with the same algorithms
  std::vector<Worker*> current_;             // one per lane, for the current file
  ContentId contents_ = 0;
  std::vector<Head> heads_;  // one per file
  elf::FactsBudget budget_;
  std::optional<elf::Inspector> inspector_;
  std::vector<elf::FactsPtr> facts_;  // one per file, when there is an inspector
  std::size_t flushes_ = 0;
};

HashPool::HashPool(std::span<const HashAlg> algs, unsigned jobs, elf::Inspect inspect)
    : impl_(std::make_unique<Impl>(algs, jobs, inspect)) {}

HashPool::~HashPool() = default;

std::span<std::byte> HashPool::buffer() {
  return impl_->buffer();
}

void HashPool::flush(std::shared_ptr<const void> keep) {
  impl_->flush(std::move(keep));
}

ContentId HashPool::begin() {
  return impl_->begin();
}

void HashPool::update(ByteView piece) {
  impl_->inspect(piece);
  impl_->update(piece, Last::no);
}

void HashPool::update_copy(ByteView piece) {
  impl_->inspect(piece);
  impl_->update_copy(piece);
}

void HashPool::update_zeros(std::uint64_t size) {
  impl_->inspect_zeros(size);
  // Zero bytes stand in static memory, which stays.
  while (size > 0) {
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(size, zeros.size()));
    impl_->update(ByteView(zeros).first(part), Last::no);
    size -= part;
  }
}

void HashPool::end() {
  impl_->inspect_end();
  impl_->update({}, Last::yes);
}

std::vector<DigestSet> HashPool::finish() {
  return impl_->finish();
}

const std::vector<Head>& HashPool::heads() const {
  return impl_->heads();
}

Result<InspectedContents> HashPool::inspected() const {
  return impl_->inspected();
}

DigestSet HashPool::empty() const {
  return impl_->empty();
}

unsigned default_jobs() {
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace etalon::image
