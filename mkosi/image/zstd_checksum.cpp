// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/zstd_checksum.hpp"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <mutex>
#include <utility>

#include <xxhash.h>

namespace etalon::image {

void ZstdChecksum::Free::operator()(XXH64_state_s* state) const {
  (void)XXH64_freeState(state);
}

ZstdChecksum::ZstdChecksum() : state_(XXH64_createState()) {
  (void)XXH64_reset(state_.get(), 0);
  thread_ = std::thread([this] { run(); });
}

ZstdChecksum::~ZstdChecksum() {
  {
    const std::scoped_lock lock(mutex_);
    queue_.clear();
  }
  close();
}

void ZstdChecksum::add(Decoded piece) {
  waiting_.push_back(std::move(piece));
  // Waking the thread costs as much as summing a piece, so several go at once.
  if (waiting_.size() == max_unshared) hand_over();
}

std::uint32_t ZstdChecksum::finish() {
  hand_over();
  close();
  return static_cast<std::uint32_t>(XXH64_digest(state_.get()));
}

void ZstdChecksum::hand_over() {
  {
    const std::scoped_lock lock(mutex_);
    std::ranges::move(waiting_, std::back_inserter(queue_));
  }
  waiting_.clear();
  arrived_.notify_one();
}

void ZstdChecksum::close() {
  if (!thread_.joinable()) return;
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
  }
  arrived_.notify_one();
  thread_.join();
}

void ZstdChecksum::run() {
  while (true) {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return closed_ || !queue_.empty(); });
    if (queue_.empty()) return;
    const Decoded piece = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    (void)XXH64_update(state_.get(), piece.bytes.data(), piece.bytes.size());
  }
}

}  // namespace etalon::image
