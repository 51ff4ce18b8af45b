// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "policy/lang/file_system_types.hpp"
#include "policy/lang/lint.hpp"
#include "policy/lang/lint_checks.hpp"
#include "policy/lang/order.hpp"
#include "policy/lang/rule.hpp"
#include "policy/lang/scope.hpp"
#include "tools/base/bytes.hpp"

namespace etalon::policy {
namespace {

constexpr unsigned last_pcr = 23;  // of a TPM 2.0 for PCs

bool limits_file_system(const Rule& rule) {
  return rule.fsmagic || rule.fsname || rule.fs_subtype || rule.fsuuid;
}

bool limits_owner(const Rule& rule) {
  return rule.user || rule.group || rule.fowner || rule.fgroup || !rule.lsm.empty();
}

// Accepted, and then every extend fails: the kernel checks its own mask of 64 bits, not the TPM.
void add_pcr(const OrderedRule& rule, Findings& findings) {
  const unsigned pcr = rule.rule.pcr.value_or(0);
  if (pcr <= last_pcr) return;
  findings.push_back({.id = "pcr-beyond-tpm",
                      .severity = Severity::error,
                      .line = rule.line,
                      .message = "PCR " + std::to_string(pcr) +
                                 " is accepted, but no TPM has it: every extend will fail",
                      .fix = "use a PCR from 0 to 23 that nothing else extends"});
}

void add_impossible(const OrderedRule& rule, Findings& findings) {
  if (!rule.scope.empty()) return;
  findings.push_back({.id = "impossible-rule",
                      .severity = Severity::error,
                      .line = rule.line,
                      .message = rule.scope.when == 0
                                     ? "the hook never passes this access: the rule never matches"
                                     : "no number is below 0: the rule never matches",
                      .fix = "a hook passes one access: MAY_EXEC where something is executed or "
                             "mapped, MAY_READ where the kernel reads a file; drop mask= there"});
}

void add_unknown_magic(const OrderedRule& rule, Findings& findings) {
  if (!rule.rule.fsmagic || !names_of(*rule.rule.fsmagic).empty()) return;
  findings.push_back(
      {.id = "fsmagic-unknown",
       .severity = Severity::warning,
       .line = rule.line,
       .message = "no file system is known to have the magic " + hex_number(*rule.rule.fsmagic),
       .fix = "compare it with include/uapi/linux/magic.h; the number is read as "
              "hexadecimal, with or without 0x"});
}

// An open for reading and writing passes both.
void add_exact_read(const OrderedRule& rule, Findings& findings) {
  const auto& mask = rule.rule.mask;
  const bool opens =
      (rule.scope.when & situations_of(Func::file_check, may_read)) != 0 && !rule.scope.empty();
  if (!opens || !mask || mask->contained || mask->access != Access::read ||
      is_exclusion(rule.rule.action))
    return;
  findings.push_back(
      {.id = "mask-read-exact",
       .severity = Severity::warning,
       .line = rule.line,
       .message = "mask=MAY_READ misses a file that is opened for reading and writing",
       .fix = "write mask=^MAY_READ"});
}

void add_log_explosion(const OrderedRule& rule, Findings& findings) {
  const Rule& what = rule.rule;
  const bool reads = (rule.scope.when & situations_of(Func::file_check, may_read)) != 0;
  if (what.action != Action::measure || !reads || limits_file_system(what) || limits_owner(what))
    return;
  if (!what.func) {
    findings.push_back({.id = "measures-everything",
                        .severity = Severity::warning,
                        .line = rule.line,
                        .message = "the rule measures every file that anyone reads, on every file "
                                   "system, /proc and /sys among them; the list lies in kernel "
                                   "memory and never shrinks",
                        .fix = "name a hook with func=, or a file system"});
  } else if (!what.mask) {
    findings.push_back({.id = "file-check-broad",
                        .severity = Severity::warning,
                        .line = rule.line,
                        .message = "the rule measures every file that anyone opens, those opened "
                                   "only for writing too",
                        .fix = "add mask=^MAY_READ, and uid= or euid= of whom it is about"});
  }
}

}  // namespace

void lint_rules(const LintInput& input, Findings& findings) {
  for (const OrderedRule& rule : input.rules) {
    add_pcr(rule, findings);
    add_impossible(rule, findings);
    add_unknown_magic(rule, findings);
    add_exact_read(rule, findings);
    add_log_explosion(rule, findings);
  }
}

}  // namespace etalon::policy
