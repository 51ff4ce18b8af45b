// SPDX-License-Identifier: Apache-2.0
// Compares a final configuration, and the command line it is booted with, with what features need:
// what is missing and which unmet dependency made it vanish, and what is there and does harm to
// measurements. docs/formats/kernel-check.md lists the findings; an id never changes its meaning.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/config/kconfig.hpp"
#include "kernel/config/request.hpp"
#include "tools/base/result.hpp"

namespace etalon::kconfig {

enum class Severity : std::uint8_t { note, warning, error };

// "note", "warning", "error"
std::string_view name(Severity severity);

struct Finding {
  std::string id{};
  Severity severity = Severity::warning;
  std::string message{};
  std::string fix{};

  bool operator==(const Finding&) const = default;
};

// An option that is not as a feature needs it. Symbols are written with CONFIG_.
struct Missing {
  std::string option{};
  std::string want{};
  std::string have{};                // n also where there is no line
  std::string why{};                 // what the option is for
  std::vector<std::string> needs{};  // what is not set either and comes first, in this order

  bool operator==(const Missing&) const = default;
};

struct CheckInput {
  const Config& config;
  FragmentRequest request{};
  std::optional<std::vector<std::string>> cmdline{};  // its words; nothing: not known
  std::vector<std::string> banks{};                   // active PCR banks; empty: not known
};

struct Checked {
  std::vector<Missing> missing{};
  std::vector<Finding> findings{};

  // Nothing is missing and no finding is an error.
  bool ok() const;
};

// Errors as check_request() has them.
Result<Checked> check_config(const CheckInput& input);

}  // namespace etalon::kconfig
