// SPDX-License-Identifier: Apache-2.0
// What a verdict on an IMA rule depends on beside the rule: the kernel's version and configuration,
// as facts that hold, do not hold, or are not known. The version rows are data with source and
// basis; between the last tree seen without a feature and the first seen with it nothing is
// guessed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/config/hash_symbols.hpp"
#include "kernel/config/kconfig.hpp"
#include "tools/base/kernel_version.hpp"
#include "tools/base/result.hpp"

namespace etalon::policy {

// The version of "6.12.95+deb12-amd64", "6.12" or "v6.12"; malformed when two numbers do not lead,
// unsupported outside the versions whose grammar is known.
Result<KernelVersion> known_kernel(std::string_view given);

inline constexpr KernelVersion first_known_kernel{.version = 5, .patchlevel = 10};
inline constexpr KernelVersion last_known_kernel{.version = 7, .patchlevel = 2};

enum class Fact : std::uint8_t {
  // of the version
  critical_data,       // func=CRITICAL_DATA, label=
  evm_sig,             // template evm-sig
  appraise_algos,      // appraise_algos=, func=SETXATTR_CHECK
  group_conditions,    // gid, egid, fgroup
  verity,              // digest_type=verity, appraise_type=sigv3, templates ima-ngv2 and ima-sigv2
  sm3_short,           // the hash is spelled sm3
  sha3,                // the hashes sha3-256, sha3-384, sha3-512
  reqprot,             // func=MMAP_CHECK_REQPROT
  free_appraise_flag,  // appraise_flag= is accepted with any value, and ignored
  trailing_comment,    // a word that begins with # ends the rule
  dont_audit,          // action dont_audit
  fs_subtype,          // fs_subtype=
  free_sigv3,          // appraise_type=sigv3 without digest_type=verity
  buffer_template,     // buffers are listed with the template ima-buf unless a rule names another
  bank_lists,          // a list per PCR bank beside the one with SHA-1
  // of the configuration
  modsig,           // CONFIG_IMA_APPRAISE_MODSIG
  asymmetric_keys,  // CONFIG_IMA_MEASURE_ASYMMETRIC_KEYS
  lsm_rules,        // CONFIG_IMA_LSM_RULES
  apparmor,         // AppArmor is the security module that labels processes
};

// Whether an LSM knows the labels of rules by the time the policy is loaded. An initramfs loads its
// policy before any LSM has one.
enum class Labels : std::uint8_t { not_yet, loaded };

enum class Known : std::uint8_t { no, yes, unknown };

// The row of a feature that came with a version.
struct FeatureRow {
  Fact fact;
  KernelVersion last_without{};  // a tree seen without it
  KernelVersion first_with{};    // a tree seen with it
  std::string_view name{};       // for people: "func=MMAP_CHECK_REQPROT"
  std::string_view source{};
};

std::span<const FeatureRow> feature_rows();

using kconfig::find_hash;
using kconfig::hash_names;
using kconfig::HashName;

class KernelFacts {
 public:
  // Without a configuration, what depends on it is unknown; but IMA itself selects SHA-1.
  KernelFacts(KernelVersion version, std::optional<kconfig::Config> config,
              Labels labels = Labels::not_yet)
      : version_(version), config_(std::move(config)), labels_(labels) {}

  KernelVersion version() const { return version_; }

  // nullptr when it is not known.
  const kconfig::Config* config() const { return config_ ? &*config_ : nullptr; }

  Labels labels() const { return labels_; }

  // The same kernel once security modules know their labels.
  KernelFacts with_labels() const { return {version_, config_, Labels::loaded}; }

  Known holds(Fact fact) const;
  // Whether the kernel itself can compute it: a module counts as absent, because a policy is mostly
  // loaded before modules are.
  Known has_hash(const HashName& hash) const;
  // Whether that hash is a module.
  bool hash_is_module(const HashName& hash) const;

 private:
  KernelVersion version_;
  std::optional<kconfig::Config> config_;
  Labels labels_;
};

// "func=MMAP_CHECK_REQPROT (in Linux 6.12, not in 6.1)", "CONFIG_IMA_APPRAISE_MODSIG"
std::string describe(Fact fact);

}  // namespace etalon::policy
