// SPDX-License-Identifier: Apache-2.0
// Source of what words of the command line do: Linux, ima_policy.c (default_measure_policy_setup,
// policy_setup), ima_main.c (hash_setup, init_ima), ima_crypto.c (ima_init_crypto), do_mounts.c.
#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/config/kconfig.hpp"
#include "policy/lang/facts.hpp"
#include "policy/lang/file_system_types.hpp"
#include "policy/lang/lint.hpp"
#include "policy/lang/lint_checks.hpp"
#include "policy/lang/load.hpp"
#include "policy/lang/order.hpp"
#include "policy/lang/scope.hpp"
#include "policy/sim/builtin.hpp"
#include "tools/base/kernel_version.hpp"
#include "tools/base/result.hpp"

namespace etalon::policy {
namespace {

// The value of the first KEY=VALUE.
std::optional<std::string_view> first_value(const std::vector<std::string>& words,
                                            std::string_view key) {
  for (const std::string_view word : words) {
    if (word.starts_with(key) && word.substr(key.size()).starts_with('='))
      return word.substr(key.size() + 1);
  }
  return std::nullopt;
}

// What ima_policy= and ima_tcb name, joined as the kernel would take them in one word.
std::string builtin_words(const std::vector<std::string>& words) {
  constexpr std::string_view key = "ima_policy=";
  std::string names;
  for (const std::string_view word : words) {
    if (word == "ima_tcb") names += "|ima_tcb";
    if (word.starts_with(key)) names += "|" + std::string(word.substr(key.size()));
  }
  return names;
}

// Whether a built-in policy measures what is executed from the root file system.
bool measures_before(const LintInput& input, const std::string& builtin) {
  const BuiltinPolicy policy = builtin_policy(builtin, input.kernel.version());
  Scope there = scope_of(executed());
  if (root_kind(input) == RootKind::tmpfs)
    there.at(Dimension::fsmagic) = {tmpfs_magic, tmpfs_magic};
  const auto rules = order_rules(judge_each_line(policy.text, input.kernel));
  return decides_in(rules, ActionClass::measure, there);
}

void add_loaded_late(const LintInput& input, Findings& findings) {
  const auto& cmdline = input.machine.cmdline;
  if (!cmdline || !measures_executed(input)) return;
  const std::string builtin = builtin_words(*cmdline);
  if (measures_before(input, builtin)) return;
  const bool hidden = root_kind(input) == RootKind::tmpfs;
  findings.push_back(
      {.id = "loaded-late",
       .severity = Severity::warning,
       .message =
           "what runs before this file is loaded is not measured: PID 1 and its libraries, "
           "the program that loads it, and this file itself" +
           std::string(builtin.find("tcb") == std::string::npos
                           ? ""
                           : "; up to Linux 6.13 ima_policy=tcb leaves out a tmpfs, which the "
                             "root file system in the initrd is"),
       .fix = hidden ? "say ima_policy=tcb rootfstype=ramfs on the command line"
                     : "say ima_policy=tcb on the command line; this file replaces it when it is "
                       "loaded"});
}

// What stands behind "but".
std::string why_absent(const KernelFacts& kernel, const HashName& hash) {
  return "CONFIG_" + std::string(hash.symbol) +
         (kernel.hash_is_module(hash) ? " is a module" : " is not set");
}

void add_ima_hash(const LintInput& input, Findings& findings) {
  if (!input.machine.cmdline) return;
  const auto wanted = first_value(*input.machine.cmdline, "ima_hash");
  if (!wanted) return;
  const HashName* hash = find_hash(*wanted);
  if (hash != nullptr && input.kernel.has_hash(*hash) != Known::no) return;
  findings.push_back(
      {.id = "ima-hash-unavailable",
       .severity = Severity::error,
       .message =
           "ima_hash=" + printable(*wanted) + " is not what files will be measured with: " +
           (hash == nullptr ? "the kernel knows no such hash" : why_absent(input.kernel, *hash)) +
           ", so the one of CONFIG_IMA_DEFAULT_HASH is used",
       .fix = hash == nullptr
                  ? "use a name of crypto/hash_info.c, such as sha256"
                  : "build the kernel with CONFIG_" + std::string(hash->symbol) + "=y"});
}

// For a bank whose hash the kernel cannot compute when IMA starts it extends the SHA-1 template
// digest, filled up with zeros; seen with Linux 6.1 and CONFIG_CRYPTO_SHA512=m.
void add_padded_banks(const LintInput& input, Findings& findings) {
  const std::vector<std::string> usual = {"sha256", "sha384", "sha512"};
  const bool given = !input.machine.banks.empty();
  std::string padded;
  std::string why;
  for (const std::string& bank : given ? input.machine.banks : usual) {
    const HashName* hash = find_hash(bank);
    if (hash == nullptr || input.kernel.has_hash(*hash) != Known::no) continue;
    padded += (padded.empty() ? "" : ", ") + bank;
    why = why_absent(input.kernel, *hash);
  }
  if (padded.empty()) return;
  findings.push_back(
      {.id = "bank-padded",
       .severity = given ? Severity::error : Severity::warning,
       .message = "PCR " + std::string(padded.find(',') == std::string::npos ? "bank " : "banks ") +
                  padded + (given ? "" : ", if active in the TPM,") +
                  " will hold SHA-1 digests filled up with zeros, because " + why +
                  ": only a verifier that knows can replay the list",
       .fix = "build the hash into the kernel, or make only banks active that it has"});
}

void add_sha1_list(const LintInput& input, Findings& findings) {
  const auto& banks = input.machine.banks;
  if (banks.empty() || std::ranges::find(banks, "sha1") != banks.end() ||
      input.kernel.holds(Fact::bank_lists) != Known::no)
    return;
  findings.push_back(
      {.id = "list-sha1-only",
       .severity = Severity::warning,
       .message = "Linux " + to_string(input.kernel.version()) +
                  " lists template digests in SHA-1 only, and no active PCR bank has that: the "
                  "digests in the list do not replay to a PCR",
       .fix = "verify with a tool that computes the digests from the template data, or use "
              "a kernel with a list per bank"});
}

}  // namespace

RootKind root_kind(const LintInput& input) {
  if (input.machine.root == Root::unknown) return RootKind::unknown;
  if (input.machine.root == Root::disk) return RootKind::disk;
  const kconfig::Config* config = input.kernel.config();
  if (config != nullptr && !config->is_builtin("TMPFS")) return RootKind::ramfs;
  if (!input.machine.cmdline) return RootKind::initrd;
  const auto type = first_value(*input.machine.cmdline, "rootfstype");
  if (type)
    return type->find("tmpfs") == std::string_view::npos ? RootKind::ramfs : RootKind::tmpfs;
  return first_value(*input.machine.cmdline, "root") ? RootKind::ramfs : RootKind::tmpfs;
}

void lint_machine(const LintInput& input, Findings& findings) {
  add_loaded_late(input, findings);
  add_ima_hash(input, findings);
  add_padded_banks(input, findings);
  add_sha1_list(input, findings);
}

}  // namespace etalon::policy
