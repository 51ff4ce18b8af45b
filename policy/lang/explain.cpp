// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/explain.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/lang/describe.hpp"
#include "policy/lang/load.hpp"
#include "policy/lang/order.hpp"
#include "policy/lang/parse.hpp"
#include "policy/lang/render.hpp"
#include "policy/lang/rule.hpp"
#include "policy/lang/scope.hpp"

namespace etalon::policy {
namespace {

struct Use {
  std::string_view id;
  std::string_view hooks;
  std::string_view what;
  SituationSet when;
  bool always;  // listed although no rule covers it
};

// Some hooks see what another one sees as well, and are listed only where rules use them.
std::vector<Use> subjects() {
  return {
      {"executed", "BPRM_CHECK", "programs and #! scripts that are executed",
       situations_of(Func::bprm_check), true},
      {"executed-identity", "CREDS_CHECK", "programs that are executed, by the identity they get",
       situations_of(Func::creds_check), false},
      {"opened-to-execute", "FILE_CHECK",
       "programs, scripts and loaders as the kernel opens them to execute",
       situations_of(Func::file_check, may_exec), false},
      {"mapped", "MMAP_CHECK", "libraries and other files mapped to execute",
       situations_of(Func::mmap_check), true},
      {"mapped-as-asked", "MMAP_CHECK_REQPROT", "files that a program asks to map to execute",
       situations_of(Func::mmap_check_reqprot), false},
      {"read", "FILE_CHECK", "files that are read: scripts run as `sh FILE`, configuration, data",
       situations_of(Func::file_check, may_read, may_write), true},
      {"read-written", "FILE_CHECK", "files opened for reading and writing",
       situations_of(Func::file_check, may_read | may_write), true},
      {"written", "FILE_CHECK", "files opened for writing only",
       situations_of(Func::file_check, may_write, may_read), false},
      {"modules", "MODULE_CHECK", "kernel modules loaded from a file",
       situations_of(Func::module_check), true},
      {"firmware", "FIRMWARE_CHECK", "firmware that drivers load",
       situations_of(Func::firmware_check), true},
      {"kexec-kernel", "KEXEC_KERNEL_CHECK", "kernels loaded by kexec",
       situations_of(Func::kexec_kernel_check), true},
      {"kexec-initramfs", "KEXEC_INITRAMFS_CHECK", "initramfs images loaded by kexec",
       situations_of(Func::kexec_initramfs_check), true},
      {"kexec-cmdline", "KEXEC_CMDLINE", "the command line of a kernel loaded by kexec",
       situations_of(Func::kexec_cmdline), true},
      {"policies", "POLICY_CHECK", "IMA policies loaded by their path",
       situations_of(Func::policy_check), true},
      {"keys", "KEY_CHECK", "keys added to a keyring", situations_of(Func::key_check), true},
      {"critical-data", "CRITICAL_DATA", "critical data of the kernel",
       situations_of(Func::critical_data), true},
      {"signatures", "SETXATTR_CHECK", "what is written to security.ima",
       situations_of(Func::setxattr_check), false},
  };
}

// What only concerns buffers, or only the writing of security.ima, is not appraised, and the other
// way round.
bool concerns(ActionClass action_class, const Use& subject) {
  const SituationSet buffers = situations_of(Func::key_check) | situations_of(Func::critical_data) |
                               situations_of(Func::kexec_cmdline);
  if (action_class == ActionClass::measure)
    return subject.when != situations_of(Func::setxattr_check);
  return (subject.when & ~buffers) != 0;
}

SituationSet decided(const OrderedRule& rule) {
  SituationSet when = 0;
  for (const Scope& part : rule.decides.parts)
    when |= part.when;
  return when;
}

CoverageRule decision_of(const OrderedRule& rule, const Use& subject, bool first) {
  std::string which = describe_conditions(rule.rule);
  if (which.empty()) which = first ? "all" : "all others";
  if ((decided(rule) & subject.when) != subject.when) which += ", by some of the ways";
  return {.line = rule.line, .covered = !is_exclusion(rule.rule.action), .which = std::move(which)};
}

Coverage coverage_of(const std::vector<OrderedRule>& rules, ActionClass action_class,
                     const Use& subject) {
  Coverage coverage{.id = subject.id, .hooks = subject.hooks, .what = subject.what};
  std::vector<const Scope*> decided_scopes;
  for (const OrderedRule& rule : rules) {
    if (rule.action_class != action_class || (decided(rule) & subject.when) == 0) continue;
    coverage.decisions.push_back(decision_of(rule, subject, coverage.decisions.empty()));
    decided_scopes.push_back(&rule.scope);
  }
  coverage.rest = !rest_of(scope_of(subject.when), decided_scopes).parts.empty();
  const auto covers = [](const CoverageRule& decision) { return decision.covered; };
  if (std::ranges::any_of(coverage.decisions, covers)) {
    const bool all = !coverage.rest && std::ranges::all_of(coverage.decisions, covers);
    coverage.covered = all ? Covered::yes : Covered::part;
  }
  return coverage;
}

bool has_class(const std::vector<OrderedRule>& rules, ActionClass action_class) {
  return std::ranges::find(rules, action_class, &OrderedRule::action_class) != rules.end();
}

std::vector<ClassCoverage> classes_of(const std::vector<OrderedRule>& rules) {
  std::vector<ClassCoverage> classes;
  for (const ActionClass action_class :
       {ActionClass::measure, ActionClass::appraise, ActionClass::audit, ActionClass::hash}) {
    if (action_class != ActionClass::measure && !has_class(rules, action_class)) continue;
    ClassCoverage all{.action_class = action_class};
    for (const Use& subject : subjects()) {
      if (!concerns(action_class, subject)) continue;
      Coverage coverage = coverage_of(rules, action_class, subject);
      if (subject.always || coverage.covered != Covered::no)
        all.subjects.push_back(std::move(coverage));
    }
    classes.push_back(std::move(all));
  }
  return classes;
}

std::vector<ExplainedRule> rules_of(const JudgedPolicy& judged) {
  std::vector<ExplainedRule> rules;
  for (const JudgedLine& line : judged.rules) {
    const Verdict& verdict = line.verdict;
    rules.push_back({.line = line.number,
                     .text = verdict.rule ? render_rule(*verdict.rule) : line.text,
                     .meaning = verdict.rule ? describe_rule(*verdict.rule) : "",
                     .accepted = verdict.accepted,
                     .reason = verdict.reason});
  }
  return rules;
}

// The same processes, whatever file they use.
Scope of_same_processes(const Scope& scope, SituationSet when) {
  Scope out = scope;
  out.when = when;
  for (std::size_t i = 0; i < file_dimensions; ++i)
    out.values.at(i) = ValueSet::all();
  return out;
}

// "Whose programs are measured" is easily taken for "what they do is measured".
void add_process_gaps(const std::vector<OrderedRule>& rules, std::vector<std::string>& gaps) {
  constexpr std::array<std::string_view, 4> expected = {"mapped", "read", "modules", "firmware"};
  const SituationSet run = situations_of(Func::bprm_check) | situations_of(Func::creds_check);
  for (const OrderedRule& rule : rules) {
    const bool limited = rule.rule.user || rule.rule.group;
    if (rule.rule.action != Action::measure || !limited || (decided(rule) & run) == 0) continue;
    std::vector<std::string> missing;
    for (const Use& subject : subjects()) {
      const Scope there = of_same_processes(rule.scope, subject.when);
      if (std::ranges::find(expected, subject.id) != expected.end() &&
          !decides_in(rules, ActionClass::measure, there))
        missing.emplace_back(subject.what);
    }
    if (missing.empty()) continue;
    gaps.push_back("line " + std::to_string(rule.line) + " measures what is executed " +
                   describe_conditions(rule.rule) +
                   "; of the same processes no rule measures: " + joined(missing, "; "));
  }
}

void add_subject_gaps(const std::vector<Coverage>& measured, std::vector<std::string>& gaps) {
  const auto is_covered = [&measured](std::string_view id) {
    return std::ranges::any_of(measured, [id](const Coverage& coverage) {
      return coverage.id == id && coverage.covered != Covered::no;
    });
  };
  // Another hook that sees the same.
  const auto seen_otherwise = [&is_covered](std::string_view id) {
    if (id == "executed") return is_covered("executed-identity") || is_covered("opened-to-execute");
    return id == "mapped" && is_covered("mapped-as-asked");
  };
  for (const Coverage& coverage : measured) {
    if (coverage.covered != Covered::no || seen_otherwise(coverage.id)) continue;
    gaps.push_back("never measured: " + std::string(coverage.what) + " (" +
                   std::string(coverage.hooks) + ")");
  }
}

std::vector<std::string> limits() {
  return {
      "what happened before the policy was loaded",
      "what is not a regular file: pipes, sockets, the arguments of an interpreter",
      "memory that is made executable later, by mprotect",
      "modules that user space unpacks itself and hands over by init_module",
      "the second use of a file: until it changes it is listed once for each PCR, as first used",
  };
}

}  // namespace

std::string_view name(Covered covered) {
  switch (covered) {
    case Covered::no:
      return "no";
    case Covered::part:
      return "part";
    case Covered::yes:
      return "yes";
  }
  return "";
}

Explanation explain_policy(const JudgedPolicy& judged) {
  const std::vector<OrderedRule> rules = order_rules(judged);
  Explanation out{.rules = rules_of(judged), .classes = classes_of(rules), .limits = limits()};
  add_process_gaps(rules, out.gaps);
  add_subject_gaps(out.classes.front().subjects, out.gaps);
  return out;
}

}  // namespace etalon::policy
