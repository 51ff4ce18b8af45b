// SPDX-License-Identifier: Apache-2.0
#include "kernel/config/check.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "kernel/config/fragment.hpp"
#include "kernel/config/kconfig.hpp"
#include "kernel/config/merge.hpp"
#include "kernel/options/features.hpp"
#include "tests/unit/kernel/config/check_support.hpp"
#include "tools/base/result.hpp"

namespace etalon::kconfig {
namespace {

// A fragment over a configuration that somebody has is all that its features need.
TEST(KernelCheck, passes_what_a_fragment_makes_of_a_captured_configuration) {
  for (const std::string kernel : {"6.1", "6.12", "7.2"}) {
    for (const std::vector<Feature>& features :
         {all(), std::vector{ima}, std::vector{tdx}, std::vector{Feature::ima_appraise},
          std::vector{Feature::evm}, std::vector{Feature::fs_verity}, std::vector{Feature::vtpm}}) {
      const FragmentRequest request{.features = features, .kernel = version(kernel)};
      const auto fragment = write_fragment(request);
      ASSERT_TRUE(fragment.has_value()) << fragment.error().text();
      const auto merged = merge(data("config-" + kernel), std::vector<std::string>{*fragment});
      ASSERT_TRUE(merged.has_value()) << merged.error().text();
      const Config settled = settle(parsed(*merged), version(kernel));
      const auto result = check_config({.config = settled, .request = request, .cmdline = Words{}});
      ASSERT_TRUE(result.has_value()) << result.error().text();
      EXPECT_TRUE(result->ok());
      for (const Missing& missing : result->missing)
        ADD_FAILURE() << kernel << " " << missing.option;
    }
  }
}

TEST(KernelCheck, takes_kconfigs_own_word) {
  for (const std::string kernel : {"6.1", "6.12", "7.2"}) {
    const Config stock = parsed(data("config-" + kernel));
    const auto measured =
        check_config({.config = stock, .request = {.features = {ima}, .kernel = version(kernel)}});
    ASSERT_TRUE(measured.has_value());
    EXPECT_TRUE(measured->ok()) << kernel;
    EXPECT_NE(find(*measured, "policy-not-readable"), nullptr);
    EXPECT_EQ(find(*measured, "bank-padded") != nullptr, kernel == "6.1");
    const Config broken = parsed(data("settled/" + kernel + "-no-acpi"));
    const auto refused =
        check_config({.config = broken, .request = {.features = all(), .kernel = version(kernel)}});
    ASSERT_TRUE(refused.has_value());
    EXPECT_FALSE(refused->ok());
    EXPECT_EQ(find(*refused, "not-final"), nullptr) << find(*refused, "not-final")->message;
  }
}

TEST(KernelCheck, finds_no_kconfig_result_unfinished) {
  for (const std::string kernel : {"6.1", "6.12", "7.2"}) {
    for (const std::string name : {"all", "stock", "no-efi", "no-security", "no-guest", "no-acpi",
                                   "no-virt-drivers", "no-ima", "tpm-modules", "driver-module"}) {
      const Config config = parsed(data("settled/" + kernel + "-" + name));
      const auto result = check_config(
          {.config = config, .request = {.features = all(), .kernel = version(kernel)}});
      ASSERT_TRUE(result.has_value());
      for (const char* id : {"not-final", "option-unknown", "version-differs"}) {
        const Finding* finding = find(*result, id);
        EXPECT_EQ(finding, nullptr) << kernel << " " << name << " " << finding->message;
      }
    }
  }
}

TEST(KernelCheck, says_what_it_does_not_know) {
  Config config = parsed(data("settled/6.12-all"));
  config.erase("TDX_GUEST_DRIVER");
  config.erase("TSM_REPORTS");
  const Config other = parsed("CONFIG_LSM=\"yama\"\nCONFIG_INTEGRITY=y\n");
  const auto driver =
      check_config({.config = config, .request = {.features = {tdx}, .kernel = version("6.6")}});
  ASSERT_TRUE(driver.has_value());
  const Finding* uncertain = find(*driver, "option-uncertain");
  ASSERT_NE(uncertain, nullptr);
  EXPECT_EQ(uncertain->severity, Severity::warning);
  const auto lsm =
      check_config({.config = other, .request = {.features = {ima}, .kernel = version("6.9")}});
  ASSERT_TRUE(lsm.has_value());
  const Finding* integrity = find(*lsm, "lsm-integrity");
  ASSERT_NE(integrity, nullptr);
  EXPECT_EQ(integrity->severity, Severity::warning);
  const auto newer =
      check_config({.config = other, .request = {.features = {ima}, .kernel = version("6.12")}});
  ASSERT_TRUE(newer.has_value());
  EXPECT_EQ(find(*newer, "lsm-integrity"), nullptr);
}

TEST(KernelCheck, lets_the_command_line_choose) {
  const Config config = parsed(data("settled/6.12-all"));
  FragmentRequest request{.features = {ima}, .kernel = version("6.12"), .hash = "sha512"};
  const auto plain = check_config({.config = config, .request = request, .cmdline = Words{}});
  ASSERT_TRUE(plain.has_value());
  EXPECT_NE(find_missing(*plain, "CONFIG_IMA_DEFAULT_HASH_SHA512"), nullptr);
  const auto chosen =
      check_config({.config = config, .request = request, .cmdline = Words{"ima_hash=sha512"}});
  ASSERT_TRUE(chosen.has_value());
  EXPECT_TRUE(chosen->ok());
  request.hash = "sha384";
  request.tmplate = "ima-sig";
  const auto both = check_config({.config = config,
                                  .request = request,
                                  .cmdline = Words{"ima_hash=sha384", "ima_template=ima-sig"}});
  ASSERT_TRUE(both.has_value());
  EXPECT_TRUE(both->ok());
}

// A command line ends at "--", and CONFIG_CMDLINE_OVERRIDE leaves none of it.
TEST(KernelCheck, judges_the_words_the_kernel_sees) {
  const std::string base = data("settled/6.12-all");
  const auto judged = [&](const std::string& more, Words words) {
    const auto result = check_config({.config = parsed(base + more),
                                      .request = {.features = {ima}, .kernel = version("6.12")},
                                      .cmdline = std::move(words)});
    EXPECT_TRUE(result.has_value());
    return result.value_or(Checked());
  };
  EXPECT_NE(find(judged("", {"ima_hash=none"}), "parameter-ignored"), nullptr);
  EXPECT_EQ(find(judged("", {"--", "ima_hash=none"}), "parameter-ignored"), nullptr);
  const std::string quoted =
      "CONFIG_CMDLINE_BOOL=y\nCONFIG_CMDLINE=\"a=\\\"b ima_hash=none\\\" "
      "\\\"ima_hash=sha512\\\"\"\n";
  EXPECT_EQ(find(judged(quoted, {}), "parameter-ignored"), nullptr);
  EXPECT_NE(find(judged(quoted, {"ima_hash=sha256"}), "parameter-ignored"), nullptr);
  const std::string builtin = "CONFIG_CMDLINE_BOOL=y\nCONFIG_CMDLINE=\" ima_hash=sha512  x\"\n";
  EXPECT_NE(find(judged(builtin, {"ima_hash=sha256"}), "parameter-ignored"), nullptr);
  EXPECT_EQ(find(judged(builtin + "CONFIG_CMDLINE_OVERRIDE=y\n", {"ima_hash=sha256"}),
                 "parameter-ignored"),
            nullptr);
}

TEST(KernelCheck, knows_the_architecture) {
  const Config config = parsed("# Linux/arm64 6.12.1 Kernel Configuration\nCONFIG_FS_VERITY=y\n");
  const auto result = check_config(
      {.config = config, .request = {.features = {Feature::fs_verity}, .kernel = version("6.12")}});
  ASSERT_TRUE(result.has_value());
  EXPECT_NE(find(*result, "other-architecture"), nullptr);
  EXPECT_EQ(find(*result, "version-differs"), nullptr);
}

TEST(KernelCheck, refuses_a_version_it_does_not_know) {
  const Config config;
  const auto result =
      check_config({.config = config, .request = {.features = {ima}, .kernel = version("5.4")}});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::unsupported);
  EXPECT_EQ(result.error().message,
            "the options of Linux 5.4 are not known, only those of 5.10 to 7.2");
}

}  // namespace
}  // namespace etalon::kconfig
