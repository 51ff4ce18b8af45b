// SPDX-License-Identifier: Apache-2.0
#include "kernel/config/dependencies.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/config/kconfig.hpp"
#include "kernel/options/options.hpp"
#include "tools/base/kernel_version.hpp"

namespace etalon::kconfig {
namespace {

Tristate met(const Config& config, const Need& need) {
  Tristate value = tristate(config, need.symbol);
  if (!need.alternative.empty()) value = std::max(value, tristate(config, need.alternative));
  return need.level == Level::builtin && value != Tristate::y ? Tristate::n : value;
}

// Depth first, so that what others need comes before them; the needs of the table have no circle.
void collect(const Config& config, std::string_view symbol, KernelVersion kernel,
             std::vector<std::string>& unmet) {
  for (const Need& need : needs()) {
    if (need.option != symbol || holds(need.versions, kernel) == Known::no) continue;
    if (met(config, need) != Tristate::n) continue;
    collect(config, need.symbol, kernel, unmet);
    if (std::ranges::find(unmet, need.symbol) == unmet.end()) unmet.emplace_back(need.symbol);
  }
}

}  // namespace

Tristate tristate(const Config& config, std::string_view symbol) {
  const std::string_view value = config.value(symbol);
  if (value == "y") return Tristate::y;
  return value == "m" ? Tristate::m : Tristate::n;
}

std::string_view text(Tristate value) {
  if (value == Tristate::n) return "n";
  return value == Tristate::m ? "m" : "y";
}

Tristate limit(const Config& config, const Option& option, KernelVersion kernel) {
  Tristate least = Tristate::y;
  for (const Need& need : needs()) {
    if (need.option == option.symbol && holds(need.versions, kernel) == Known::yes)
      least = std::min(least, met(config, need));
  }
  // What cannot be a module is built in beside one.
  const bool whole = option.type != OptionType::tristate && least == Tristate::m;
  return whole ? Tristate::y : least;
}

Tristate pulled(const Config& config, const Option& option, KernelVersion kernel) {
  Tristate most = Tristate::n;
  for (const Pull& pull : pulls()) {
    if (pull.option != option.symbol || holds(pull.versions, kernel) != Known::yes) continue;
    if (!pull.only_with.empty() && tristate(config, pull.only_with) == Tristate::n) continue;
    most = std::max(most, tristate(config, pull.by));
  }
  return option.type != OptionType::tristate && most == Tristate::m ? Tristate::y : most;
}

std::vector<std::string> unmet_needs(const Config& config, std::string_view symbol,
                                     KernelVersion kernel) {
  std::vector<std::string> unmet;
  collect(config, symbol, kernel, unmet);
  return unmet;
}

}  // namespace etalon::kconfig
