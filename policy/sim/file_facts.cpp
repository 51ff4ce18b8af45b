// SPDX-License-Identifier: Apache-2.0
#include "policy/sim/file_facts.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace etalon::policy {

std::string mask_text(AccessMask mask) {
  constexpr std::array<std::string_view, 4> names = {"MAY_EXEC", "MAY_WRITE", "MAY_READ",
                                                     "MAY_APPEND"};
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if ((mask >> i & 1U) == 0) continue;
    if (!text.empty()) text += '|';
    text += names.at(i);
  }
  return text;
}

std::string_view name(FileKind kind) {
  constexpr std::array<std::string_view, file_kinds> names = {"program",  "loader", "library",
                                                              "script",   "module", "packed-module",
                                                              "firmware", "policy", "data"};
  return names.at(static_cast<std::size_t>(kind));
}

}  // namespace etalon::policy
