// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/facts.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>

#include "kernel/config/hash_symbols.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/kernel_version.hpp"
#include "tools/base/result.hpp"

namespace etalon::policy {
namespace {

constexpr KernelVersion v5_10{.version = 5, .patchlevel = 10};
constexpr KernelVersion v6_1{.version = 6, .patchlevel = 1};
constexpr KernelVersion v6_12{.version = 6, .patchlevel = 12};
constexpr KernelVersion v6_13{.version = 6, .patchlevel = 13};
constexpr KernelVersion v6_14{.version = 6, .patchlevel = 14};
constexpr KernelVersion v7_2{.version = 7, .patchlevel = 2};

// Trees read: 5.10.262, 6.1.192, 6.12.107 and 7.2.13 as Debian ships them; rules were put to booted
// kernels 6.1, 6.12 and 7.2. Where a row's two versions are not neighbours, the release between
// them that brought the feature was not looked up.
constexpr std::array rows = {
    FeatureRow{.fact = Fact::critical_data,
               .last_without = v5_10,
               .first_with = v6_1,
               .name = "func=CRITICAL_DATA and label=",
               .source = "ima_policy.c, ima_hooks"},
    FeatureRow{.fact = Fact::evm_sig,
               .last_without = v5_10,
               .first_with = v6_1,
               .name = "template evm-sig",
               .source = "ima_template.c, builtin_templates"},
    FeatureRow{.fact = Fact::appraise_algos,
               .last_without = v5_10,
               .first_with = v6_1,
               .name = "appraise_algos= and func=SETXATTR_CHECK",
               .source = "ima_policy.c"},
    FeatureRow{.fact = Fact::group_conditions,
               .last_without = {.version = 5, .patchlevel = 15},
               .first_with = {.version = 5, .patchlevel = 16},
               .name = "gid, egid and fgroup",
               .source = "ima_policy.c of 5.16"},
    FeatureRow{.fact = Fact::verity,
               .last_without = v5_10,
               .first_with = v6_1,
               .name = "digest_type=verity, sigv3, ima-ngv2 and ima-sigv2",
               .source = "ima_policy.c, ima_template.c"},
    FeatureRow{.fact = Fact::sm3_short,
               .last_without = v5_10,
               .first_with = v6_1,
               .name = "the hash name sm3",
               .source = "crypto/hash_info.c"},
    FeatureRow{.fact = Fact::sha3,
               .last_without = v6_1,
               .first_with = v6_12,
               .name = "the hash names sha3-*",
               .source = "crypto/hash_info.c"},
    FeatureRow{.fact = Fact::reqprot,
               .last_without = v6_1,
               .first_with = v6_12,
               .name = "func=MMAP_CHECK_REQPROT",
               .source = "ima_policy.c"},
    FeatureRow{.fact = Fact::free_appraise_flag,
               .last_without = v6_1,
               .first_with = v6_12,
               .name = "appraise_flag= with any value",
               .source = "ima_policy.c"},
    FeatureRow{.fact = Fact::trailing_comment,
               .last_without = v6_13,
               .first_with = v6_14,
               .name = "a comment behind a rule",
               .source = "commit 4785ed362a24"},
    FeatureRow{.fact = Fact::dont_audit,
               .last_without = v6_12,
               .first_with = v7_2,
               .name = "dont_audit",
               .source = "ima_policy.c"},
    FeatureRow{.fact = Fact::fs_subtype,
               .last_without = v6_12,
               .first_with = v7_2,
               .name = "fs_subtype=",
               .source = "ima_policy.c"},
    FeatureRow{.fact = Fact::free_sigv3,
               .last_without = v6_12,
               .first_with = v7_2,
               .name = "appraise_type=sigv3 without digest_type=verity",
               .source = "ima_policy.c"},
    FeatureRow{.fact = Fact::buffer_template,
               .last_without = v5_10,
               .first_with = {.version = 5, .patchlevel = 11},
               .name = "template ima-buf by default for buffers",
               .source = "ima_policy.c of 5.10 and of 5.11"},
    FeatureRow{.fact = Fact::bank_lists,
               .last_without = v6_1,
               .first_with = v6_12,
               .name = "a measurement list per PCR bank",
               .source = "ima_fs.c"},
};

// The symbol a fact of the configuration stands for.
std::string_view symbol_of(Fact fact) {
  if (fact == Fact::modsig) return "IMA_APPRAISE_MODSIG";
  return fact == Fact::lsm_rules ? "IMA_LSM_RULES" : "IMA_MEASURE_ASYMMETRIC_KEYS";
}

// Of the security modules with labels the first of CONFIG_LSM that is built in is the one in force
// (security/security.c, LSM_FLAG_EXCLUSIVE). What lsm= on a command line does is not looked at.
bool labels_by_apparmor(const kconfig::Config& config) {
  std::string_view order = config.value("LSM");
  while (!order.empty()) {
    const std::string_view module = order.substr(0, order.find(','));
    order.remove_prefix(std::min(module.size() + 1, order.size()));
    if (module == "apparmor" && config.is_builtin("SECURITY_APPARMOR")) return true;
    if (module == "selinux" && config.is_builtin("SECURITY_SELINUX")) return false;
    if (module == "smack" && config.is_builtin("SECURITY_SMACK")) return false;
  }
  return false;
}

const FeatureRow* find_row(Fact fact) {
  const auto* found = std::ranges::find(rows, fact, &FeatureRow::fact);
  return found == rows.end() ? nullptr : found;
}

}  // namespace

Result<KernelVersion> known_kernel(std::string_view given) {
  const auto parsed = parse_kernel_version(given.starts_with('v') ? given.substr(1) : given);
  if (!parsed) return fail(ErrorCode::malformed, "'" + printable(given) + "' is no kernel version");
  if (*parsed < first_known_kernel || *parsed > last_known_kernel) {
    return fail(ErrorCode::unsupported, "the policy language of Linux " + to_string(*parsed) +
                                            " is not known, only that of " +
                                            to_string(first_known_kernel) + " to " +
                                            to_string(last_known_kernel));
  }
  return *parsed;
}

std::span<const FeatureRow> feature_rows() {
  return rows;
}

Known KernelFacts::holds(Fact fact) const {
  if (const FeatureRow* row = find_row(fact)) {
    if (version_ <= row->last_without) return Known::no;
    return version_ >= row->first_with ? Known::yes : Known::unknown;
  }
  if (!config_) return Known::unknown;
  const bool held =
      fact == Fact::apparmor ? labels_by_apparmor(*config_) : config_->is_builtin(symbol_of(fact));
  return held ? Known::yes : Known::no;
}

Known KernelFacts::has_hash(const HashName& hash) const {
  if (config_) {
    return available(*config_, hash) == kconfig::Available::builtin ? Known::yes : Known::no;
  }
  return hash.name == "sha1" ? Known::yes : Known::unknown;
}

bool KernelFacts::hash_is_module(const HashName& hash) const {
  return config_ && available(*config_, hash) == kconfig::Available::module;
}

std::string describe(Fact fact) {
  if (const FeatureRow* row = find_row(fact)) {
    return std::string(row->name) + " (in Linux " + to_string(row->first_with) + ", not in " +
           to_string(row->last_without) + ")";
  }
  if (fact == Fact::apparmor) return "CONFIG_SECURITY_APPARMOR, first in CONFIG_LSM";
  return "CONFIG_" + std::string(symbol_of(fact));
}

}  // namespace etalon::policy
