// SPDX-License-Identifier: Apache-2.0
#include "kernel/config/lsm.hpp"

#include <algorithm>
#include <string_view>

#include "kernel/options/features.hpp"
#include "kernel/options/options.hpp"
#include "tools/base/kernel_version.hpp"

namespace etalon::kconfig {
namespace {

constexpr Versions integrity_lsm{.last_with = {.version = 6, .patchlevel = 7},
                                 .first_without = {.version = 6, .patchlevel = 12}};

}  // namespace

bool is_integrity_feature(Feature feature) {
  return feature == Feature::ima || feature == Feature::ima_appraise || feature == Feature::evm;
}

Known needs_integrity_lsm(KernelVersion kernel) {
  return holds(integrity_lsm, kernel);
}

bool lists(std::string_view list, std::string_view name) {
  while (true) {
    const std::string_view word = list.substr(0, list.find(','));
    if (word == name) return true;
    if (word.size() == list.size()) return false;
    list.remove_prefix(word.size() + 1);
  }
}

}  // namespace etalon::kconfig
