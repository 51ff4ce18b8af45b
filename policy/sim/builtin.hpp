// SPDX-License-Identifier: Apache-2.0
// The measuring rules of the policies a kernel carries and `ima_policy=` names, as policy text.
// Source: Linux 5.10.262,
// 6.1.192, 6.12.107 and 7.2.13, security/integrity/ima/ima_policy.c, dont_measure_rules,
// original_measurement_rules, default_measurement_rules and critical_data_rules; the tmpfs rule is
// narrower from 6.14 on (commit 7eef7c8bac9a). Rules of the architecture, which Secure Boot adds in
// front, are not among them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/base/kernel_version.hpp"

namespace etalon::policy {

struct BuiltinPolicy {
  std::string text{};                  // one rule a line, in the order the kernel has them
  std::vector<std::string> unknown{};  // words the kernel prints an error for
};

// `words` is what stands behind ima_policy=, several separated by blanks or "|"; their order does
// not matter, the lists' does: tcb, then critical_data.
BuiltinPolicy builtin_policy(std::string_view words, KernelVersion kernel);

}  // namespace etalon::policy
