// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/label.hpp"

#include <string_view>

namespace etalon::policy {

bool names_unconfined(std::string_view label) {
  constexpr std::string_view unconfined = "unconfined";
  constexpr std::string_view separator = "//&";
  if (label.starts_with('&')) label.remove_prefix(1);
  while (true) {
    const std::string_view part = label.substr(0, label.find(separator));
    const bool last = part.size() == label.size();
    if (!unconfined.starts_with(part) || (part.empty() && !last)) return false;
    if (last) return true;
    label.remove_prefix(part.size() + separator.size());
  }
}

}  // namespace etalon::policy
