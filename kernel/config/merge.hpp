// SPDX-License-Identifier: Apache-2.0
// What becomes of a fragment: the text that scripts/kconfig/merge_config.sh makes of a
// configuration and fragments, and the final configuration that kconfig makes of that, as far as
// options() knows the options (Linux 6.12, scripts/kconfig: merge_config.sh, symbol.c).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "kernel/config/kconfig.hpp"
#include "tools/base/kernel_version.hpp"
#include "tools/base/result.hpp"

namespace etalon::kconfig {

// As `merge_config.sh -m`: a fragment's lines replace those of its symbols before it, and stand at
// the end. Every part must be a configuration.
Result<std::string> merge(std::string_view base, std::span<const std::string> fragments);

// Options whose dependencies are not met lose their lines, selected ones are on, of every choice
// one is, and what is not set has its default. Symbols that are no row of options() stay as they
// are.
Config settle(const Config& given, KernelVersion kernel);

}  // namespace etalon::kconfig
