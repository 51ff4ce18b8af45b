// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/rule.hpp"

#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace etalon::policy {
namespace {

constexpr std::array actions = {
    std::pair{Action::measure, std::string_view("measure")},
    std::pair{Action::dont_measure, std::string_view("dont_measure")},
    std::pair{Action::appraise, std::string_view("appraise")},
    std::pair{Action::dont_appraise, std::string_view("dont_appraise")},
    std::pair{Action::audit, std::string_view("audit")},
    std::pair{Action::dont_audit, std::string_view("dont_audit")},
    std::pair{Action::hash, std::string_view("hash")},
    std::pair{Action::dont_hash, std::string_view("dont_hash")},
};

// The first name of a func is the one it is shown by.
constexpr std::array funcs = {
    std::pair{Func::file_check, std::string_view("FILE_CHECK")},
    std::pair{Func::file_check, std::string_view("PATH_CHECK")},
    std::pair{Func::mmap_check, std::string_view("MMAP_CHECK")},
    std::pair{Func::mmap_check, std::string_view("FILE_MMAP")},
    std::pair{Func::mmap_check_reqprot, std::string_view("MMAP_CHECK_REQPROT")},
    std::pair{Func::bprm_check, std::string_view("BPRM_CHECK")},
    std::pair{Func::creds_check, std::string_view("CREDS_CHECK")},
    std::pair{Func::module_check, std::string_view("MODULE_CHECK")},
    std::pair{Func::firmware_check, std::string_view("FIRMWARE_CHECK")},
    std::pair{Func::kexec_kernel_check, std::string_view("KEXEC_KERNEL_CHECK")},
    std::pair{Func::kexec_initramfs_check, std::string_view("KEXEC_INITRAMFS_CHECK")},
    std::pair{Func::kexec_cmdline, std::string_view("KEXEC_CMDLINE")},
    std::pair{Func::policy_check, std::string_view("POLICY_CHECK")},
    std::pair{Func::key_check, std::string_view("KEY_CHECK")},
    std::pair{Func::critical_data, std::string_view("CRITICAL_DATA")},
    std::pair{Func::setxattr_check, std::string_view("SETXATTR_CHECK")},
};

constexpr std::array accesses = {
    std::pair{Access::exec, std::string_view("MAY_EXEC")},
    std::pair{Access::write, std::string_view("MAY_WRITE")},
    std::pair{Access::read, std::string_view("MAY_READ")},
    std::pair{Access::append, std::string_view("MAY_APPEND")},
};

constexpr std::array lsm_fields = {
    std::pair{LsmField::obj_user, std::string_view("obj_user")},
    std::pair{LsmField::obj_role, std::string_view("obj_role")},
    std::pair{LsmField::obj_type, std::string_view("obj_type")},
    std::pair{LsmField::subj_user, std::string_view("subj_user")},
    std::pair{LsmField::subj_role, std::string_view("subj_role")},
    std::pair{LsmField::subj_type, std::string_view("subj_type")},
};

template <class Table, class Key>
std::string_view name_of(const Table& table, Key key) {
  for (const auto& [value, word] : table) {
    if (value == key) return word;
  }
  return "";
}

template <class Key, class Table>
std::optional<Key> value_of(const Table& table, std::string_view wanted) {
  for (const auto& [value, word] : table) {
    if (word == wanted) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string_view name(Action action) {
  return name_of(actions, action);
}

std::string_view name(Func func) {
  return name_of(funcs, func);
}

std::string_view name(LsmField field) {
  return name_of(lsm_fields, field);
}

std::string_view name(Access access) {
  return name_of(accesses, access);
}

std::optional<Action> find_action(std::string_view word) {
  return value_of<Action>(actions, word);
}

std::optional<Func> find_func(std::string_view word) {
  return value_of<Func>(funcs, word);
}

std::optional<Access> find_access(std::string_view word) {
  return value_of<Access>(accesses, word);
}

AccessMask mask_of(Access access) {
  switch (access) {
    case Access::exec:
      return may_exec;
    case Access::write:
      return may_write;
    case Access::read:
      return may_read;
    case Access::append:
      return may_append;
  }
  return 0;
}

bool is_buffer(Func func) {
  return func == Func::kexec_cmdline || func == Func::key_check || func == Func::critical_data;
}

}  // namespace etalon::policy
