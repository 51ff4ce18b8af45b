// SPDX-License-Identifier: Apache-2.0
// A point in time as Etalon writes it: RFC 3339 in UTC with whole seconds, "2026-07-01T12:00:00Z",
// and no other spelling, so that equal times are equal texts. Libraries never read a clock; a
// program passes the time in.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "tools/base/result.hpp"

namespace etalon {

class Utc {
 public:
  // Years 1970 to 9999; leap seconds are refused.
  static Result<Utc> parse(std::string_view text);
  // Seconds since 1970-01-01T00:00:00Z; malformed beyond year 9999 or before 1970.
  static Result<Utc> from_unix(std::int64_t seconds);

  std::int64_t unix_seconds() const { return seconds_; }

  std::string text() const;

  auto operator<=>(const Utc&) const = default;

 private:
  explicit Utc(std::int64_t seconds) : seconds_(seconds) {}

  std::int64_t seconds_;
};

}  // namespace etalon
