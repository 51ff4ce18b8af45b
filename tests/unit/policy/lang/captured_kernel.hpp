// SPDX-License-Identifier: Apache-2.0
// The kernels whose verdicts stand in tests/data/ima-policy, with their own configurations.
#pragma once

#include <string>

#include "policy/lang/facts.hpp"

namespace etalon::test {

// "6.1", "6.12" or "7.2"
policy::KernelFacts captured_kernel(const std::string& version);

}  // namespace etalon::test
