// SPDX-License-Identifier: Apache-2.0
// What the verbs of `etalon policy` share: the kernel a policy is for, and how verdicts are shown.
#pragma once

#include <string>
#include <string_view>

#include "policy/lang/facts.hpp"
#include "policy/lang/lint.hpp"
#include "policy/lang/parse.hpp"
#include "tools/base/result.hpp"
#include "tools/codec/json.hpp"

namespace etalon::build {

// The value of --kernel; a version that is not known is a fault of the command line.
Result<KernelVersion> kernel_option(const std::string& text);

// The values of --kernel and --config; the second may be empty.
Result<policy::KernelFacts> kernel_facts(const std::string& kernel, const std::string& config,
                                         policy::Labels labels = policy::Labels::not_yet);

// true, false, or null where it is open
Json accepted_json(policy::Accepted accepted);
// {id, severity, line, message, fix}
Json finding_json(const policy::LintFinding& finding);
// "accepted", "refused", "open"
std::string_view word(policy::Accepted accepted);

}  // namespace etalon::build
