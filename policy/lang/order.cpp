// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/order.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/lang/load.hpp"
#include "policy/lang/rule.hpp"
#include "policy/lang/scope.hpp"

namespace etalon::policy {

ActionClass class_of(Action action) {
  switch (action) {
    case Action::measure:
    case Action::dont_measure:
      return ActionClass::measure;
    case Action::appraise:
    case Action::dont_appraise:
      return ActionClass::appraise;
    case Action::audit:
    case Action::dont_audit:
      return ActionClass::audit;
    case Action::hash:
    case Action::dont_hash:
      return ActionClass::hash;
  }
  return ActionClass::measure;
}

bool is_exclusion(Action action) {
  return action == Action::dont_measure || action == Action::dont_appraise ||
         action == Action::dont_audit || action == Action::dont_hash;
}

std::string_view name(ActionClass action_class) {
  constexpr std::array<std::string_view, 4> names = {"measure", "appraise", "audit", "hash"};
  return names.at(static_cast<std::size_t>(action_class));
}

std::vector<OrderedRule> order_rules(const JudgedPolicy& judged) {
  std::vector<OrderedRule> rules;
  Scopes scopes;
  for (const JudgedLine& line : judged.rules) {
    if (!line.verdict.rule) continue;
    if (rules.size() == max_ordered_rules) break;
    const Rule& rule = *line.verdict.rule;
    rules.push_back({.line = line.number,
                     .rule = rule,
                     .action_class = class_of(rule.action),
                     .scope = scopes.of(rule)});
  }
  std::array<std::vector<const Scope*>, 4> before;
  for (OrderedRule& rule : rules) {
    auto& same_class = before.at(static_cast<std::size_t>(rule.action_class));
    rule.decides = rest_of(rule.scope, same_class);
    same_class.push_back(&rule.scope);
  }
  return rules;
}

bool decides_in(const std::vector<OrderedRule>& rules, ActionClass action_class,
                const Scope& where) {
  return std::ranges::any_of(rules, [&](const OrderedRule& rule) {
    return rule.action_class == action_class && !is_exclusion(rule.rule.action) &&
           std::ranges::any_of(rule.decides.parts,
                               [&](const Scope& part) { return meet(part, where); });
  });
}

Scope scope_of(SituationSet when) {
  Scope scope{.when = when};
  scope.values.fill(ValueSet::all());
  return scope;
}

}  // namespace etalon::policy
