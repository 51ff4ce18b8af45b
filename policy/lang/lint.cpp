// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/lint.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/lang/load.hpp"
#include "policy/lang/rule.hpp"

namespace etalon::policy {
namespace {

// Linux, include/uapi/linux/magic.h: TMPFS_MAGIC. The root of a system that lives in its initrd is
// a tmpfs, unless the command line says root= or rootfstype=.
constexpr std::uint64_t tmpfs = 0x0102'1994;
constexpr unsigned last_pcr = 23;  // of a TPM 2.0 for PCs

void add_form(std::string_view text, std::vector<LintFinding>& findings) {
  if (!text.empty() && !text.ends_with('\n')) {
    findings.push_back({.id = "no-final-newline",
                        .severity = Severity::warning,
                        .message = "a kernel that is given the path of this file refuses it",
                        .fix = "end the last line with a newline"});
  }
}

void add_long_line(const JudgedLine& line, std::vector<LintFinding>& findings) {
  if (line.text.size() <= max_write) return;
  findings.push_back({.id = "long-line",
                      .severity = Severity::error,
                      .line = line.number,
                      .message = "written to the kernel as text, the line loses its byte " +
                                 std::to_string(max_write + 1) +
                                 ", and what is behind it becomes a rule of its own",
                      .fix = "split the rule, or load the file by its path"});
}

// Accepted, and then every extend fails: the kernel checks its own mask of 64 bits, not the TPM.
void add_pcr(const JudgedLine& line, const Rule& rule, std::vector<LintFinding>& findings) {
  const unsigned pcr = rule.pcr.value_or(0);
  if (pcr <= last_pcr) return;
  findings.push_back({.id = "pcr-beyond-tpm",
                      .severity = Severity::error,
                      .line = line.number,
                      .message = "PCR " + std::to_string(pcr) +
                                 " is accepted, but no TPM has it: every extend will fail",
                      .fix = "use a PCR from 0 to 23 that nothing else extends"});
}

bool measures_programs(const Rule& rule) {
  return rule.action == Action::measure &&
         (!rule.func || *rule.func == Func::bprm_check || *rule.func == Func::mmap_check ||
          *rule.func == Func::file_check || *rule.func == Func::creds_check);
}

// First match wins, so an exclusion only counts for the measure rules behind it.
void add_tmpfs(const JudgedLine& line, const Rule& rule, bool measured_before,
               std::vector<LintFinding>& findings) {
  if (rule.action != Action::dont_measure || rule.fsmagic != tmpfs || rule.func || rule.mask ||
      rule.user || rule.group || rule.fowner || rule.fgroup || rule.fsname || rule.fsuuid ||
      measured_before) {
    return;
  }
  findings.push_back({.id = "tmpfs-excluded",
                      .severity = Severity::warning,
                      .line = line.number,
                      .message = "a root file system that lives in the initrd is a tmpfs: no "
                                 "program, library or module in it will be measured",
                      .fix = "limit the rule to func=FILE_CHECK, or put measure rules with "
                             "fsname=rootfs before it"});
}

}  // namespace

std::string_view name(Severity severity) {
  return severity == Severity::error ? "error" : "warning";
}

std::vector<LintFinding> lint_policy(std::string_view text, const JudgedPolicy& judged) {
  std::vector<LintFinding> findings;
  add_form(text, findings);
  bool measured = false;
  bool programs = false;
  for (const JudgedLine& line : judged.rules) {
    add_long_line(line, findings);
    if (!line.verdict.rule) {
      measured = true;  // what it would do is not known
      continue;
    }
    const Rule& rule = *line.verdict.rule;
    add_pcr(line, rule, findings);
    add_tmpfs(line, rule, programs, findings);
    measured = measured || rule.action == Action::measure;
    programs = programs || measures_programs(rule);
  }
  if (!measured) {
    findings.push_back({.id = "nothing-measured",
                        .severity = Severity::warning,
                        .message = "no rule measures anything: the list will hold boot_aggregate "
                                   "and nothing else",
                        .fix = "add measure rules"});
  }
  return findings;
}

}  // namespace etalon::policy
