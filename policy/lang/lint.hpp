// SPDX-License-Identifier: Apache-2.0
// What a kernel accepts and its author hardly wanted, and what it refuses for a reason that lies in
// how the file came about. An id never changes its meaning; each finding says what to do about it.
// docs/formats/policy-check.md lists the ids. Nothing here needs the image the policy is for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/lang/facts.hpp"
#include "policy/lang/load.hpp"

namespace etalon::policy {

enum class Severity : std::uint8_t { warning, error };

// "warning", "error"
std::string_view name(Severity severity);

struct LintFinding {
  std::string id{};
  Severity severity = Severity::warning;
  std::optional<std::size_t> line{};  // none: the file as a whole
  std::string message{};
  std::string fix{};

  bool operator==(const LintFinding&) const = default;
};

// Where the root file system is.
enum class Root : std::uint8_t { unknown, initrd, disk };

// The machine that will load the policy, as far as it is known; checks that need more are not made.
struct Machine {
  Root root = Root::unknown;
  std::optional<std::vector<std::string>> cmdline{};  // words of the kernel's command line
  std::vector<std::string> banks{};                   // active PCR banks: "sha256"; empty: unknown
};

// Findings of a file: those of the whole first, then by line. `judged` is what judge_policy() said
// of the same text for the same kernel.
std::vector<LintFinding> lint_policy(std::string_view text, const JudgedPolicy& judged,
                                     const KernelFacts& kernel, const Machine& machine = {});

}  // namespace etalon::policy
