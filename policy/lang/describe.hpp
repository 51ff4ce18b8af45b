// SPDX-License-Identifier: Apache-2.0
// Rules in plain English, ASCII and one line whatever the rule names: for `policy explain`, and for
// the comments of policies we write.
#pragma once

#include <string>
#include <string_view>

#include "policy/lang/rule.hpp"

namespace etalon::policy {

// "Measures shared libraries and other files mapped to execute, for processes of user 1001."
std::string describe_rule(const Rule& rule);

// What a rule asks for beside hook and access: "for processes of user 1001, on proc"; empty when
// it asks for nothing more.
std::string describe_conditions(const Rule& rule);

// What a hook is about: "kernel modules loaded from a file".
std::string_view describe_hook(Func func);

}  // namespace etalon::policy
