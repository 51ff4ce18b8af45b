// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/parse.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "policy/lang/facts.hpp"
#include "policy/lang/rule.hpp"
#include "policy/lang/rule_parser.hpp"

namespace etalon::policy {
namespace {

Verdict judge(std::string_view rule, const KernelFacts& kernel, const Oracle::Assumed& assumed) {
  Oracle oracle(kernel, assumed);
  Rule parsed;
  const Outcome refusal = read_rule(rule, oracle, parsed);
  if (const auto& open = oracle.open()) {
    Oracle::Assumed with = assumed;
    with[*open] = true;
    Verdict yes = judge(rule, kernel, with);
    with[*open] = false;
    Verdict no = judge(rule, kernel, with);
    if (yes.accepted == no.accepted && yes.code == no.code) return no;
    std::optional<Rule> taken = std::move(yes.rule ? yes.rule : no.rule);
    return {
        .accepted = Accepted::unknown, .reason = "depends on " + *open, .rule = std::move(taken)};
  }
  if (refusal) return {.accepted = Accepted::no, .code = refusal->code, .reason = refusal->reason};
  return {.accepted = Accepted::yes, .rule = std::move(parsed)};
}

}  // namespace

std::string_view name(Errno code) {
  switch (code) {
    case Errno::none:
      return "";
    case Errno::einval:
      return "EINVAL";
    case Errno::erange:
      return "ERANGE";
  }
  return "";
}

Verdict judge_rule(std::string_view line, const KernelFacts& kernel) {
  const std::size_t start = std::min(line.find_first_not_of(" \t"), line.size());
  const std::string_view rule = line.substr(start);
  if (rule.empty() || rule.starts_with('#')) return {.accepted = Accepted::yes};
  return judge(rule, kernel, {});
}

}  // namespace etalon::policy
