// SPDX-License-Identifier: Apache-2.0
// The kernels whose verdicts stand in tests/data/ima-policy, with their own configurations.
#pragma once

#include <string>
#include <vector>

#include "policy/lang/facts.hpp"

namespace etalon::test {

// "6.1", "6.12" or "7.2"
policy::KernelFacts captured_kernel(const std::string& version);

// A rule that was put to a booted kernel, as the tables in tests/data/ima-policy have it.
struct CapturedRule {
  std::string verdict{};
  std::string code{};
  std::string taken{};
  std::string rule{};
};

std::vector<CapturedRule> captured_rules(const std::string& name);

}  // namespace etalon::test
