// SPDX-License-Identifier: Apache-2.0
// What a configuration does to IMA's list beside having it: hashes, banks, and the options that
// change what is listed or who may say so.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/config/check_parts.hpp"
#include "kernel/config/hash_symbols.hpp"
#include "kernel/config/ima_start.hpp"
#include "kernel/config/kconfig.hpp"
#include "kernel/config/lsm.hpp"
#include "kernel/options/features.hpp"
#include "kernel/options/options.hpp"
#include "tools/base/kernel_version.hpp"

namespace etalon::kconfig {
namespace {

// "CONFIG_CRYPTO_SHA512=m", "CONFIG_CRYPTO_SHA512 is not set"
std::string state_of(const Config& config, std::string_view symbol) {
  const std::string name = config_name(symbol);
  return config.is_module(symbol) ? name + "=m" : name + " is not set";
}

void check_default_hash(const CheckParts& check, const ImaStart& start) {
  const std::string_view fallback = check.config.value("IMA_DEFAULT_HASH");
  const bool weak = start.hash == "sha1" || start.hash == "md4" || start.hash == "md5";
  if (weak && fallback != start.hash) {
    check.error("hash-weak", "the command line makes " + start.hash + " the hash of files",
                "take ima_hash= or ima_template=ima away");
  }
  if (!weak || fallback != "sha1" || start.hash != "sha1") return;
  const std::string wanted = check.request.hash.empty() ? "sha256" : check.request.hash;
  const HashName* hash = find_hash(wanted);
  const bool absent = hash != nullptr && available(check.config, *hash) != Available::builtin;
  std::string why;
  if (absent) {
    why = ": " + state_of(check.config, hash->symbol) +
          ", so the choice of another hash vanishes without an error";
  }
  check.error("hash-fallback-sha1", "files are hashed with SHA-1" + why,
              absent ? "set " + config_name(hash->symbol) +
                           "=y together with the default hash; a module will not do"
                     : "choose another default hash, such as CONFIG_IMA_DEFAULT_HASH_SHA256=y");
}

void check_start(const CheckParts& check, const ImaStart& start) {
  const auto& [features, kernel, hash, tmplate, lsm] = check.request;
  if (!start.lost_hash.empty()) {
    const HashName* lost = find_hash(start.lost_hash);
    check.error("ima-hash-unavailable",
                "ima_hash=" + start.lost_hash + " is not what files are hashed with but " +
                    start.hash + ": " + state_of(check.config, lost->symbol),
                "set " + config_name(lost->symbol) + "=y");
  }
  if (!hash.empty() && start.hash != hash && check.words_known) {
    check.error("hash-differs", "files are hashed with " + start.hash + " and not " + hash,
                "put ima_hash=" + hash + " on the command line, before any other");
  } else if (!hash.empty() && start.hash != hash) {
    check.warn("hash-needs-cmdline",
               "files are hashed with " + start.hash +
                   " unless the command line, which is not given, says otherwise",
               "boot with ima_hash=" + hash);
  }
  if (!tmplate.empty() && start.tmplate != tmplate) {
    check.error("template-differs",
                "the list has the template " + printable(start.tmplate) + " and not " + tmplate,
                "set the template in the configuration, and none on the command line");
  }
}

// Whatever comes too late for IMA when it is a module.
void check_hash_modules(const CheckParts& check) {
  constexpr std::array<std::string_view, 2> usual = {"sha256", "sha512"};
  for (const std::string_view each : usual) {
    const HashName* hash = find_hash(each);
    if (hash == nullptr || available(check.config, *hash) != Available::module) continue;
    check.warn("hash-module",
               config_name(hash->symbol) +
                   "=m: IMA starts before a module can be loaded and does without this hash",
               "set " + config_name(hash->symbol) + "=y");
  }
}

void check_banks(const CheckParts& check) {
  constexpr std::array<std::string_view, 3> usual = {"sha256", "sha384", "sha512"};
  std::vector<std::string_view> banks(check.banks.begin(), check.banks.end());
  if (banks.empty()) banks.assign(usual.begin(), usual.end());
  std::string padded;
  std::string symbol;
  for (const std::string_view bank : banks) {
    const HashName* hash = find_hash(bank);
    if (hash == nullptr || available(check.config, *hash) == Available::builtin) continue;
    padded += (padded.empty() ? "" : ", ") + std::string(bank);
    symbol = hash->symbol;
  }
  if (padded.empty()) return;
  const std::string message =
      "PCR banks of " + padded +
      " are extended with SHA-1 digests and zeros behind them: " + state_of(check.config, symbol);
  const std::string fix = "set " + config_name(symbol) + "=y";
  if (check.banks.empty())
    check.warn("bank-padded", message, fix + ", or have no such bank");
  else
    check.error("bank-padded", message, fix);
}

}  // namespace

void check_hashes(const CheckParts& check) {
  if (!check.measures()) return;
  const ImaStart start = ima_start(check.config, check.words, check.request.kernel);
  check_default_hash(check, start);
  check_start(check, start);
  check_hash_modules(check);
  check_banks(check);
  for (const IgnoredWord& each : start.ignored) {
    check.error("parameter-ignored",
                printable(each.word) + " on the command line is passed over: " + each.why,
                "take it away, or put it where it counts");
  }
}

void check_ima_options(const CheckParts& check) {
  if (!check.measures()) return;
  const auto on = [&](std::string_view symbol) { return check.config.is_builtin(symbol); };
  if (on("IMA_DISABLE_HTABLE")) {
    check.warn("duplicates-listed",
               "CONFIG_IMA_DISABLE_HTABLE=y: what is read again is listed again, so neither the "
               "length nor the order of the list can be predicted",
               "turn it off");
  }
  if (on("IMA_WRITE_POLICY")) {
    check.warn("policy-writable",
               "CONFIG_IMA_WRITE_POLICY=y: root can add rules after the policy is loaded",
               "turn it off, or measure policies and check them");
  }
  if (!on("IMA_READ_POLICY")) {
    check.warn("policy-not-readable",
               "CONFIG_IMA_READ_POLICY is not set: the policy in force cannot be compared with "
               "the one that was meant",
               "turn it on");
  }
  if (on("IMA_STAGING")) {
    check.warn("list-can-be-cut",
               "CONFIG_IMA_STAGING=y: records can be cut off the list, and a verifier sees its end",
               "turn it off, or keep what is cut off");
  }
  if (on("IMA_KEXEC")) {
    check.note("list-survives-kexec",
               "CONFIG_IMA_KEXEC=y: after a kexec the list has a second boot_aggregate",
               "expect it where the machine uses kexec");
  }
  if (on("MODULE_DECOMPRESS")) {
    check.note("module-decompress",
               "CONFIG_MODULE_DECOMPRESS=y: of a compressed module the stored bytes are hashed, "
               "not the unpacked ones",
               "take the digests of modules as they are stored in the image");
  }
}

void check_lsm(const CheckParts& check) {
  if (std::ranges::none_of(check.features, is_integrity_feature)) return;
  if (!check.config.is_builtin("INTEGRITY")) return;
  const KernelVersion kernel = check.request.kernel;
  const Known needed = needs_integrity_lsm(kernel);
  if (needed == Known::no) return;
  std::string_view list = check.config.value("LSM");
  std::string where = "CONFIG_LSM";
  for (const std::string& word : check.words) {
    if (!word.starts_with("lsm=")) continue;
    list = std::string_view(word).substr(4);  // the kernel takes the last
    where = "lsm= on the command line";
  }
  // A configuration of other symbols alone says nothing of the list.
  if (where == "CONFIG_LSM" && !check.config.contains("LSM")) return;
  if (lists(list, "integrity")) return;
  const std::string message = where + " does not name integrity, without which Linux " +
                              to_string(kernel) + (needed == Known::yes ? " has" : " may have") +
                              " no cache for IMA and EVM";
  const std::string fix = "add integrity to " + where;
  if (needed == Known::yes)
    check.error("lsm-integrity", message, fix);
  else
    check.warn("lsm-integrity", message, fix);
}

}  // namespace etalon::kconfig
