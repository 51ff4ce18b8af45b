// SPDX-License-Identifier: Apache-2.0
// What a policy means as a whole: which rule decides about what, and what none of them covers. It
// rests on the sets of scope.hpp, so that "never" is said only of what no rule can match.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/lang/load.hpp"
#include "policy/lang/order.hpp"
#include "policy/lang/parse.hpp"

namespace etalon::policy {

struct ExplainedRule {
  std::size_t line = 0;
  std::string text{};     // the rule in its canonical spelling; as it stands when it is refused
  std::string meaning{};  // empty when it is refused
  Accepted accepted = Accepted::no;
  std::string reason{};  // of a refusal, or what acceptance depends on
};

enum class Covered : std::uint8_t { no, part, yes };

// "no", "part", "yes"
std::string_view name(Covered covered);

// What one rule decides of a subject.
struct CoverageRule {
  std::size_t line = 0;
  bool covered = true;  // false: by a rule that excludes
  std::string which{};  // "for processes of user 1001"; "all", "all others"
};

// Something that happens to files, and what the policy makes of it.
struct Coverage {
  std::string_view id{};     // "executed"
  std::string_view hooks{};  // "BPRM_CHECK"
  std::string_view what{};   // for people
  Covered covered = Covered::no;
  std::vector<CoverageRule> decisions{};  // in order; the first that matches counts
  bool rest = true;                       // there is more than these decide: it is not covered
};

struct ClassCoverage {
  ActionClass action_class = ActionClass::measure;
  std::vector<Coverage> subjects{};
};

struct Explanation {
  std::vector<ExplainedRule> rules{};
  std::vector<ClassCoverage> classes{};  // measure always, the others when rules are about them
  std::vector<std::string> gaps{};       // what this policy does not measure
  std::vector<std::string> limits{};     // what no policy can
};

// `judged` as for a kernel whose security modules know their labels.
Explanation explain_policy(const JudgedPolicy& judged);

}  // namespace etalon::policy
