// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "policy/lang/file_system_types.hpp"
#include "policy/lang/lint.hpp"
#include "policy/lang/lint_checks.hpp"
#include "policy/lang/order.hpp"
#include "policy/lang/rule.hpp"
#include "policy/lang/scope.hpp"

namespace etalon::policy {
namespace {

constexpr unsigned default_pcr = 10;  // CONFIG_IMA_MEASURE_PCR_IDX, unless configured

std::string line_text(const OrderedRule& rule) {
  return "line " + std::to_string(rule.line);
}

bool is_measure(const OrderedRule& rule) {
  return rule.rule.action == Action::measure;
}

bool same_outcome(const Rule& a, const Rule& b) {
  return a.pcr.value_or(default_pcr) == b.pcr.value_or(default_pcr) && a.templ == b.templ &&
         a.verity == b.verity;
}

// One access of one file by one process; which is no file for what names itself.
SituationSet of_files() {
  return ~(situations_of(Func::kexec_cmdline) | situations_of(Func::key_check) |
           situations_of(Func::critical_data) | situations_of(Func::setxattr_check));
}

bool includes(const Scope& outer, const Scope& inner) {
  const std::array<const Scope*, 1> cut = {&outer};
  return rest_of(inner, cut).parts.empty();
}

bool any_part(const OrderedRule& a, const OrderedRule& b,
              bool (*meets)(const Scope&, const Scope&)) {
  return std::ranges::any_of(a.decides.parts, [&](const Scope& left) {
    return std::ranges::any_of(b.decides.parts,
                               [&](const Scope& right) { return meets(left, right); });
  });
}

// A module is not executed and a program is no firmware; but any of them may also be opened.
bool may_be_one_file(const Scope& a, const Scope& b) {
  const SituationSet opened = situations_of(Func::file_check);
  const SituationSet run = executed() | opened;
  const SituationSet left = a.when & of_files();
  const SituationSet right = b.when & of_files();
  if (left == 0 || right == 0) return false;
  return (left & right) != 0 || ((left & run) != 0 && (right & run) != 0) ||
         ((left | right) & opened) != 0;
}

bool one_file_of_anyone(const Scope& a, const Scope& b) {
  return may_be_one_file(a, b) && meet_in_files(a, b);
}

// The same process and file, through hooks that may differ.
bool one_file_of_one_process(const Scope& a, const Scope& b) {
  Scope left = a;
  Scope right = b;
  left.when = right.when = 1;
  return may_be_one_file(a, b) && meet(left, right);
}

void add_shadowed(const std::vector<OrderedRule>& rules, Findings& findings) {
  for (const OrderedRule& rule : rules) {
    if (rule.scope.empty() || !rule.decides.parts.empty()) continue;
    std::string by;
    for (const OrderedRule& before : rules) {
      if (before.line >= rule.line) break;
      if (before.action_class == rule.action_class && meet(before.scope, rule.scope))
        by += (by.empty() ? "" : ", ") + std::to_string(before.line);
    }
    findings.push_back({.id = "shadowed-rule",
                        .severity = Severity::warning,
                        .line = rule.line,
                        .message = "the rule never decides: all it matches is matched before it, "
                                   "by line " +
                                   by,
                        .fix = "remove it, or put it before those"});
  }
}

bool met_between(const std::vector<OrderedRule>& rules, std::size_t first, std::size_t last) {
  for (std::size_t i = first + 1; i < last; ++i) {
    if (rules[i].action_class == ActionClass::measure && meet(rules[i].scope, rules[first].scope))
      return true;
  }
  return false;
}

// An earlier rule that a later one makes pointless, or two that differ in what they do and of which
// neither is the exception of the other.
void add_measured_twice(const std::vector<OrderedRule>& rules, Findings& findings) {
  for (std::size_t later = 0; later < rules.size(); ++later) {
    for (std::size_t first = 0; first < later; ++first) {
      const OrderedRule& a = rules[first];
      const OrderedRule& b = rules[later];
      if (!is_measure(a) || !is_measure(b) || a.decides.parts.empty() || b.decides.parts.empty() ||
          !meet(a.scope, b.scope))
        continue;
      const bool same = same_outcome(a.rule, b.rule);
      const bool within = includes(b.scope, a.scope);
      const bool pointless = same && within && !met_between(rules, first, later);
      if (!pointless && (same || within)) continue;
      findings.push_back(
          {.id = "hook-measured-twice",
           .severity = Severity::warning,
           .line = b.line,
           .message = pointless
                          ? "the rule measures all that " + line_text(a) + " does, in the same way"
                          : "where " + line_text(a) +
                                " matches too, that one decides template, PCR "
                                "and digest",
           .fix = pointless ? "remove " + line_text(a)
                            : "make the two rules match different things, or do the same"});
    }
  }
}

// The kernel remembers per file and PCR what it has measured.
void add_two_pcrs(const std::vector<OrderedRule>& rules, Findings& findings) {
  for (const OrderedRule& b : rules) {
    for (const OrderedRule& a : rules) {
      if (a.line >= b.line) break;
      const bool differ = a.rule.pcr.value_or(default_pcr) != b.rule.pcr.value_or(default_pcr);
      if (!is_measure(a) || !is_measure(b) || !differ || !any_part(a, b, one_file_of_one_process))
        continue;
      findings.push_back({.id = "file-in-two-pcrs",
                          .severity = Severity::warning,
                          .line = b.line,
                          .message = "a file that " + line_text(a) +
                                     " measures through another hook is measured again here, into "
                                     "another PCR",
                          .fix = "use one PCR for all hooks that meet the same files"});
      break;
    }
  }
}

// The digest is taken once per file; whichever rule comes first in time decides which.
void add_verity_mixed(const std::vector<OrderedRule>& rules, Findings& findings) {
  for (const OrderedRule& b : rules) {
    for (const OrderedRule& a : rules) {
      if (a.line >= b.line) break;
      if (!is_measure(a) || !is_measure(b) || a.rule.verity == b.rule.verity ||
          !any_part(a, b, one_file_of_anyone))
        continue;
      findings.push_back({.id = "verity-mixed",
                          .severity = Severity::error,
                          .line = b.line,
                          .message = "a file may meet this rule and " + line_text(a) +
                                     ", of which one asks for its fs-verity digest: the first "
                                     "access decides which digest is kept, and the list then calls "
                                     "a plain digest one of fs-verity",
                          .fix = "separate the two by file system: fsuuid=, fsmagic= or fsname="});
      break;
    }
  }
}

// An exclusion from execution of one file system and nothing else.
bool hides_executed(const OrderedRule& rule) {
  if (rule.rule.action != Action::dont_measure || (rule.scope.when & executed()) == 0) return false;
  return std::ranges::count_if(rule.scope.values,
                               [](const ValueSet& values) { return !values.is_all(); }) == 1;
}

// Whether what is executed from there is measured all the same, by a rule before the exclusion.
bool measured_from(const std::vector<OrderedRule>& rules, const OrderedRule& exclusion) {
  Scope there = exclusion.scope;
  there.when = executed();
  return decides_in(rules, ActionClass::measure, there);
}

void add_root_excluded(const LintInput& input, Findings& findings) {
  const RootKind kind = root_kind(input);
  if (kind == RootKind::disk) return;
  for (const OrderedRule& rule : input.rules) {
    const bool of_tmpfs = rule.rule.fsmagic == tmpfs_magic && kind != RootKind::ramfs;
    const bool of_ramfs = rule.rule.fsmagic == ramfs_magic && kind == RootKind::ramfs;
    const bool of_name = rule.rule.fsname == initramfs_name;
    if ((!of_tmpfs && !of_ramfs && !of_name) || !hides_executed(rule) ||
        measured_from(input.rules, rule))
      continue;
    const bool sure =
        kind == RootKind::tmpfs || kind == RootKind::ramfs || (of_name && kind == RootKind::initrd);
    findings.push_back(
        {.id = of_tmpfs ? "tmpfs-excluded" : "root-excluded",
         .severity = sure ? Severity::error : Severity::warning,
         .line = rule.line,
         .message = of_tmpfs
                        ? "a root file system that lives in the initrd is a tmpfs: no program, "
                          "library or module in it will be measured; the rule of ima_policy=tcb "
                          "is harmless from Linux 6.14 on, where it has func=FILE_CHECK, but one "
                          "written here stays as it is"
                        : "the rule excludes the root file system that lives in the initrd: no "
                          "program, library or module in it will be measured",
         .fix = "limit the rule to func=FILE_CHECK, which every kernel takes, or put measure rules "
                "with fsname=rootfs before it"});
  }
}

}  // namespace

SituationSet executed() {
  return situations_of(Func::bprm_check) | situations_of(Func::creds_check) |
         situations_of(Func::mmap_check) | situations_of(Func::mmap_check_reqprot) |
         situations_of(Func::file_check, may_exec);
}

void lint_order(const LintInput& input, Findings& findings) {
  add_shadowed(input.rules, findings);
  add_measured_twice(input.rules, findings);
  add_two_pcrs(input.rules, findings);
  add_verity_mixed(input.rules, findings);
  add_root_excluded(input, findings);
}

}  // namespace etalon::policy
