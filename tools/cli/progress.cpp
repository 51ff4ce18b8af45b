// SPDX-License-Identifier: Apache-2.0
#include "tools/cli/progress.hpp"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <ostream>
#include <string>
#include <utility>

#include "tools/cli/program.hpp"

namespace etalon::cli {
namespace {

constexpr auto patience = std::chrono::milliseconds(500);
constexpr auto interval = std::chrono::milliseconds(100);
// "Erase the line, stay in its first column" (ECMA-48: EL).
constexpr const char* wipe = "\r\x1b[K";

}  // namespace

Progress::Progress(Io& io, std::string label, Clock::time_point start)
    : io_(io), label_(std::move(label)), next_(start + patience) {}

Progress::~Progress() {
  if (drawn_) io_.err << wipe << std::flush;
}

void Progress::update(std::uint64_t done, std::uint64_t total, Clock::time_point now) {
  if (!io_.terminal) return;
  const std::scoped_lock lock(mutex_);
  if (now < next_) return;
  next_ = now + interval;
  drawn_ = true;
  io_.err << wipe << label_ << ": " << (done >> 20U) << " MiB";
  if (total != 0) io_.err << " of " << (total >> 20U) << " MiB";
  io_.err << std::flush;
}

}  // namespace etalon::cli
