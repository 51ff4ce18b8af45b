// SPDX-License-Identifier: Apache-2.0
// Configurations as kconfig left them, with one defect each. A row names the finding, or the
// option, that the defect must lead to and that the same configuration without it must not.
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernel/config/check.hpp"
#include "kernel/config/kconfig.hpp"
#include "kernel/config/merge.hpp"
#include "kernel/options/features.hpp"
#include "tests/unit/kernel/config/check_support.hpp"
#include "tools/base/result.hpp"

namespace etalon::kconfig {
namespace {

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

}  // namespace
}  // namespace etalon::kconfig
