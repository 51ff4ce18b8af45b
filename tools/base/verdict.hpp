// SPDX-License-Identifier: Apache-2.0
// What a relying party is told of evidence. Pass needs at least one thing compared that somebody
// vouches for.
#pragma once

#include <cstdint>
#include <string_view>

namespace etalon {

enum class Verdict : std::uint8_t {
  pass,
  fail,
  inconclusive,  // nothing was wrong, and nothing signed or anchored could be compared
};

// "pass", "fail", "inconclusive"
std::string_view name(Verdict verdict);

}  // namespace etalon
