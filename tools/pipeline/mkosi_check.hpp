// SPDX-License-Identifier: Apache-2.0
// Whether an mkosi project builds an image that measures what its policy says: the policy lies
// where something loads it, early enough, the kernel takes it, the command line does not speak
// against it, and the build leaves reference values. docs/formats/mkosi-check.md lists the
// findings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/lang/facts.hpp"
#include "policy/lang/lint.hpp"
#include "tools/base/result.hpp"
#include "tools/pipeline/mkosi_project.hpp"

namespace etalon::pipeline {

struct MkosiFinding {
  std::string id{};
  policy::Severity severity = policy::Severity::warning;
  std::string file{};  // empty: the project as a whole
  std::string message{};
  std::string fix{};

  bool operator==(const MkosiFinding&) const = default;
};

inline constexpr std::string_view ima_policy_path = "etc/ima/ima-policy";

Result<std::vector<MkosiFinding>> check_mkosi_project(const MkosiProject& project,
                                                      const policy::KernelFacts& kernel);

}  // namespace etalon::pipeline
