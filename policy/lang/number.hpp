// SPDX-License-Identifier: Apache-2.0
// Numbers as the kernel's kstrtoul() family reads them: an optional "+", for base 16 an optional
// "0x" or "0X", then digits to the end of the text, of which there must be one.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace etalon::policy {

enum class NumberFault : std::uint8_t { none, no_number, too_large };

struct Number {
  std::uint64_t value = 0;
  NumberFault fault = NumberFault::none;
};

// `base` is 10 or 16; too_large beyond 64 bits.
Number parse_number(std::string_view text, unsigned base);

}  // namespace etalon::policy
