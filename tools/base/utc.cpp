// SPDX-License-Identifier: Apache-2.0
#include "tools/base/utc.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tools/base/result.hpp"

namespace etalon {
namespace {

constexpr std::int64_t seconds_per_day = 86400;
constexpr std::int64_t end_of_9999 = 253402300800;
constexpr std::string_view pattern = "dddd-dd-ddTdd:dd:ddZ";

bool has_shape(std::string_view text) {
  if (text.size() != pattern.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (pattern[i] == 'd' ? !digit : text[i] != pattern[i]) return false;
  }
  return true;
}

int number(std::string_view text, std::size_t at, std::size_t size) {
  int value = 0;
  (void)std::from_chars(text.data() + at, text.data() + at + size, value);
  return value;
}

void put(std::string& text, std::int64_t value, std::size_t width) {
  const std::string digits = std::to_string(value);
  text.append(width > digits.size() ? width - digits.size() : 0, '0').append(digits);
}

}  // namespace

Result<Utc> Utc::parse(std::string_view text) {
  const auto bad = [&] {
    return fail(ErrorCode::malformed,
                "not a time like 2026-07-01T12:00:00Z: '" + printable(text) + "'");
  };
  if (!has_shape(text)) return bad();
  const std::chrono::year_month_day day{
      std::chrono::year(number(text, 0, 4)),
      std::chrono::month(static_cast<unsigned>(number(text, 5, 2))),
      std::chrono::day(static_cast<unsigned>(number(text, 8, 2)))};
  const int hour = number(text, 11, 2);
  const int minute = number(text, 14, 2);
  const int second = number(text, 17, 2);
  if (!day.ok() || hour > 23 || minute > 59 || second > 59) return bad();
  const std::int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
  if (days < 0) return bad();
  return Utc(days * seconds_per_day + std::int64_t{hour} * 3600 + std::int64_t{minute} * 60 +
             second);
}

Result<Utc> Utc::from_unix(std::int64_t seconds) {
  if (seconds < 0 || seconds >= end_of_9999) {
    return fail(ErrorCode::malformed, "time outside the years 1970 to 9999");
  }
  return Utc(seconds);
}

std::string Utc::text() const {
  const std::chrono::year_month_day day{
      std::chrono::sys_days(std::chrono::days(seconds_ / seconds_per_day))};
  const std::int64_t rest = seconds_ % seconds_per_day;
  std::string text;
  put(text, static_cast<int>(day.year()), 4);
  put(text += '-', static_cast<unsigned>(day.month()), 2);
  put(text += '-', static_cast<unsigned>(day.day()), 2);
  put(text += 'T', rest / 3600, 2);
  put(text += ':', rest / 60 % 60, 2);
  put(text += ':', rest % 60, 2);
  return text += 'Z';
}

}  // namespace etalon
