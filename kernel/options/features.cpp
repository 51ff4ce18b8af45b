// SPDX-License-Identifier: Apache-2.0
#include "kernel/options/features.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/base/kernel_version.hpp"
#include "tools/base/result.hpp"

namespace etalon::kconfig {
namespace {

constexpr std::array<std::string_view, 6> names = {"ima",       "ima-appraise", "evm",
                                                   "fs-verity", "tdx-guest",    "vtpm"};

constexpr Versions with_tdx_driver{.last_without = {.version = 6, .patchlevel = 1},
                                   .first_with = {.version = 6, .patchlevel = 12}};
// From 7.2 fs-verity takes its hashes from lib/crypto.
constexpr Versions hash_as_module{.last_with = {.version = 6, .patchlevel = 12},
                                  .first_without = {.version = 7, .patchlevel = 2}};

// The template and the hash of IMA are chosen by the request and have no rows.
constexpr std::array rows = {
    FeatureOption{Feature::ima, "SECURITY"},
    FeatureOption{Feature::ima, "SECURITYFS"},
    FeatureOption{Feature::ima, "INTEGRITY"},
    FeatureOption{Feature::ima, "IMA"},
    FeatureOption{Feature::ima, "IMA_MEASURE_PCR_IDX", "10"},
    FeatureOption{Feature::ima, "CRYPTO_SHA256"},
    FeatureOption{Feature::ima, "CRYPTO_SHA512", "y", Weight::advised},
    FeatureOption{Feature::ima, "IMA_READ_POLICY", "y", Weight::advised},
    FeatureOption{Feature::ima, "IMA_WRITE_POLICY", "n", Weight::advised},
    FeatureOption{Feature::ima, "IMA_DISABLE_HTABLE", "n", Weight::advised},
    FeatureOption{Feature::ima, "IMA_STAGING", "n", Weight::advised},
    FeatureOption{Feature::ima, "IMA_APPRAISE", "n", Weight::advised},
    FeatureOption{Feature::ima, "ACPI"},
    FeatureOption{Feature::ima, "TCG_TPM"},
    FeatureOption{Feature::ima, "TCG_TIS"},
    FeatureOption{Feature::ima, "TCG_CRB"},

    FeatureOption{Feature::ima_appraise, "IMA_APPRAISE"},
    FeatureOption{Feature::ima_appraise, "IMA_APPRAISE_BOOTPARAM", "n", Weight::advised},
    FeatureOption{Feature::ima_appraise, "INTEGRITY_SIGNATURE"},
    FeatureOption{Feature::ima_appraise, "INTEGRITY_ASYMMETRIC_KEYS"},

    FeatureOption{Feature::evm, "SECURITY"},
    FeatureOption{Feature::evm, "SECURITYFS"},
    FeatureOption{Feature::evm, "INTEGRITY"},
    FeatureOption{Feature::evm, "INTEGRITY_SIGNATURE"},
    FeatureOption{Feature::evm, "INTEGRITY_ASYMMETRIC_KEYS"},
    FeatureOption{Feature::evm, "ENCRYPTED_KEYS"},
    FeatureOption{Feature::evm, "EVM"},
    FeatureOption{Feature::evm, "EVM_ATTR_FSUUID", "y", Weight::advised},

    FeatureOption{Feature::fs_verity, "FS_VERITY"},
    FeatureOption{Feature::fs_verity, "CRYPTO_SHA256", "y", Weight::required, Accepts::exactly,
                  hash_as_module},

    FeatureOption{Feature::tdx_guest, "ACPI"},
    FeatureOption{Feature::tdx_guest, "HYPERVISOR_GUEST"},
    FeatureOption{Feature::tdx_guest, "PARAVIRT"},
    FeatureOption{Feature::tdx_guest, "X86_X2APIC"},
    FeatureOption{Feature::tdx_guest, "EFI"},
    FeatureOption{Feature::tdx_guest, "EFI_STUB"},
    FeatureOption{Feature::tdx_guest, "INTEL_TDX_GUEST"},
    FeatureOption{Feature::tdx_guest, "VIRT_DRIVERS", "y", Weight::required, Accepts::exactly,
                  with_tdx_driver},
    FeatureOption{Feature::tdx_guest, "CONFIGFS_FS", "y", Weight::required, Accepts::module_too,
                  with_tdx_driver},
    FeatureOption{Feature::tdx_guest, "TDX_GUEST_DRIVER", "y", Weight::if_there,
                  Accepts::module_too},
    FeatureOption{Feature::tdx_guest, "TSM_MEASUREMENTS", "y", Weight::if_there},

    FeatureOption{Feature::vtpm, "SECURITY"},
    FeatureOption{Feature::vtpm, "SECURITYFS"},
    FeatureOption{Feature::vtpm, "ACPI"},
    FeatureOption{Feature::vtpm, "EFI"},
    FeatureOption{Feature::vtpm, "EFI_STUB"},
    FeatureOption{Feature::vtpm, "TCG_TPM", "y", Weight::required, Accepts::module_too},
    FeatureOption{Feature::vtpm, "TCG_TIS", "y", Weight::required, Accepts::module_too},
    FeatureOption{Feature::vtpm, "TCG_CRB", "y", Weight::required, Accepts::module_too},
};

std::string all_names() {
  std::string text;
  for (const std::string_view each : names)
    text += (text.empty() ? "" : ", ") + std::string(each);
  return text;
}

}  // namespace

std::string_view name(Feature feature) {
  return names.at(static_cast<std::size_t>(feature));
}

std::span<const std::string_view> feature_names() {
  return names;
}

std::vector<Feature> with_foundations(std::span<const Feature> features) {
  std::vector<Feature> all(features.begin(), features.end());
  if (std::ranges::find(all, Feature::ima_appraise) != all.end()) all.push_back(Feature::ima);
  std::ranges::sort(all);
  const auto repeated = std::ranges::unique(all);
  all.erase(repeated.begin(), repeated.end());
  return all;
}

Result<std::vector<Feature>> parse_features(std::string_view list) {
  std::vector<Feature> features;
  while (true) {
    const std::string_view word = list.substr(0, list.find(','));
    const auto* found = std::ranges::find(names, word);
    if (found == names.end()) {
      return fail(ErrorCode::usage,
                  "'" + printable(word) + "' is no feature; there are " + all_names());
    }
    features.push_back(static_cast<Feature>(found - names.begin()));
    if (word.size() == list.size()) return with_foundations(features);
    list.remove_prefix(word.size() + 1);
  }
}

std::span<const FeatureOption> feature_options() {
  return rows;
}

}  // namespace etalon::kconfig
