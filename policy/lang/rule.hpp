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

// A set of them, with the kernel's numbers (include/linux/fs.h).
using AccessMask = std::uint8_t;
inline constexpr AccessMask may_exec = 1;
inline constexpr AccessMask may_write = 2;
inline constexpr AccessMask may_read = 4;
inline constexpr AccessMask may_append = 8;

// The one with this access alone.
AccessMask mask_of(Access access);

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

// The parts of a security label that a rule can ask for, of the process and of the file.
enum class LsmField : std::uint8_t {
  obj_user,
  obj_role,
  obj_type,
  subj_user,
  subj_role,
  subj_type
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
  std::map<LsmField, std::string> lsm{};
  Signature signature = Signature::any;
  bool check_blacklist = false;  // appraise_flag=, of kernels that do not ignore it
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
std::string_view name(LsmField field);
std::string_view name(Access access);  // "MAY_EXEC"
std::optional<Action> find_action(std::string_view word);
// With the old names PATH_CHECK and FILE_MMAP.
std::optional<Func> find_func(std::string_view word);
std::optional<Access> find_access(std::string_view word);

// KEXEC_CMDLINE, KEY_CHECK and CRITICAL_DATA measure a buffer, which has no signature and goes into
// the list with its content.
bool is_buffer(Func func);

}  // namespace etalon::policy
