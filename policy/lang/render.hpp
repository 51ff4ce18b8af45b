// SPDX-License-Identifier: Apache-2.0
// Writes a rule as the kernel reads it. Every kernel that takes some spelling of a rule takes this
// one, and reads the same rule from it: the action comes first, because template= must stand behind
// it, and digest_type= stands on the side of appraise_type= that the kernel accepts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/lang/rule.hpp"

namespace etalon::policy {

// Without a newline: "measure func=BPRM_CHECK uid=1001".
std::string render_rule(const Rule& rule);

// "=", ">" or "<"
std::string_view sign(Compare compare);
// "a|b|c"
std::string joined(const std::vector<std::string>& items, std::string_view separator);

}  // namespace etalon::policy
