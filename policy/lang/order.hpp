// SPDX-License-Identifier: Apache-2.0
// A policy as the kernel walks it: measure, appraise, audit and hash are decided apart from each
// other, and in each the first rule that matches decides; dont_X decides "no". So what a rule
// decides is what it matches less what the rules of its class before it match.
// Source: Linux 5.10 to 7.2, ima_match_policy().
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "policy/lang/load.hpp"
#include "policy/lang/rule.hpp"
#include "policy/lang/scope.hpp"

namespace etalon::policy {

enum class ActionClass : std::uint8_t { measure, appraise, audit, hash };

ActionClass class_of(Action action);
// dont_measure and its like.
bool is_exclusion(Action action);
// "measure", …
std::string_view name(ActionClass action_class);

struct OrderedRule {
  std::size_t line = 0;
  Rule rule{};
  ActionClass action_class = ActionClass::measure;
  Scope scope{};
  Rest decides{};  // its part of `scope`
};

// Comparing is quadratic. A policy of a distribution has some fifty rules, one with a label per
// domain a thousand; what stands behind these is not compared.
inline constexpr std::size_t max_ordered_rules = 2048;

// The rules of a policy that have a meaning, refused ones left out.
std::vector<OrderedRule> order_rules(const JudgedPolicy& judged);

// Whether some rule of `rules` that says yes decides something in `where`, which is a product like
// a rule's own scope.
bool decides_in(const std::vector<OrderedRule>& rules, ActionClass action_class,
                const Scope& where);

// A scope that asks for nothing but these hooks.
Scope scope_of(SituationSet when);

}  // namespace etalon::policy
