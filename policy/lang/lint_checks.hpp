// SPDX-License-Identifier: Apache-2.0
// The parts of lint_policy(), by what they look at.
#pragma once

#include <string_view>
#include <vector>

#include "policy/lang/facts.hpp"
#include "policy/lang/lint.hpp"
#include "policy/lang/load.hpp"
#include "policy/lang/order.hpp"
#include "policy/lang/scope.hpp"

namespace etalon::policy {

struct LintInput {
  std::string_view text;
  const JudgedPolicy& judged;
  const KernelFacts& kernel;
  const Machine& machine;
  std::vector<OrderedRule> rules{};
};

using Findings = std::vector<LintFinding>;

// How the file is spelt: line ends, blanks, what copying did to it.
void lint_text(const LintInput& input, Findings& findings);
// Each rule by itself.
void lint_rules(const LintInput& input, Findings& findings);
// Rules against each other.
void lint_order(const LintInput& input, Findings& findings);
// What the policy as a whole leaves out.
void lint_gaps(const LintInput& input, Findings& findings);
// The policy against the machine: command line, configuration, PCR banks.
void lint_machine(const LintInput& input, Findings& findings);

// What an initramfs is, which decides what magic its files have. Source: Linux, do_mounts.c: ramfs
// without CONFIG_TMPFS, and where root= or rootfstype= is given without naming tmpfs.
enum class RootKind : std::uint8_t { unknown, initrd, tmpfs, ramfs, disk };

RootKind root_kind(const LintInput& input);

// Programs, scripts, libraries and loaders, by whichever hook.
SituationSet executed();
bool measures_executed(const LintInput& input);
// Whether every rule could be read; of a file that will be dropped nothing is said to be missing.
bool is_complete(const JudgedPolicy& judged);

}  // namespace etalon::policy
