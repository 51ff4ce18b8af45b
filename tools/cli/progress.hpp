// SPDX-License-Identifier: Apache-2.0
// One line of progress on a terminal for work that may take over a second. It is drawn on stderr,
// at most ten times a second and not before the first half second, and wiped when the work ends;
// where stderr is no terminal nothing is drawn.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

#include "tools/cli/verb.hpp"

namespace etalon::cli {

class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  // `label` names the work: "hashing". `start` is when it began.
  Progress(Io& io, std::string label, Clock::time_point start = Clock::now());
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  Progress(Progress&&) = delete;
  Progress& operator=(Progress&&) = delete;
  ~Progress();

  // Bytes done so far, of `total` when that is not 0. May be called from any thread.
  void update(std::uint64_t done, std::uint64_t total, Clock::time_point now = Clock::now());

 private:
  Io& io_;
  std::string label_;
  std::mutex mutex_;
  Clock::time_point next_;
  bool drawn_ = false;
};

}  // namespace etalon::cli
