// SPDX-License-Identifier: Apache-2.0
// Writes the policy of a recipe for one kernel: each rule under a comment that says what it does.
// The text is what every way of loading takes: ASCII, lines of at most 4095 bytes, no comment
// behind a rule, no blank line, a newline at the end. Nothing is written that the kernel would not
// accept for sure, or that the linter finds wrong.
#pragma once

#include <string>
#include <vector>

#include "policy/generate/recipe.hpp"
#include "policy/lang/facts.hpp"
#include "policy/lang/lint.hpp"
#include "policy/lang/rule.hpp"
#include "tools/base/result.hpp"

namespace etalon::policy {

// What an optional item asked for and this kernel cannot do, or not for sure.
struct LeftOut {
  Rule rule{};
  std::string reason{};

  bool operator==(const LeftOut&) const = default;
};

struct GeneratedPolicy {
  std::string text{};
  std::vector<LeftOut> left_out{};
  std::vector<LintFinding> warnings{};
};

// unsupported: what the recipe asks for this kernel refuses, or may refuse; malformed: the recipe
// contradicts itself. Errors name the item: "measure[2]".
Result<GeneratedPolicy> generate_policy(const Recipe& recipe, const KernelFacts& kernel);

}  // namespace etalon::policy
