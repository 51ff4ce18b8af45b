// SPDX-License-Identifier: Apache-2.0
#include "tools/cli/progress.hpp"

#include <chrono>
#include <sstream>

#include <gtest/gtest.h>

#include "tools/cli/program.hpp"

namespace etalon::cli {
namespace {

using std::chrono::milliseconds;

TEST(Progress, waits_then_draws_at_intervals_and_wipes) {
  std::ostringstream out;
  std::ostringstream err;
  Io io{.out = out, .err = err, .terminal = true};
  const Progress::Clock::time_point start{};
  {
    Progress progress(io, "hashing", start);
    progress.update(1U << 20U, 0, start + milliseconds(100));
    EXPECT_EQ(err.str(), "");
    progress.update(3U << 20U, 8U << 20U, start + milliseconds(600));
    progress.update(4U << 20U, 8U << 20U, start + milliseconds(650));
    EXPECT_EQ(err.str(), "\r\x1b[Khashing: 3 MiB of 8 MiB");
  }
  EXPECT_EQ(err.str(), "\r\x1b[Khashing: 3 MiB of 8 MiB\r\x1b[K");
  EXPECT_EQ(out.str(), "");
}

TEST(Progress, is_silent_where_there_is_no_terminal) {
  std::ostringstream out;
  std::ostringstream err;
  Io io{.out = out, .err = err};
  {
    Progress progress(io, "hashing", Progress::Clock::time_point{});
    progress.update(1, 2);
  }
  EXPECT_EQ(err.str(), "");
}

}  // namespace
}  // namespace etalon::cli
