// SPDX-License-Identifier: Apache-2.0
// Configurations as kconfig left them, with one defect each. A row names the finding, or the
// option, that the defect must lead to and that the same configuration without it must not.
#include "kernel/config/check.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "kernel/config/fragment.hpp"
#include "kernel/config/kconfig.hpp"
#include "kernel/config/merge.hpp"
#include "kernel/options/features.hpp"
#include "tests/support/source_files.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/kernel_version.hpp"
#include "tools/base/result.hpp"

namespace etalon::kconfig {
namespace {

using Words = std::vector<std::string>;

std::string data(const std::string& name) {
  const Bytes bytes = test::source_file("tests/data/kernel-config/" + name);
  return std::string(as_text(bytes));
}

Config parsed(const std::string& text) {
  const auto config = Config::parse(text);
  EXPECT_TRUE(config.has_value()) << config.error().text();
  return config.value_or(Config());
}

KernelVersion version(const std::string& text) {
  return parse_kernel_version(text).value_or(KernelVersion());
}

struct Planted {
  const char* name;
  const char* kernel;             // whose configuration it is
  std::vector<Feature> features;  // asked for
  std::string defect{};           // merged over it
  bool settled = false;           // and settled
  std::optional<Words> cmdline{};
  Words banks{};
  std::string finding{};  // that must be found
  Severity severity = Severity::error;
  std::string missing{};        // or the option that must be missing
  Words needs{};                // with these needs
  const char* asked = nullptr;  // --kernel, where it is another
  std::string hash{};
  std::string tmplate{};
};

Checked checked(const Config& config, const Planted& row, bool planted) {
  const auto result = check_config(
      {.config = config,
       .request = {.features = row.features,
                   .kernel = version(planted && row.asked != nullptr ? row.asked : row.kernel),
                   .hash = planted ? row.hash : "",
                   .tmplate = planted ? row.tmplate : ""},
       .cmdline = planted ? row.cmdline : std::nullopt,
       .banks = planted ? row.banks : Words()});
  EXPECT_TRUE(result.has_value()) << result.error().text();
  return result.value_or(Checked());
}

const Finding* find(const Checked& result, const std::string& id) {
  const auto found = std::ranges::find(result.findings, id, &Finding::id);
  return found == result.findings.end() ? nullptr : &*found;
}

const Missing* find_missing(const Checked& result, const std::string& option) {
  const auto found = std::ranges::find(result.missing, option, &Missing::option);
  return found == result.missing.end() ? nullptr : &*found;
}

class KernelCheckPlanted : public testing::TestWithParam<Planted> {};

TEST_P(KernelCheckPlanted, is_found_and_only_there) {
  const Planted& row = GetParam();
  const std::string base = data("settled/" + std::string(row.kernel) + "-all");
  const auto merged = merge(base, std::vector<std::string>{row.defect});
  ASSERT_TRUE(merged.has_value()) << merged.error().text();
  Config config = parsed(*merged);
  if (row.settled) config = settle(config, version(row.kernel));

  const Checked clean = checked(parsed(base), row, false);
  EXPECT_TRUE(clean.ok());
  const Checked found = checked(config, row, true);
  if (!row.finding.empty()) {
    EXPECT_EQ(find(clean, row.finding), nullptr);
    const Finding* finding = find(found, row.finding);
    ASSERT_NE(finding, nullptr) << row.finding;
    EXPECT_EQ(finding->severity, row.severity) << finding->message;
    EXPECT_FALSE(finding->message.empty());
    EXPECT_FALSE(finding->fix.empty());
    EXPECT_TRUE(row.severity != Severity::error || !found.ok());
  }
  if (!row.missing.empty()) {
    EXPECT_EQ(find_missing(clean, row.missing), nullptr);
    const Missing* missing = find_missing(found, row.missing);
    ASSERT_NE(missing, nullptr) << row.missing;
    EXPECT_EQ(missing->needs, row.needs);
    EXPECT_FALSE(missing->why.empty());
    EXPECT_FALSE(found.ok());
  }
}

std::vector<Feature> all() {
  return {Feature::ima_appraise, Feature::evm, Feature::fs_verity, Feature::tdx_guest,
          Feature::vtpm};
}

constexpr Feature ima = Feature::ima;
constexpr Feature tdx = Feature::tdx_guest;

INSTANTIATE_TEST_SUITE_P(
    Vanished, KernelCheckPlanted,
    testing::Values(Planted{.name = "no_efi_stub",
                            .kernel = "6.12",
                            .features = {tdx},
                            .defect = "# CONFIG_EFI is not set\n",
                            .settled = true,
                            .finding = "dependency-missing",
                            .missing = "CONFIG_INTEL_TDX_GUEST",
                            .needs = {"CONFIG_EFI", "CONFIG_EFI_STUB"}},
                    Planted{.name = "no_guest",
                            .kernel = "7.2",
                            .features = {tdx},
                            .defect = "# CONFIG_HYPERVISOR_GUEST is not set\n",
                            .settled = true,
                            .finding = "dependency-missing",
                            .missing = "CONFIG_PARAVIRT",
                            .needs = {"CONFIG_HYPERVISOR_GUEST"}},
                    Planted{.name = "no_guest_6_1",
                            .kernel = "6.1",
                            .features = {tdx},
                            .defect = "# CONFIG_HYPERVISOR_GUEST is not set\n",
                            .settled = true,
                            .missing = "CONFIG_INTEL_TDX_GUEST",
                            .needs = {"CONFIG_HYPERVISOR_GUEST"}},
                    Planted{.name = "no_virt_drivers",
                            .kernel = "7.2",
                            .features = {tdx},
                            .defect = "# CONFIG_VIRT_DRIVERS is not set\n",
                            .settled = true,
                            .missing = "CONFIG_TSM_MEASUREMENTS",
                            .needs = {"CONFIG_VIRT_DRIVERS", "CONFIG_TDX_GUEST_DRIVER"}},
                    Planted{.name = "no_security",
                            .kernel = "6.1",
                            .features = all(),
                            .defect = "# CONFIG_SECURITY is not set\n",
                            .settled = true,
                            .missing = "CONFIG_IMA",
                            .needs = {"CONFIG_SECURITY", "CONFIG_INTEGRITY"}},
                    Planted{.name = "no_signatures",
                            .kernel = "6.12",
                            .features = {Feature::evm},
                            .defect = "# CONFIG_INTEGRITY_SIGNATURE is not set\n",
                            .settled = true,
                            .missing = "CONFIG_INTEGRITY_ASYMMETRIC_KEYS",
                            .needs = {"CONFIG_INTEGRITY_SIGNATURE"}},
                    Planted{.name = "no_acpi",
                            .kernel = "6.12",
                            .features = {Feature::vtpm},
                            .defect = "# CONFIG_ACPI is not set\n",
                            .settled = true,
                            .finding = "dependency-missing",
                            .missing = "CONFIG_TCG_CRB",
                            .needs = {"CONFIG_ACPI"}},
                    Planted{.name = "no_ima",
                            .kernel = "6.12",
                            .features = all(),
                            .defect = "# CONFIG_IMA is not set\n",
                            .settled = true,
                            .missing = "CONFIG_IMA_APPRAISE",
                            .needs = {"CONFIG_IMA"}},
                    Planted{.name = "only_switched_off",
                            .kernel = "7.2",
                            .features = {Feature::fs_verity},
                            .defect = "# CONFIG_FS_VERITY is not set\n",
                            .missing = "CONFIG_FS_VERITY"},
                    Planted{.name = "another_pcr",
                            .kernel = "6.12",
                            .features = {ima},
                            .defect = "CONFIG_IMA_MEASURE_PCR_IDX=11\n",
                            .missing = "CONFIG_IMA_MEASURE_PCR_IDX"}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Hashes, KernelCheckPlanted,
    testing::Values(
        Planted{.name = "sha1_fallback",
                .kernel = "7.2",
                .features = {ima},
                .defect = "CONFIG_CRYPTO_SHA256=m\n",
                .settled = true,
                .finding = "hash-fallback-sha1"},
        Planted{.name = "sha1_chosen",
                .kernel = "6.12",
                .features = {ima},
                .defect = "CONFIG_IMA_DEFAULT_HASH_SHA1=y\n# CONFIG_IMA_DEFAULT_HASH_SHA256 is not "
                          "set\n",
                .settled = true,
                .finding = "hash-fallback-sha1"},
        Planted{.name = "sha1_asked",
                .kernel = "6.12",
                .features = {ima},
                .cmdline = Words{"ima_hash=sha1"},
                .finding = "hash-weak"},
        Planted{.name = "old_template",
                .kernel = "6.1",
                .features = {ima},
                .cmdline = Words{"ima_template=ima"},
                .finding = "hash-weak"},
        Planted{.name = "hash_module",
                .kernel = "6.1",
                .features = {ima},
                .defect = "CONFIG_CRYPTO_SHA512=m\n",
                .finding = "hash-module",
                .severity = Severity::warning},
        Planted{.name = "ima_hash_unavailable",
                .kernel = "6.1",
                .features = {ima},
                .defect = "CONFIG_CRYPTO_SHA512=m\n",
                .cmdline = Words{"quiet", "ima_hash=sha384"},
                .finding = "ima-hash-unavailable"},
        Planted{.name = "bank_padded",
                .kernel = "6.1",
                .features = {ima},
                .defect = "CONFIG_CRYPTO_SHA512=m\n",
                .banks = {"sha256", "sha384"},
                .finding = "bank-padded"},
        Planted{.name = "bank_perhaps_padded",
                .kernel = "7.2",
                .features = {ima},
                .defect = "# CONFIG_CRYPTO_SHA512 is not set\n",
                .finding = "bank-padded",
                .severity = Severity::warning},
        Planted{.name = "hash_differs",
                .kernel = "6.12",
                .features = {ima},
                .cmdline = Words{},
                .finding = "hash-differs",
                .hash = "sha384"},
        Planted{.name = "hash_needs_cmdline",
                .kernel = "6.12",
                .features = {ima},
                .finding = "hash-needs-cmdline",
                .severity = Severity::warning,
                .hash = "sha384"},
        Planted{.name = "template_differs",
                .kernel = "6.12",
                .features = {ima},
                .cmdline = Words{"ima_template=ima-sig"},
                .finding = "template-differs",
                .tmplate = "ima-ng"}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    CommandLine, KernelCheckPlanted,
    testing::Values(Planted{.name = "hash_before_template",
                            .kernel = "6.12",
                            .features = {ima},
                            .cmdline = Words{"ima_hash=sha256", "ima_template=ima"},
                            .finding = "parameter-ignored"},
                    Planted{.name = "template_before_hash",
                            .kernel = "6.12",
                            .features = {ima},
                            .cmdline = Words{"ima_template=ima", "ima_hash=sha256"},
                            .finding = "parameter-ignored"},
                    Planted{.name = "second_hash",
                            .kernel = "6.1",
                            .features = {ima},
                            .cmdline = Words{"ima_hash=sha256", "ima_hash=sha512"},
                            .finding = "parameter-ignored"},
                    Planted{.name = "unknown_hash",
                            .kernel = "6.1",
                            .features = {ima},
                            .cmdline = Words{"ima_hash=sha3-256"},
                            .finding = "parameter-ignored"},
                    Planted{.name = "unknown_template",
                            .kernel = "7.2",
                            .features = {ima},
                            .cmdline = Words{"ima_template=ima_ng"},
                            .finding = "parameter-ignored"},
                    Planted{.name = "built_in_command_line",
                            .kernel = "7.2",
                            .features = {ima},
                            .defect = "CONFIG_CMDLINE_BOOL=y\nCONFIG_CMDLINE=\"ima_hash=none\"\n",
                            .finding = "parameter-ignored"},
                    Planted{.name = "appraisal_off",
                            .kernel = "6.12",
                            .features = {Feature::ima_appraise},
                            .defect = "CONFIG_IMA_APPRAISE_BOOTPARAM=y\n",
                            .cmdline = Words{"ima_appraise=off"},
                            .finding = "appraise-not-enforced"},
                    Planted{.name = "appraisal_can_be_off",
                            .kernel = "6.12",
                            .features = {Feature::ima_appraise},
                            .defect = "CONFIG_IMA_APPRAISE_BOOTPARAM=y\n",
                            .finding = "appraise-bootparam",
                            .severity = Severity::warning},
                    Planted{.name = "integrity_not_in_lsm_parameter",
                            .kernel = "6.1",
                            .features = {ima},
                            .cmdline = Words{"lsm=yama,apparmor"},
                            .finding = "lsm-integrity"},
                    Planted{.name = "integrity_not_in_config",
                            .kernel = "6.1",
                            .features = {Feature::evm},
                            .defect = "CONFIG_LSM=\"lockdown,integrityx,yama\"\n",
                            .finding = "lsm-integrity"}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Options, KernelCheckPlanted,
    testing::Values(
        Planted{.name = "another_version",
                .kernel = "6.12",
                .features = {ima},
                .finding = "version-differs",
                .asked = "6.1"},
        Planted{.name = "unknown_option",
                .kernel = "6.12",
                .features = {tdx},
                .finding = "option-unknown",
                .asked = "6.1"},
        Planted{.name = "not_final",
                .kernel = "6.12",
                .features = {tdx},
                .defect = "# CONFIG_EFI_STUB is not set\n",
                .finding = "not-final"},
        Planted{.name = "tpm_module",
                .kernel = "6.12",
                .features = {Feature::ima, Feature::vtpm},
                .defect = "# CONFIG_IMA is not set\nCONFIG_TCG_TPM=m\nCONFIG_TCG_TIS=m\nCONFIG_TCG_"
                          "CRB=m\n",
                .settled = true,
                .finding = "tpm-module",
                .missing = "CONFIG_TCG_TPM"},
        Planted{.name = "tpm_module_without_ima",
                .kernel = "6.12",
                .features = {Feature::vtpm},
                .defect = "# CONFIG_IMA is not set\nCONFIG_TCG_TPM=m\nCONFIG_TCG_TIS=m\nCONFIG_TCG_"
                          "CRB=m\n",
                .settled = true,
                .finding = "tpm-module",
                .severity = Severity::note},
        Planted{.name = "duplicates",
                .kernel = "6.1",
                .features = {ima},
                .defect = "CONFIG_IMA_DISABLE_HTABLE=y\n",
                .finding = "duplicates-listed",
                .severity = Severity::warning},
        Planted{.name = "writable",
                .kernel = "6.12",
                .features = {ima},
                .defect = "CONFIG_IMA_WRITE_POLICY=y\n",
                .finding = "policy-writable",
                .severity = Severity::warning},
        Planted{.name = "not_readable",
                .kernel = "7.2",
                .features = {ima},
                .defect = "# CONFIG_IMA_READ_POLICY is not set\n",
                .finding = "policy-not-readable",
                .severity = Severity::warning},
        Planted{.name = "staging",
                .kernel = "7.2",
                .features = {ima},
                .defect = "CONFIG_IMA_STAGING=y\n",
                .finding = "list-can-be-cut",
                .severity = Severity::warning},
        Planted{.name = "kexec",
                .kernel = "7.2",
                .features = {ima},
                .defect = "CONFIG_IMA_KEXEC=y\n",
                .finding = "list-survives-kexec",
                .severity = Severity::note},
        Planted{.name = "module_decompress",
                .kernel = "6.1",
                .features = {ima},
                .defect = "CONFIG_MODULE_DECOMPRESS=y\n",
                .finding = "module-decompress",
                .severity = Severity::note},
        Planted{.name = "driver_module",
                .kernel = "7.2",
                .features = {tdx},
                .defect = "CONFIG_TDX_GUEST_DRIVER=m\nCONFIG_CONFIGFS_FS=m\n",
                .settled = true,
                .finding = "tdx-driver-module",
                .severity = Severity::note}),
    [](const auto& row) { return row.param.name; });

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
