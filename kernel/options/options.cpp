// SPDX-License-Identifier: Apache-2.0
#include "kernel/options/options.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "tools/base/kernel_version.hpp"

namespace etalon::kconfig {
namespace {

constexpr KernelVersion v5_10{.version = 5, .patchlevel = 10};
constexpr KernelVersion v6_1{.version = 6, .patchlevel = 1};
constexpr KernelVersion v6_12{.version = 6, .patchlevel = 12};
constexpr KernelVersion v6_15{.version = 6, .patchlevel = 15};
constexpr KernelVersion v6_16{.version = 6, .patchlevel = 16};
constexpr KernelVersion v7_2{.version = 7, .patchlevel = 2};

constexpr std::string_view in_ima = "security/integrity/ima/Kconfig";
constexpr std::string_view in_integrity = "security/integrity/Kconfig";
constexpr std::string_view in_evm = "security/integrity/evm/Kconfig";
constexpr std::string_view in_security = "security/Kconfig";
constexpr std::string_view in_crypto = "crypto/Kconfig";
constexpr std::string_view in_tpm = "drivers/char/tpm/Kconfig";
constexpr std::string_view in_x86 = "arch/x86/Kconfig";
constexpr std::string_view in_tdx = "drivers/virt/coco/tdx-guest/Kconfig";
constexpr std::string_view in_keys = "security/keys/Kconfig";

constexpr Versions since_6_1{.last_without = v5_10, .first_with = v6_1};
constexpr Versions since_6_12{.last_without = v6_1, .first_with = v6_12};
// Linux 7.2, Documentation/ABI/testing/sysfs-devices-virtual-misc-tdx_guest names 6.16.
constexpr Versions since_6_16{.last_without = v6_15, .first_with = v6_16};
constexpr Versions since_7_2{.last_without = v6_12, .first_with = v7_2};
constexpr Versions until_5_10{.last_with = v5_10, .first_without = v6_1};
constexpr Versions until_6_1{.last_with = v6_1, .first_without = v6_12};
constexpr Versions sm3_generic{
    .last_without = v5_10, .first_with = v6_1, .last_with = v6_12, .first_without = v7_2};
constexpr Versions until_6_12{.last_with = v6_12, .first_without = v7_2};

constexpr std::array rows = {
    // the base of security modules
    Option{.symbol = "SYSFS", .default_value = "y", .source = "fs/sysfs/Kconfig"},
    Option{.symbol = "MULTIUSER", .default_value = "y", .source = "init/Kconfig"},
    Option{.symbol = "SECURITY",
           .why = "security hooks, which IMA and EVM hang on",
           .source = in_security},
    Option{.symbol = "SECURITYFS",
           .why = "/sys/kernel/security: the policy, the measurement list, the TPM's event log",
           .source = in_security},
    Option{.symbol = "LSM",
           .type = OptionType::text,
           .default_value = "",
           .why = "security modules in the order they start; a kernel before 6.8 needs integrity "
                  "among them",
           .source = in_security},
    Option{.symbol = "KEYS", .why = "keyrings in the kernel", .source = in_keys},
    Option{.symbol = "ENCRYPTED_KEYS",
           .type = OptionType::tristate,
           .why = "the key type EVM's HMAC key is kept in",
           .source = in_keys},
    Option{.symbol = "INTEGRITY",
           .default_value = "y",
           .why = "parent of IMA and EVM",
           .source = in_integrity},
    Option{.symbol = "INTEGRITY_SIGNATURE",
           .why = "signatures on files and their metadata",
           .source = in_integrity},
    Option{.symbol = "INTEGRITY_ASYMMETRIC_KEYS",
           .why = "signatures that X.509 certificates verify",
           .source = in_integrity},
    // IMA
    Option{.symbol = "IMA", .why = "the measurement list itself", .source = in_ima},
    Option{.symbol = "IMA_MEASURE_PCR_IDX",
           .type = OptionType::number,
           .default_value = "10",
           .why = "the PCR that verifiers read the list against",
           .source = in_ima},
    Option{.symbol = "IMA_NG_TEMPLATE",
           .default_value = "y",
           .choice = Choice::ima_template,
           .why = "list entries with the digest and the path",
           .source = in_ima},
    Option{.symbol = "IMA_SIG_TEMPLATE",
           .choice = Choice::ima_template,
           .why = "list entries with the digest, the path and the file's signature",
           .source = in_ima},
    Option{.symbol = "IMA_DEFAULT_HASH_SHA1",
           .default_value = "y",
           .choice = Choice::ima_hash,
           .why = "files are hashed with SHA-1, which is what is left when another choice vanishes",
           .source = in_ima},
    Option{.symbol = "IMA_DEFAULT_HASH_SHA256",
           .choice = Choice::ima_hash,
           .why = "files are hashed with SHA-256 unless ima_hash= says otherwise",
           .source = in_ima},
    Option{.symbol = "IMA_DEFAULT_HASH_SHA512",
           .choice = Choice::ima_hash,
           .why = "files are hashed with SHA-512 unless ima_hash= says otherwise",
           .source = in_ima},
    Option{.symbol = "IMA_DEFAULT_HASH_WP512", .choice = Choice::ima_hash, .source = in_ima},
    Option{.symbol = "IMA_DEFAULT_HASH_SM3", .choice = Choice::ima_hash, .source = in_ima},
    Option{.symbol = "IMA_READ_POLICY",
           .why = "the loaded policy can be read back and compared",
           .source = in_ima},
    Option{
        .symbol = "IMA_WRITE_POLICY",
        .why = "rules could be added at any time, so what is measured would not stay as predicted",
        .source = in_ima},
    Option{.symbol = "IMA_DISABLE_HTABLE",
           .versions = since_6_1,
           .why = "a file read twice would be listed twice, so the list would have no end",
           .source = in_ima},
    Option{.symbol = "IMA_STAGING",
           .versions = since_7_2,
           .why = "records could be cut off the list, which a verifier then sees only the end of",
           .source = in_ima},
    Option{.symbol = "IMA_KEXEC",
           .why = "the list is carried over a kexec, with a second boot_aggregate",
           .source = in_ima},
    Option{.symbol = "IMA_APPRAISE",
           .why = "files are checked against digests or signatures beside them",
           .source = in_ima},
    Option{.symbol = "IMA_APPRAISE_BOOTPARAM",
           .default_value = "y",
           .why = "ima_appraise=off on the command line would switch appraisal off",
           .source = in_ima},
    // hashes
    Option{.symbol = "CRYPTO", .type = OptionType::tristate, .source = in_crypto},
    Option{.symbol = "CRYPTO_SHA1", .type = OptionType::tristate, .source = in_crypto},
    Option{.symbol = "CRYPTO_SHA256",
           .type = OptionType::tristate,
           .why = "SHA-256; a module comes too late and the default hash falls back to SHA-1",
           .source = in_crypto},
    Option{.symbol = "CRYPTO_SHA512",
           .type = OptionType::tristate,
           .why = "SHA-384 and SHA-512, also for PCR banks of theirs",
           .source = in_crypto},
    Option{.symbol = "CRYPTO_WP512", .type = OptionType::tristate, .source = in_crypto},
    Option{.symbol = "CRYPTO_SM3_GENERIC",
           .type = OptionType::tristate,
           .versions = sm3_generic,
           .source = in_crypto},
    // EVM
    Option{.symbol = "EVM",
           .why = "owner, mode and security attributes of files are protected",
           .source = in_evm},
    Option{.symbol = "EVM_ATTR_FSUUID",
           .default_value = "y",
           .why = "the HMAC of one file system does not fit another",
           .source = in_evm},
    // fs-verity
    Option{.symbol = "FS_VERITY",
           .why = "read-only files whose Merkle tree's root is their digest",
           .source = "fs/verity/Kconfig"},
    // TPM
    Option{.symbol = "HAS_IOMEM",
           .prompt = Prompt::hidden,
           .default_value = "y",
           .source = "lib/Kconfig"},
    Option{.symbol = "ACPI",
           .default_value = "y",
           .why = "how the machine tells of its TPM, and of its firmware's tables",
           .source = "drivers/acpi/Kconfig"},
    Option{
        .symbol = "TCG_TPM",
        .type = OptionType::tristate,
        .why = "the TPM; it must be there before IMA starts, or boot_aggregate is that of no TPM",
        .source = in_tpm},
    Option{.symbol = "TCG_TIS",
           .type = OptionType::tristate,
           .why = "the TPM's FIFO interface, built in for the same reason",
           .source = in_tpm},
    Option{.symbol = "TCG_CRB",
           .type = OptionType::tristate,
           .why = "the TPM's command response buffer, built in for the same reason",
           .source = in_tpm},
    // TDX guest
    Option{.symbol = "X86_64", .prompt = Prompt::hidden, .default_value = "y", .source = in_x86},
    Option{.symbol = "X86_LOCAL_APIC",
           .prompt = Prompt::hidden,
           .default_value = "y",
           .source = in_x86},
    Option{.symbol = "IRQ_REMAP", .source = "drivers/iommu/Kconfig"},
    Option{.symbol = "AMD_MEM_ENCRYPT", .source = in_x86},
    Option{.symbol = "SEV_GUEST",
           .type = OptionType::tristate,
           .versions = since_6_1,
           .source = "drivers/virt/coco/sev-guest/Kconfig"},
    Option{.symbol = "CPU_SUP_INTEL", .default_value = "y", .source = "arch/x86/Kconfig.cpu"},
    Option{.symbol = "HYPERVISOR_GUEST", .why = "code for running as a guest", .source = in_x86},
    Option{
        .symbol = "PARAVIRT", .why = "what a trust domain replaces at run time", .source = in_x86},
    Option{.symbol = "X86_X2APIC",
           .why = "the interrupt controller of a trust domain",
           .source = in_x86},
    Option{.symbol = "EFI", .why = "firmware's tables, the event log among them", .source = in_x86},
    Option{.symbol = "EFI_STUB",
           .why = "start as an EFI program, which also takes over the firmware's event log",
           .source = in_x86},
    Option{.symbol = "INTEL_TDX_GUEST",
           .versions = since_6_1,
           .why = "run in a trust domain",
           .source = in_x86},
    Option{.symbol = "VIRT_DRIVERS",
           .why = "menu that holds the driver of a trust domain",
           .source = "drivers/virt/Kconfig"},
    Option{.symbol = "TDX_GUEST_DRIVER",
           .type = OptionType::tristate,
           .versions = since_6_12,
           .why = "/dev/tdx_guest and configfs reports: quotes",
           .source = in_tdx},
    Option{.symbol = "CONFIGFS_FS",
           .type = OptionType::tristate,
           .why = "where reports are asked for",
           .source = "fs/configfs/Kconfig"},
    Option{.symbol = "TSM_REPORTS",
           .type = OptionType::tristate,
           .prompt = Prompt::hidden,
           .versions = since_6_12,
           .why = "quotes through configfs",
           .source = "drivers/virt/coco/guest/Kconfig"},
    Option{.symbol = "TSM_MEASUREMENTS",
           .prompt = Prompt::hidden,
           .versions = since_6_16,
           .why = "RTMRs as files in sysfs",
           .source = "drivers/virt/coco/guest/Kconfig"},
    // modules
    Option{.symbol = "MODULES", .source = "kernel/module/Kconfig"},
    Option{.symbol = "MODULE_DECOMPRESS",
           .versions = since_6_1,
           .why = "the kernel unpacks modules itself, and IMA hashes the packed file",
           .source = "kernel/module/Kconfig"},
};

// Only what can be off in a configuration somebody may have.
constexpr std::array need_rows = {
    Need{.option = "SECURITY", .symbol = "SYSFS"},
    Need{.option = "SECURITY", .symbol = "MULTIUSER"},
    Need{.option = "LSM", .symbol = "SECURITY", .versions = since_6_12},
    Need{.option = "ENCRYPTED_KEYS", .symbol = "KEYS"},
    Need{.option = "INTEGRITY", .symbol = "SECURITY"},
    Need{.option = "INTEGRITY_SIGNATURE", .symbol = "INTEGRITY"},
    Need{.option = "INTEGRITY_ASYMMETRIC_KEYS", .symbol = "INTEGRITY_SIGNATURE"},
    Need{.option = "IMA", .symbol = "INTEGRITY"},
    Need{.option = "IMA_MEASURE_PCR_IDX", .symbol = "IMA"},
    Need{.option = "IMA_NG_TEMPLATE", .symbol = "IMA"},
    Need{.option = "IMA_SIG_TEMPLATE", .symbol = "IMA"},
    Need{.option = "IMA_DEFAULT_HASH_SHA1", .symbol = "IMA"},
    Need{.option = "IMA_DEFAULT_HASH_SHA1", .symbol = "CRYPTO_SHA1", .level = Level::builtin},
    Need{.option = "IMA_DEFAULT_HASH_SHA256", .symbol = "IMA"},
    Need{.option = "IMA_DEFAULT_HASH_SHA256", .symbol = "CRYPTO_SHA256", .level = Level::builtin},
    Need{.option = "IMA_DEFAULT_HASH_SHA512", .symbol = "IMA"},
    Need{.option = "IMA_DEFAULT_HASH_SHA512", .symbol = "CRYPTO_SHA512", .level = Level::builtin},
    Need{.option = "IMA_DEFAULT_HASH_WP512", .symbol = "IMA"},
    Need{.option = "IMA_DEFAULT_HASH_WP512", .symbol = "CRYPTO_WP512", .level = Level::builtin},
    Need{.option = "IMA_DEFAULT_HASH_SM3", .symbol = "IMA"},
    Need{.option = "IMA_DEFAULT_HASH_SM3",
         .symbol = "CRYPTO_SM3",
         .level = Level::builtin,
         .versions = until_5_10},
    Need{.option = "IMA_DEFAULT_HASH_SM3",
         .symbol = "CRYPTO_SM3_GENERIC",
         .level = Level::builtin,
         .versions = sm3_generic},
    Need{.option = "IMA_DEFAULT_HASH_SM3",
         .symbol = "CRYPTO_SM3",
         .level = Level::builtin,
         .versions = since_7_2},
    Need{.option = "IMA_READ_POLICY", .symbol = "IMA"},
    Need{.option = "IMA_WRITE_POLICY", .symbol = "IMA"},
    Need{.option = "IMA_DISABLE_HTABLE", .symbol = "IMA"},
    Need{.option = "IMA_STAGING", .symbol = "IMA"},
    Need{.option = "IMA_KEXEC", .symbol = "IMA"},
    Need{.option = "IMA_KEXEC", .symbol = "TCG_TPM"},
    Need{.option = "IMA_APPRAISE", .symbol = "IMA"},
    Need{.option = "IMA_APPRAISE_BOOTPARAM", .symbol = "IMA_APPRAISE"},
    Need{.option = "CRYPTO_SHA1", .symbol = "CRYPTO"},
    Need{.option = "CRYPTO_SHA256", .symbol = "CRYPTO"},
    Need{.option = "CRYPTO_SHA512", .symbol = "CRYPTO"},
    Need{.option = "CRYPTO_WP512", .symbol = "CRYPTO"},
    Need{.option = "CRYPTO_SM3_GENERIC", .symbol = "CRYPTO"},
    Need{.option = "EVM", .symbol = "INTEGRITY"},
    Need{.option = "EVM_ATTR_FSUUID", .symbol = "EVM"},
    Need{.option = "TCG_TPM", .symbol = "HAS_IOMEM"},
    Need{.option = "TCG_TIS", .symbol = "TCG_TPM"},
    Need{.option = "TCG_CRB", .symbol = "TCG_TPM"},
    Need{.option = "TCG_CRB", .symbol = "ACPI"},
    Need{.option = "PARAVIRT", .symbol = "HYPERVISOR_GUEST"},
    Need{.option = "X86_X2APIC", .symbol = "X86_64"},
    Need{.option = "X86_X2APIC", .symbol = "X86_LOCAL_APIC"},
    Need{.option = "X86_X2APIC", .symbol = "HYPERVISOR_GUEST", .alternative = "IRQ_REMAP"},
    Need{.option = "IRQ_REMAP", .symbol = "ACPI"},
    Need{.option = "EFI", .symbol = "ACPI"},
    Need{.option = "EFI_STUB", .symbol = "EFI"},
    Need{.option = "INTEL_TDX_GUEST", .symbol = "X86_64"},
    Need{.option = "INTEL_TDX_GUEST", .symbol = "CPU_SUP_INTEL"},
    Need{.option = "INTEL_TDX_GUEST", .symbol = "HYPERVISOR_GUEST"},
    Need{.option = "INTEL_TDX_GUEST", .symbol = "X86_X2APIC"},
    Need{.option = "INTEL_TDX_GUEST", .symbol = "EFI_STUB", .versions = since_6_12},
    Need{.option = "INTEL_TDX_GUEST", .symbol = "PARAVIRT", .versions = since_6_12},
    Need{.option = "AMD_MEM_ENCRYPT", .symbol = "EFI_STUB", .versions = since_6_12},
    Need{.option = "SEV_GUEST", .symbol = "AMD_MEM_ENCRYPT"},
    Need{.option = "SEV_GUEST", .symbol = "VIRT_DRIVERS"},
    Need{.option = "TDX_GUEST_DRIVER", .symbol = "VIRT_DRIVERS"},
    Need{.option = "TDX_GUEST_DRIVER", .symbol = "INTEL_TDX_GUEST"},
    Need{.option = "TSM_REPORTS", .symbol = "TDX_GUEST_DRIVER", .alternative = "SEV_GUEST"},
    Need{.option = "TSM_MEASUREMENTS", .symbol = "TDX_GUEST_DRIVER"},
    Need{.option = "MODULE_DECOMPRESS", .symbol = "MODULES"},
    Need{.option = "MODULE_DECOMPRESS",
         .symbol = "MODULE_COMPRESS_XZ",
         .versions = until_6_1,
         .alternative = "MODULE_COMPRESS_GZIP"},
    Need{.option = "MODULE_DECOMPRESS", .symbol = "MODULE_COMPRESS", .versions = since_6_12},
};

constexpr std::array pull_rows = {
    Pull{.option = "SECURITYFS", .by = "IMA"},
    Pull{.option = "CRYPTO", .by = "IMA"},
    Pull{.option = "CRYPTO_SHA1", .by = "IMA"},
    Pull{.option = "TCG_TPM", .by = "IMA", .only_with = "HAS_IOMEM"},
    Pull{.option = "TCG_TIS", .by = "IMA", .only_with = "TCG_TPM"},
    Pull{.option = "TCG_CRB", .by = "IMA", .only_with = "ACPI"},
    Pull{.option = "CRYPTO", .by = "TCG_TPM"},
    Pull{.option = "KEYS", .by = "INTEGRITY_SIGNATURE"},
    Pull{.option = "KEYS", .by = "EVM"},
    Pull{.option = "ENCRYPTED_KEYS", .by = "EVM"},
    Pull{.option = "CRYPTO_SHA1", .by = "EVM"},
    Pull{.option = "CRYPTO_SHA256", .by = "ENCRYPTED_KEYS", .versions = until_6_12},
    Pull{.option = "TSM_REPORTS", .by = "TDX_GUEST_DRIVER", .versions = since_6_12},
    Pull{.option = "TSM_REPORTS", .by = "SEV_GUEST", .versions = since_6_12},
    Pull{.option = "TSM_MEASUREMENTS", .by = "TDX_GUEST_DRIVER", .versions = since_6_16},
    Pull{.option = "CONFIGFS_FS", .by = "TSM_REPORTS"},
};

}  // namespace

Known holds(const Versions& versions, KernelVersion kernel) {
  if (versions.first_with != KernelVersion{} && kernel < versions.first_with)
    return kernel <= versions.last_without ? Known::no : Known::unknown;
  if (versions.first_without != KernelVersion{} && kernel > versions.last_with)
    return kernel >= versions.first_without ? Known::no : Known::unknown;
  return Known::yes;
}

std::span<const Option> options() {
  return rows;
}

const Option* find_option(std::string_view symbol) {
  const auto* found = std::ranges::find(rows, symbol, &Option::symbol);
  return found == rows.end() ? nullptr : found;
}

std::span<const Need> needs() {
  return need_rows;
}

std::span<const Pull> pulls() {
  return pull_rows;
}

}  // namespace etalon::kconfig
