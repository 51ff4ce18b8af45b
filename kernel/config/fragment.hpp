// SPDX-License-Identifier: Apache-2.0
// A configuration fragment as scripts/kconfig/merge_config.sh of Linux takes it: what the asked-for
// features need of one kernel version, each line under a comment that says why. The text depends on
// the request alone. Only symbols stand in it that a configuration can set.
#pragma once

#include <string>

#include "kernel/config/request.hpp"
#include "tools/base/result.hpp"

namespace etalon::kconfig {

// Errors as check_request() has them, and usage for a name in `lsm` that cannot be one.
Result<std::string> write_fragment(const FragmentRequest& request);

}  // namespace etalon::kconfig
