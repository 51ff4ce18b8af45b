// SPDX-License-Identifier: Apache-2.0
// How far a configuration lets an option go: y, m or n, by the needs and pulls of options().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/config/kconfig.hpp"
#include "kernel/options/options.hpp"
#include "tools/base/kernel_version.hpp"

namespace etalon::kconfig {

enum class Tristate : std::uint8_t { n, m, y };

// Of a symbol's value; n for one that is none of the three.
Tristate tristate(const Config& config, std::string_view symbol);
std::string_view text(Tristate value);

// What all needs that are sure for this kernel leave of an option.
Tristate limit(const Config& config, const Option& option, KernelVersion kernel);
// What the options that pull it make of it at least.
Tristate pulled(const Config& config, const Option& option, KernelVersion kernel);

// The symbols that are not as the option needs them, those that the others need first; also where
// it is not sure that this kernel has the need.
std::vector<std::string> unmet_needs(const Config& config, std::string_view symbol,
                                     KernelVersion kernel);

}  // namespace etalon::kconfig
