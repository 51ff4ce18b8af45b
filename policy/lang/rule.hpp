// SPDX-License-Identifier: Apache-2.0
// One rule of an IMA policy, as the kernel keeps it after parsing. Names are the kernel's
// (Documentation/ABI/testing/ima_policy; security/integrity/ima/ima_policy.c).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace etalon::policy {

enum class Action : std::uint8_t {
  measure,
  dont_measure,
  appraise,
  dont_appraise,
  audit,
  dont_audit,
  hash,
  dont_hash,
};

enum class Func : std::uint8_t {
  file_check,  // also PATH_CHECK
  mmap_check,  // also FILE_MMAP
  mmap_check_reqprot,
  bprm_check,
  creds_check,
  module_check,
  firmware_check,
  kexec_kernel_check,
  kexec_initramfs_check,
  kexec_cmdline,
  policy_check,
  key_check,
  critical_data,
  setxattr_check,
};

enum class Access : std::uint8_t { exec, write, read, append };

struct Mask {
  Access access = Access::exec;
  bool contained = false;  // ^: the access may ask for more

  bool operator==(const Mask&) const = default;
};

enum class Compare : std::uint8_t { equal, above, below };

// uid, euid, gid, egid, fowner or fgroup against a number.
struct Owner {
  std::uint32_t id = 0;
  Compare compare = Compare::equal;
  bool effective = false;  // euid, egid

  bool operator==(const Owner&) const = default;
};

enum class Signature : std::uint8_t { any, imasig, modsig, sigv3 };  // modsig: imasig|modsig

struct Rule {
  Action action = Action::measure;
  std::optional<Func> func{};
  std::optional<Mask> mask{};
  std::optional<std::uint64_t> fsmagic{};
  std::optional<std::string> fsname{};
  std::optional<std::string> fs_subtype{};
  std::optional<std::string> fsuuid{};  // 36 characters, lower case
  std::optional<Owner> user{};
  std::optional<Owner> group{};
  std::optional<Owner> fowner{};
  std::optional<Owner> fgroup{};
  Signature signature = Signature::any;
  bool verity = false;
  bool permit_directio = false;
  std::vector<std::string> algorithms{};  // of appraise_algos
  std::optional<unsigned> pcr{};          // 0 to 63: a bit of the kernel's mask per inode
  std::optional<std::string> templ{};     // the template's name
  std::vector<std::string> keyrings{};
  std::vector<std::string> labels{};

  bool operator==(const Rule&) const = default;
};

// "measure", "BPRM_CHECK": as a policy spells them.
std::string_view name(Action action);
std::string_view name(Func func);
std::optional<Action> find_action(std::string_view word);
// With the old names PATH_CHECK and FILE_MMAP.
std::optional<Func> find_func(std::string_view word);

// A template the kernel is built with, by its name or its format; its name, or nothing.
struct TemplateName {
  std::string_view name{};
  std::string_view format{};
};

std::optional<TemplateName> find_template(std::string_view name_or_format);

}  // namespace etalon::policy
