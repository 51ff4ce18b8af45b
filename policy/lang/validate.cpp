// SPDX-License-Identifier: Apache-2.0
// The conditions each func takes, as ima_validate_rule() has them (Linux 5.10 to 7.2,
// security/integrity/ima/ima_policy.c). A condition that a version does not have never gets here.
#include "policy/lang/validate.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "policy/lang/rule.hpp"

namespace etalon::policy {
namespace {

enum Condition : std::uint32_t {
  mask = 1U << 0U,
  fsmagic = 1U << 1U,
  fsname = 1U << 2U,
  fs_subtype = 1U << 3U,
  fsuuid = 1U << 4U,
  uid = 1U << 5U,
  euid = 1U << 6U,
  gid = 1U << 7U,
  egid = 1U << 8U,
  fowner = 1U << 9U,
  fgroup = 1U << 10U,
  pcr = 1U << 11U,
  signature = 1U << 12U,
  modsig = 1U << 13U,
  algorithms = 1U << 14U,
  directio = 1U << 15U,
  verity = 1U << 16U,
  keyrings = 1U << 17U,
  labels = 1U << 18U,
  lsm = 1U << 19U,
};

struct ConditionName {
  Condition condition;
  std::string_view name;
};

constexpr std::array condition_names = {
    ConditionName{mask, "mask="},
    ConditionName{fsmagic, "fsmagic="},
    ConditionName{fsname, "fsname="},
    ConditionName{fs_subtype, "fs_subtype="},
    ConditionName{fsuuid, "fsuuid="},
    ConditionName{uid, "uid"},
    ConditionName{euid, "euid"},
    ConditionName{gid, "gid"},
    ConditionName{egid, "egid"},
    ConditionName{fowner, "fowner"},
    ConditionName{fgroup, "fgroup"},
    ConditionName{pcr, "pcr="},
    ConditionName{signature, "appraise_type="},
    ConditionName{modsig, "appraise_type=imasig|modsig"},
    ConditionName{algorithms, "appraise_algos="},
    ConditionName{directio, "permit_directio"},
    ConditionName{verity, "digest_type=verity"},
    ConditionName{keyrings, "keyrings="},
    ConditionName{labels, "label="},
    ConditionName{lsm, "labels of a security module"},
};

constexpr std::uint32_t where = fsmagic | fsname | fs_subtype | fsuuid | fowner | fgroup;
constexpr std::uint32_t who = uid | euid | gid | egid;
constexpr std::uint32_t on_files =
    where | who | mask | pcr | signature | algorithms | directio | lsm;

std::uint32_t of_owner(const std::optional<Owner>& owner, std::uint32_t real,
                       std::uint32_t effective) {
  if (!owner) return 0;
  return owner->effective ? effective : real;
}

std::uint32_t conditions_of(const Rule& rule) {
  std::uint32_t out = of_owner(rule.user, uid, euid) | of_owner(rule.group, gid, egid);
  if (rule.mask) out |= mask;
  if (rule.fsmagic) out |= fsmagic;
  if (rule.fsname) out |= fsname;
  if (rule.fs_subtype) out |= fs_subtype;
  if (rule.fsuuid) out |= fsuuid;
  if (rule.fowner) out |= fowner;
  if (rule.fgroup) out |= fgroup;
  if (rule.pcr) out |= pcr;
  if (rule.signature != Signature::any) out |= signature;
  if (rule.signature == Signature::modsig) out |= modsig;
  if (!rule.algorithms.empty()) out |= algorithms;
  if (rule.permit_directio) out |= directio;
  if (rule.verity) out |= verity;
  if (!rule.keyrings.empty()) out |= keyrings;
  if (!rule.labels.empty()) out |= labels;
  if (!rule.lsm.empty()) out |= lsm;
  return out;
}

std::uint32_t allowed_with(const std::optional<Func>& func) {
  if (!func) return on_files | verity;
  switch (*func) {
    case Func::file_check:
    case Func::mmap_check:
    case Func::mmap_check_reqprot:
    case Func::bprm_check:
    case Func::creds_check:
    case Func::firmware_check:
    case Func::policy_check:
      return on_files | verity;
    case Func::module_check:
    case Func::kexec_kernel_check:
    case Func::kexec_initramfs_check:
      return on_files | modsig;
    case Func::kexec_cmdline:
      return where | who | pcr | lsm;
    case Func::key_check:
      return uid | gid | pcr | keyrings;
    case Func::critical_data:
      return uid | gid | pcr | labels;
    case Func::setxattr_check:
      return algorithms;
  }
  return 0;
}

std::optional<std::string> check_action(const Rule& rule, const Said& said,
                                        std::uint32_t conditions) {
  const auto only_with = [](std::string_view what, std::string_view action) {
    return std::string(what) + " goes only with " + std::string(action);
  };
  if (!said.action) return "no action: one of measure, dont_measure, appraise, ...";
  if ((conditions & pcr) != 0 && rule.action != Action::measure)
    return only_with("pcr=", "measure");
  if (rule.action == Action::appraise) return std::nullopt;
  if ((conditions & signature) != 0) return only_with("appraise_type=", "appraise");
  if ((conditions & algorithms) != 0) return only_with("appraise_algos=", "appraise");
  if (rule.check_blacklist) return only_with("appraise_flag=", "appraise");
  return std::nullopt;
}

std::optional<std::string> check_func(const Rule& rule, std::uint32_t conditions) {
  const std::string func =
      rule.func ? "func=" + std::string(name(*rule.func)) : "a rule without func=";
  if (rule.func && is_buffer(*rule.func) && rule.action != Action::measure &&
      rule.action != Action::dont_measure) {
    return func + " goes only with measure and dont_measure";
  }
  if (rule.func == Func::setxattr_check) {
    if (rule.action != Action::appraise) return func + " goes only with appraise";
    if (rule.algorithms.empty()) return func + " needs appraise_algos=";
  }
  const std::uint32_t wrong = conditions & ~allowed_with(rule.func);
  for (const auto& [condition, word] : condition_names) {
    if ((wrong & condition) != 0) return func + " does not take " + std::string(word);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> validate_rule(const Rule& rule, const Said& said) {
  const std::uint32_t conditions = conditions_of(rule);
  if (auto why = check_action(rule, said, conditions)) return why;
  if (auto why = check_func(rule, conditions)) return why;
  if (rule.check_blacklist && rule.signature != Signature::modsig) {
    return "appraise_flag= needs appraise_type=imasig|modsig";
  }
  if (rule.action == Action::appraise && rule.verity && rule.signature == Signature::any) {
    return "appraise with digest_type=verity needs appraise_type=sigv3";
  }
  return std::nullopt;
}

}  // namespace etalon::policy
