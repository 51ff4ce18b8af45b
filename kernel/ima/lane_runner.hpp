// SPDX-License-Identifier: Apache-2.0
// Runs the lanes of a replay beside each other: each on one thread, the first share of them on the
// caller's. Every lane sees every batch in order, so what comes out does not depend on the number
// of threads. At most a few batches are alive at a time.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "kernel/ima/list.hpp"
#include "kernel/ima/replay.hpp"

namespace etalon::ima {

class LaneRunner {
 public:
  // `threads` is at least 1 and counts the caller's, whose own work for an entry is worth so many
  // hashes.
  LaneRunner(std::vector<Lane> lanes, unsigned threads, unsigned own_load);
  LaneRunner(const LaneRunner&) = delete;
  LaneRunner& operator=(const LaneRunner&) = delete;
  LaneRunner(LaneRunner&&) = delete;
  LaneRunner& operator=(LaneRunner&&) = delete;
  ~LaneRunner();

  void add(const std::shared_ptr<const Batch>& batch);
  // The lanes after all batches, in the order they were given. Nothing may be added any more.
  std::span<const Lane> finish();

 private:
  class Worker;

  std::vector<Lane> lanes_;
  std::vector<Lane*> own_{};
  std::vector<std::unique_ptr<Worker>> workers_{};
};

}  // namespace etalon::ima
