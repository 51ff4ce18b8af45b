// SPDX-License-Identifier: Apache-2.0
// What a kernel accepts and its author hardly wanted. An id never changes its meaning; each finding
// says what to do about it. docs/formats/policy-check.md lists the ids.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

// Findings of a file, by line; `judged` is what judge_policy() said of the same text.
std::vector<LintFinding> lint_policy(std::string_view text, const JudgedPolicy& judged);

}  // namespace etalon::policy
