// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/describe.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/lang/file_system_types.hpp"
#include "policy/lang/order.hpp"
#include "policy/lang/render.hpp"
#include "policy/lang/rule.hpp"
#include "policy/lang/scope.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::policy {
namespace {

std::string_view verb(Action action) {
  switch (action) {
    case Action::measure:
      return "Measures ";
    case Action::dont_measure:
      return "Does not measure ";
    case Action::appraise:
      return "Refuses access unless it can verify ";
    case Action::dont_appraise:
      return "Does not verify ";
    case Action::audit:
      return "Writes an audit record with the digest of ";
    case Action::dont_audit:
      return "Writes no audit record of ";
    case Action::hash:
      return "Writes to security.ima the digest of ";
    case Action::dont_hash:
      return "Does not write the digest of ";
  }
  return "";
}

// Of a file that user space opens.
std::string_view opened(const std::optional<Mask>& mask) {
  if (!mask) return "files that are opened";
  switch (mask->access) {
    case Access::exec:
      return "programs, scripts and loaders as the kernel opens them to execute";
    case Access::write:
      return mask->contained ? "files opened for writing" : "files opened for writing only";
    case Access::read:
      return mask->contained ? "files opened for reading" : "files opened for reading only";
    case Access::append:
      return "files opened for appending";
  }
  return "";
}

std::string_view any_hook(const std::optional<Mask>& mask) {
  if (!mask) return "file that is opened, executed, mapped to execute or read by the kernel";
  switch (mask->access) {
    case Access::exec:
      return "file that is executed or mapped to execute";
    case Access::write:
      return mask->contained ? "file opened for writing" : "file opened for writing only";
    case Access::read:
      return mask->contained ? "file opened for reading or read by the kernel itself"
                             : "file opened for reading only or read by the kernel itself";
    case Access::append:
      return "file opened for appending";
  }
  return "";
}

std::string object(const Rule& rule) {
  if (!rule.func)
    return (is_exclusion(rule.action) ? "any " : "every ") + std::string(any_hook(rule.mask));
  return std::string(*rule.func == Func::file_check ? opened(rule.mask)
                                                    : describe_hook(*rule.func));
}

std::string one_of(const std::vector<std::string>& items) {
  return printable(joined(items, " or "));
}

std::string compared(std::string_view what, const Owner& owner) {
  const std::string id = std::to_string(owner.id);
  switch (owner.compare) {
    case Compare::equal:
      return std::string(what) + " " + id;
    case Compare::above:
      return std::string(what) + "s above " + id;
    case Compare::below:
      return std::string(what) + "s below " + id;
  }
  return "";
}

void add(std::string_view clause, std::string& text) {
  if (clause.empty()) return;
  if (!text.empty()) text += ", ";
  text += clause;
}

void add_names(const Rule& rule, std::string& text) {
  if (!rule.keyrings.empty()) add("to keyring " + one_of(rule.keyrings), text);
  if (!rule.labels.empty()) add("labelled " + one_of(rule.labels), text);
}

void add_process(const Rule& rule, std::string& text) {
  std::string who;
  if (rule.user) add(compared(rule.user->effective ? "effective user" : "user", *rule.user), who);
  if (rule.group) {
    add(compared(rule.group->effective ? "effective group" : "group", *rule.group), who);
  }
  if (!who.empty()) add("for processes of " + who, text);
}

void add_file(const Rule& rule, std::string& text) {
  if (rule.fowner) add("owned by " + compared("user", *rule.fowner), text);
  if (rule.fgroup) add("owned by " + compared("group", *rule.fgroup), text);
  for (const auto& [field, label] : rule.lsm)
    add("with " + std::string(name(field)) + " " + printable(label), text);
  if (rule.fsmagic) {
    const std::string names = names_of(*rule.fsmagic);
    add("on " + (names.empty() ? "file systems with magic " + hex_number(*rule.fsmagic) : names),
        text);
  }
  if (rule.fsname) add("on file systems of type " + printable(*rule.fsname), text);
  if (rule.fs_subtype) add("with subtype " + printable(*rule.fs_subtype), text);
  if (rule.fsuuid) add("on the file system with UUID " + *rule.fsuuid, text);
}

std::string_view by_signature(const Rule& rule) {
  switch (rule.signature) {
    case Signature::any:
      return "by the digest or signature in security.ima";
    case Signature::imasig:
      return "by the signature in security.ima";
    case Signature::modsig:
      return "by the signature in security.ima or the one appended to the file";
    case Signature::sigv3:
      return rule.verity ? "by the signature of its fs-verity digest in security.ima"
                         : "by the version 3 signature in security.ima";
  }
  return "";
}

void add_manner(const Rule& rule, std::string& text) {
  if (rule.action == Action::appraise && rule.func != Func::setxattr_check)
    add(by_signature(rule), text);
  if (rule.check_blacklist) add("unless it is blacklisted", text);
  if (!rule.algorithms.empty()) add("made with " + one_of(rule.algorithms), text);
  if (rule.verity && rule.action != Action::appraise) add("by its fs-verity digest", text);
  if (rule.permit_directio) add("also when opened for direct I/O", text);
  if (rule.pcr) add("into PCR " + std::to_string(*rule.pcr), text);
  if (rule.templ) add("with template " + *rule.templ, text);
}

}  // namespace

std::string_view describe_hook(Func func) {
  switch (func) {
    case Func::file_check:
      return "files that are opened";
    case Func::mmap_check:
      return "shared libraries and other files mapped to execute";
    case Func::mmap_check_reqprot:
      return "files that a program asks to map to execute";
    case Func::bprm_check:
      return "programs and #! scripts that are executed";
    case Func::creds_check:
      return "programs that are executed, by the identity they get";
    case Func::module_check:
      return "kernel modules loaded from a file";
    case Func::firmware_check:
      return "firmware that drivers load from a file";
    case Func::kexec_kernel_check:
      return "kernels loaded by kexec";
    case Func::kexec_initramfs_check:
      return "initramfs images loaded by kexec";
    case Func::kexec_cmdline:
      return "the command line of a kernel loaded by kexec";
    case Func::policy_check:
      return "IMA policies loaded by their path";
    case Func::key_check:
      return "keys added to a keyring";
    case Func::critical_data:
      return "critical data of the kernel";
    case Func::setxattr_check:
      return "what is written to security.ima";
  }
  return "";
}

std::string describe_conditions(const Rule& rule) {
  std::string text;
  add_names(rule, text);
  add_process(rule, text);
  add_file(rule, text);
  return text;
}

std::string describe_rule(const Rule& rule) {
  std::string text = std::string(verb(rule.action)) + object(rule);
  if (Scopes().of(rule).empty()) text += " (which no access ever matches)";
  add(describe_conditions(rule), text);
  add_manner(rule, text);
  return text + ".";
}

}  // namespace etalon::policy
