// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/number.hpp"

#include <charconv>
#include <cstdint>
#include <string_view>
#include <system_error>

namespace etalon::policy {

Number parse_number(std::string_view text, unsigned base) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (base == 16 && (text.starts_with("0x") || text.starts_with("0X"))) text.remove_prefix(2);
  Number number;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto [stop, code] = std::from_chars(begin, end, number.value, static_cast<int>(base));
  // Digits that do not fit are told before what stands behind them.
  if (code == std::errc::result_out_of_range) {
    number.fault = NumberFault::too_large;
  } else if (code == std::errc::invalid_argument || stop != end) {
    number.fault = NumberFault::no_number;
  }
  return number;
}

}  // namespace etalon::policy
