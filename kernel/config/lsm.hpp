// SPDX-License-Identifier: Apache-2.0
// The security module `integrity`: up to Linux 6.7 IMA and EVM keep what they know of a file in a
// cache that only this module creates, so it has to stand in CONFIG_LSM or lsm= (Linux 6.1,
// security/integrity/iint.c). Later IMA and EVM are modules of their own that are always on (Linux
// 6.12, ima_main.c and evm_main.c: LSM_ORDER_LAST).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kernel/options/features.hpp"
#include "kernel/options/options.hpp"
#include "tools/base/kernel_version.hpp"

namespace etalon::kconfig {

// IMA or EVM.
bool is_integrity_feature(Feature feature);

// unknown for 6.8 to 6.11, which were not looked at.
Known needs_integrity_lsm(KernelVersion kernel);

// Whether `name` is in a comma-separated list.
bool lists(std::string_view list, std::string_view name);

}  // namespace etalon::kconfig
