// SPDX-License-Identifier: Apache-2.0
#include "kernel/config/merge.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "kernel/config/fragment.hpp"
#include "kernel/config/kconfig.hpp"
#include "kernel/options/features.hpp"
#include "kernel/options/options.hpp"
#include "tests/support/source_files.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/kernel_version.hpp"
#include "tools/base/result.hpp"

namespace etalon::kconfig {
namespace {

std::string data(const std::string& name) {
  const Bytes bytes = test::source_file("tests/data/kernel-config/" + name);
  return std::string(as_text(bytes));
}

TEST(KernelMerge, replaces_lines_and_puts_a_fragment_at_the_end) {
  const auto merged =
      merge("# head\nCONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=\"x\"\n# CONFIG_D was here\n",
            std::vector<std::string>{"# why\nCONFIG_B=y\n# CONFIG_A is not set", "CONFIG_AB=1\n"});
  ASSERT_TRUE(merged.has_value()) << merged.error().text();
  EXPECT_EQ(*merged,
            "# head\nCONFIG_C=\"x\"\n# CONFIG_D was here\n# why\nCONFIG_B=y\n"
            "# CONFIG_A is not set\nCONFIG_AB=1\n");
}

TEST(KernelMerge, takes_the_later_of_two_fragments) {
  const auto merged =
      merge("CONFIG_A=m\n", std::vector<std::string>{"CONFIG_A=y\n", "# CONFIG_A is not set\n"});
  ASSERT_TRUE(merged.has_value());
  EXPECT_EQ(*merged, "# CONFIG_A is not set\n");
}

TEST(KernelMerge, refuses_what_is_no_configuration) {
  const auto bad_base = merge("A=y\n", {});
  ASSERT_FALSE(bad_base.has_value());
  EXPECT_EQ(bad_base.error().code, ErrorCode::malformed);
  EXPECT_EQ(bad_base.error().message, "line 1: neither a comment nor CONFIG_...=");
  const auto bad_fragment = merge("CONFIG_A=y\n", std::vector<std::string>{"\nCONFIG_B"});
  ASSERT_FALSE(bad_fragment.has_value());
  EXPECT_EQ(bad_fragment.error().message, "line 2: neither a comment nor CONFIG_...=");
}

// What kconfig itself left of the same configuration, fragment and defect.
struct Case {
  const char* name;
  std::vector<Feature> features;
  std::string hash{};
  std::string tmplate{};
  std::string not_of{};  // a version in which an option that is no row selects another
};

std::vector<Feature> all() {
  return {Feature::ima_appraise, Feature::evm, Feature::fs_verity, Feature::tdx_guest,
          Feature::vtpm};
}

class KernelSettle : public testing::TestWithParam<Case> {};

TEST_P(KernelSettle, leaves_what_kconfig_left) {
  for (const char* version : {"6.1", "6.12", "7.2"}) {
    if (version == GetParam().not_of) continue;
    const KernelVersion kernel = parse_kernel_version(version).value();
    std::vector<std::string> fragments;
    if (!GetParam().features.empty()) {
      const auto fragment = write_fragment({.features = GetParam().features,
                                            .kernel = kernel,
                                            .hash = GetParam().hash,
                                            .tmplate = GetParam().tmplate});
      ASSERT_TRUE(fragment.has_value()) << fragment.error().text();
      fragments.push_back(*fragment);
    }
    fragments.push_back(data("settled/" + std::string(GetParam().name) + ".defect"));
    const auto merged = merge(data("config-" + std::string(version)), fragments);
    ASSERT_TRUE(merged.has_value()) << merged.error().text();
    const auto given = Config::parse(*merged);
    ASSERT_TRUE(given.has_value()) << given.error().text();
    const Config settled = settle(*given, kernel);
    const auto real =
        Config::parse(data("settled/" + std::string(version) + "-" + GetParam().name));
    ASSERT_TRUE(real.has_value()) << real.error().text();
    for (const Option& option : options())
      EXPECT_EQ(settled.value(option.symbol), real->value(option.symbol))
          << version << " " << option.symbol;
    EXPECT_EQ(settled.value("IMA_DEFAULT_HASH"), real->value("IMA_DEFAULT_HASH")) << version;
    EXPECT_EQ(settled.value("IMA_DEFAULT_TEMPLATE"), real->value("IMA_DEFAULT_TEMPLATE"))
        << version;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, KernelSettle,
    testing::Values(Case{"all", all()}, Case{"stock", {}},
                    Case{"ima-sha512", {Feature::ima}, "sha512", "ima-sig"},
                    Case{"sha512-unavailable", {}, "", "", "6.12"}, Case{"sm3-unavailable", {}},
                    Case{"sha1-last", {}}, Case{"no-efi", all()},
                    Case{"sha512-module", {Feature::ima}, "sha512", "", "6.12"},
                    Case{"no-security", all()}, Case{"no-guest", all()}, Case{"no-acpi", all()},
                    Case{"no-virt-drivers", all()}, Case{"no-ima", all()}, Case{"tpm-modules", {}},
                    Case{"driver-module", all()}),
    [](const auto& row) {
      std::string name = row.param.name;
      for (char& c : name)
        if (c == '-') c = '_';
      return name;
    });

}  // namespace
}  // namespace etalon::kconfig
