// SPDX-License-Identifier: Apache-2.0
// What a complete rule must satisfy, after its words have been read one by one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "policy/lang/rule.hpp"

namespace etalon::policy {

// What words said and Rule does not keep, because it changes nothing once the rule is accepted.
struct Said {
  bool action = false;
};

// Why the kernel refuses the rule; nothing when it does not.
std::optional<std::string> validate_rule(const Rule& rule, const Said& said);

}  // namespace etalon::policy
