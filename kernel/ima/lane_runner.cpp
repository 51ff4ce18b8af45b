// SPDX-License-Identifier: Apache-2.0
#include "kernel/ima/lane_runner.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "kernel/ima/list.hpp"
#include "kernel/ima/replay.hpp"

namespace etalon::ima {
namespace {

// Batches that wait for a worker.
constexpr std::size_t most_waiting = 4;

}  // namespace

class LaneRunner::Worker {
 public:
  explicit Worker(std::vector<Lane*> lanes)
      : lanes_(std::move(lanes)), thread_([this] { run(); }) {}

  void add(std::shared_ptr<const Batch> batch) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return waiting_.size() < most_waiting; });
    waiting_.push_back(std::move(batch));
    work_.notify_one();
  }

  void finish() {
    {
      const std::scoped_lock lock(mutex_);
      closed_ = true;
      work_.notify_one();
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  // Nothing when there will be none.
  std::shared_ptr<const Batch> next() {
    std::unique_lock lock(mutex_);
    work_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
    if (waiting_.empty()) return nullptr;
    std::shared_ptr<const Batch> batch = std::move(waiting_.front());
    waiting_.pop_front();
    room_.notify_one();
    return batch;
  }

  void run() {
    while (const std::shared_ptr<const Batch> batch = next()) {
      for (Lane* lane : lanes_)
        lane->add(*batch);
    }
  }

  std::vector<Lane*> lanes_;
  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable room_;
  std::deque<std::shared_ptr<const Batch>> waiting_;
  bool closed_ = false;
  std::thread thread_;  // last: it uses the others
};

LaneRunner::LaneRunner(std::vector<Lane> lanes, unsigned threads, unsigned own_load)
    : lanes_(std::move(lanes)) {
  struct Share {
    std::vector<Lane*> lanes;
    unsigned load = 0;
  };

  std::vector<Share> shares(
      std::clamp<std::size_t>(threads, 1, std::max<std::size_t>(lanes_.size(), 1)));
  shares.front().load = own_load;
  std::vector<Lane*> heavy_first;
  heavy_first.reserve(lanes_.size());
  for (Lane& lane : lanes_)
    heavy_first.push_back(&lane);
  std::ranges::stable_sort(heavy_first, std::ranges::greater(), &Lane::load);
  for (Lane* lane : heavy_first) {
    Share& least = *std::ranges::min_element(shares, {}, &Share::load);
    least.lanes.push_back(lane);
    least.load += lane->load();
  }
  own_ = std::move(shares.front().lanes);
  for (Share& share : std::span(shares).subspan(1))
    workers_.push_back(std::make_unique<Worker>(std::move(share.lanes)));
}

LaneRunner::~LaneRunner() {
  finish();
}

void LaneRunner::add(const std::shared_ptr<const Batch>& batch) {
  for (const std::unique_ptr<Worker>& worker : workers_)
    worker->add(batch);
  for (Lane* lane : own_)
    lane->add(*batch);
}

std::span<const Lane> LaneRunner::finish() {
  for (const std::unique_ptr<Worker>& worker : workers_)
    worker->finish();
  return lanes_;
}

}  // namespace etalon::ima
