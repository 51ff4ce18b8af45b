// SPDX-License-Identifier: Apache-2.0
// What the tests of check_config() share: the captured configurations, and looking for a result.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "kernel/config/check.hpp"
#include "kernel/config/kconfig.hpp"
#include "kernel/options/features.hpp"
#include "tests/support/source_files.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/kernel_version.hpp"

namespace etalon::kconfig {

using Words = std::vector<std::string>;

inline std::string data(const std::string& name) {
  const Bytes bytes = test::source_file("tests/data/kernel-config/" + name);
  return std::string(as_text(bytes));
}

inline Config parsed(const std::string& text) {
  const auto config = Config::parse(text);
  EXPECT_TRUE(config.has_value()) << config.error().text();
  return config.value_or(Config());
}

inline KernelVersion version(std::string_view text) {
  return parse_kernel_version(text).value_or(KernelVersion());
}

inline const Finding* find(const Checked& result, std::string_view id) {
  const auto found = std::ranges::find(result.findings, id, &Finding::id);
  return found == result.findings.end() ? nullptr : &*found;
}

inline const Missing* find_missing(const Checked& result, std::string_view option) {
  const auto found = std::ranges::find(result.missing, option, &Missing::option);
  return found == result.missing.end() ? nullptr : &*found;
}

inline std::vector<Feature> all() {
  return {Feature::ima_appraise, Feature::evm, Feature::fs_verity, Feature::tdx_guest,
          Feature::vtpm};
}

inline constexpr Feature ima = Feature::ima;
inline constexpr Feature tdx = Feature::tdx_guest;

}  // namespace etalon::kconfig
