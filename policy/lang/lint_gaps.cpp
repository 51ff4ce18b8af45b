// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "kernel/config/kconfig.hpp"
#include "policy/lang/lint.hpp"
#include "policy/lang/lint_checks.hpp"
#include "policy/lang/load.hpp"
#include "policy/lang/order.hpp"
#include "policy/lang/rule.hpp"
#include "policy/lang/scope.hpp"

namespace etalon::policy {
namespace {

bool measures(const LintInput& input, SituationSet when) {
  return decides_in(input.rules, ActionClass::measure, scope_of(when));
}

// Whether the kernel is known to be without what the option brings.
bool lacks(const LintInput& input, const char* symbol) {
  const kconfig::Config* config = input.kernel.config();
  return config != nullptr && !config->is_builtin(symbol);
}

void add_nothing_measured(Findings& findings) {
  findings.push_back({.id = "nothing-measured",
                      .severity = Severity::warning,
                      .message = "no rule measures anything: the list will hold boot_aggregate "
                                 "and nothing else",
                      .fix = "add measure rules"});
}

void add_libraries(const LintInput& input, Findings& findings) {
  const SituationSet mapped = situations_of(Func::mmap_check) |
                              situations_of(Func::mmap_check_reqprot) |
                              situations_of(Func::file_check, may_read);
  if (measures(input, mapped)) return;
  findings.push_back({.id = "no-mmap-check",
                      .severity = Severity::warning,
                      .message = "programs are measured, the libraries they map are not",
                      .fix = "add measure func=MMAP_CHECK"});
}

void add_modules(const LintInput& input, Findings& findings) {
  if (measures(input, situations_of(Func::module_check)) || lacks(input, "MODULES")) return;
  findings.push_back({.id = "no-module-check",
                      .severity = Severity::warning,
                      .message = "programs are measured, kernel modules are not, though a module "
                                 "may do what no program can",
                      .fix = "add measure func=MODULE_CHECK"});
}

// A second policy can only be loaded into a kernel that was built for it.
void add_policies(const LintInput& input, Findings& findings) {
  if (measures(input, situations_of(Func::policy_check)) || lacks(input, "IMA_WRITE_POLICY"))
    return;
  findings.push_back({.id = "no-policy-check",
                      .severity = Severity::warning,
                      .message = "rules that are added later are not measured; this file itself is "
                                 "only measured by rules in force before it, as those of "
                                 "ima_policy=tcb",
                      .fix = "add measure func=POLICY_CHECK, or build the kernel without "
                             "CONFIG_IMA_WRITE_POLICY"});
}

}  // namespace

bool measures_executed(const LintInput& input) {
  return measures(input, executed());
}

bool is_complete(const JudgedPolicy& judged) {
  return std::ranges::all_of(
             judged.rules, [](const JudgedLine& line) { return line.verdict.rule.has_value(); }) &&
         judged.rules.size() <= max_ordered_rules;
}

void lint_gaps(const LintInput& input, Findings& findings) {
  if (!is_complete(input.judged)) return;
  if (!measures(input, ~SituationSet{0})) {
    add_nothing_measured(findings);
    return;
  }
  if (measures_executed(input)) {
    add_libraries(input, findings);
    add_modules(input, findings);
  }
  add_policies(input, findings);
}

}  // namespace etalon::policy
