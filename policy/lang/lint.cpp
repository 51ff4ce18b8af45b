// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/lint.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

#include "policy/lang/facts.hpp"
#include "policy/lang/lint_checks.hpp"
#include "policy/lang/load.hpp"
#include "policy/lang/order.hpp"

namespace etalon::policy {

std::string_view name(Severity severity) {
  return severity == Severity::error ? "error" : "warning";
}

std::vector<LintFinding> lint_policy(std::string_view text, const JudgedPolicy& judged,
                                     const KernelFacts& kernel, const Machine& machine) {
  const LintInput input{.text = text,
                        .judged = judged,
                        .kernel = kernel,
                        .machine = machine,
                        .rules = order_rules(judged)};
  Findings findings;
  lint_text(input, findings);
  lint_rules(input, findings);
  lint_order(input, findings);
  lint_gaps(input, findings);
  lint_machine(input, findings);
  const auto line = [](const LintFinding& finding) { return finding.line.value_or(0); };
  std::ranges::stable_sort(findings, {}, line);
  return findings;
}

}  // namespace etalon::policy
