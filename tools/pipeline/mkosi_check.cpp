// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/mkosi_check.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/lang/facts.hpp"
#include "policy/lang/lint.hpp"
#include "policy/lang/load.hpp"
#include "policy/lang/parse.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"
#include "tools/pipeline/mkosi_project.hpp"
#include "tools/pipeline/os_facts.hpp"

namespace etalon::pipeline {
namespace {

using policy::Severity;

// What a loader writes to; both spellings are in use.
constexpr std::array<std::string_view, 2> policy_nodes = {"security/ima/policy",
                                                          "integrity/ima/policy"};

constexpr std::array<std::string_view, 2> unit_folders = {"usr/lib/systemd/system",
                                                          "etc/systemd/system"};
constexpr std::array<std::string_view, 4> inits = {"init", "sbin/init", "usr/sbin/init",
                                                   "etc/init.d/rcS"};
constexpr std::string_view script_path = "usr/lib/ima/load-policy";

// Writes the policy itself, or calls the script that does.
bool loads_policy(std::string_view text) {
  return text.find(script_path) != std::string_view::npos ||
         std::ranges::any_of(policy_nodes, [text](std::string_view node) {
           return text.find(node) != std::string_view::npos;
         });
}

std::optional<std::string> last_value(const std::vector<std::string>& words, std::string_view key) {
  std::optional<std::string> value;
  for (const std::string& word : words) {
    if (word.starts_with(key) && word.size() > key.size() && word[key.size()] == '=')
      value = word.substr(key.size() + 1);
  }
  return value;
}

class Checker {
 public:
  Checker(const MkosiProject& project, const policy::KernelFacts& kernel)
      : project_(project), kernel_(kernel) {}

  Result<std::vector<MkosiFinding>> check() {
    TRY_ASSIGN(const auto policy, find_in_trees(project_, ima_policy_path));
    if (policy) {
      check_policy(*policy);
      TRY(check_loader());
    } else {
      add({.id = "no-policy",
           .severity = Severity::error,
           .message = "no tree of the project brings /etc/ima/ima-policy",
           .fix = "write one with `etalon policy generate` to mkosi.extra/etc/ima/ima-policy"});
    }
    check_cmdline();
    TRY(check_hooks());
    TRY(check_mode());
    return std::move(findings_);
  }

 private:
  void add(MkosiFinding finding) { findings_.push_back(std::move(finding)); }

  void check_policy(const MkosiFile& file) {
    const std::string_view text = as_text(file.content);
    const policy::JudgedPolicy judged = policy::judge_policy(text, kernel_);
    if (judged.path.accepted == policy::Accepted::no) {
      add({.id = "policy-refused",
           .severity = Severity::error,
           .file = file.path,
           .message = "Linux " + to_string(kernel_.version()) +
                      " refuses the policy: " + judged.path.reason,
           .fix = "`etalon policy check` tells which rule, and why"});
    }
    const policy::Machine machine{.root = policy::Root::initrd, .cmdline = project_.cmdline};
    for (const policy::LintFinding& each : lint_policy(text, judged, kernel_, machine)) {
      add({.id = each.id,
           .severity = each.severity,
           .file = file.path + (each.line ? ":" + std::to_string(*each.line) : ""),
           .message = each.message,
           .fix = each.fix});
    }
  }

  // systemd as PID 1 loads the policy itself, before it starts anything.
  bool systemd_is_init() const {
    const auto init = last_value(project_.cmdline, "rdinit");
    const auto other = last_value(project_.cmdline, "init");
    const std::string path = init.value_or(other.value_or(""));
    if (!path.empty() && path.find("systemd") == std::string::npos) return false;
    return std::ranges::find(project_.packages, "systemd") != project_.packages.end();
  }

  Status check_loader() {
    if (systemd_is_init()) return {};
    for (const std::string_view path : inits) {
      TRY_ASSIGN(const auto script, find_in_trees(project_, path));
      if (script && loads_policy(as_text(script->content))) return {};
    }
    TRY_ASSIGN(const auto unit, loader_unit());
    if (!unit) return report_unloaded();
    TRY_ASSIGN(const bool wanted, is_wanted(unit->first));
    if (!wanted) {
      add({.id = "unit-not-wanted",
           .severity = Severity::error,
           .file = unit->second,
           .message = "no target of the trees wants the unit that loads the policy",
           .fix = "link it into sysinit.target.wants"});
    }
    add({.id = "late-policy",
         .severity = Severity::warning,
         .file = unit->second,
         .message = "a unit loads the policy: what ran before it, systemd among it, is on no list",
         .fix =
             "use a systemd that is built with IMA, which loads it as PID 1, or an init script"});
    return {};
  }

  Status report_unloaded() {
    TRY_ASSIGN(const auto script, find_in_trees(project_, script_path));
    if (script) {
      add({.id = "loader-not-called",
           .severity = Severity::error,
           .file = script->path,
           .message = "no init and no unit that was found calls the script that loads the policy",
           .fix = "call /" + std::string(script_path) + " first thing in your init"});
    } else {
      add({.id = "not-loaded",
           .severity = Severity::error,
           .message =
               "nothing that was found loads the policy: systemd is not the init, and neither "
               "a unit nor an init script writes to securityfs/ima/policy",
           .fix = "`etalon mkosi init --loader unit` or `--loader script` writes one"});
    }
    return {};
  }

  // Name and file of the unit that loads the policy.
  Result<std::optional<std::pair<std::string, std::string>>> loader_unit() {
    for (const std::string_view folder : unit_folders) {
      TRY_ASSIGN(const auto names, names_in_trees(project_, folder));
      for (const std::string& name : names) {
        if (!name.ends_with(".service")) continue;
        TRY_ASSIGN(const auto unit, find_in_trees(project_, std::string(folder) + "/" + name));
        if (unit && loads_policy(as_text(unit->content))) {
          return std::pair(name, unit->path);
        }
      }
    }
    return std::nullopt;
  }

  Result<bool> is_wanted(const std::string& unit) {
    for (const std::string_view folder : unit_folders) {
      TRY_ASSIGN(const auto names, names_in_trees(project_, folder));
      for (const std::string& name : names) {
        if (!name.ends_with(".wants") && !name.ends_with(".requires")) continue;
        TRY_ASSIGN(const auto wanted, names_in_trees(project_, std::string(folder) + "/" + name));
        if (std::ranges::find(wanted, unit) != wanted.end()) return true;
      }
    }
    return false;
  }

  void check_cmdline() {
    std::string joined;
    for (const std::string& word : project_.cmdline)
      joined += word + " ";
    const ImaCmdline ima = ima_cmdline(joined);
    check_hash(ima.hash);
    const auto appraise = last_value(project_.cmdline, "ima_appraise");
    if (appraise && (appraise->starts_with("fix") || appraise->starts_with("off"))) {
      add({.id = "appraise-off",
           .severity = Severity::error,
           .message = "ima_appraise=" + printable(*appraise) + " lets every file pass",
           .fix = "leave ima_appraise= out, or say enforce"});
    }
  }

  void check_hash(const std::string& hash) {
    if (hash.empty()) {
      add({.id = "hash-unset",
           .severity = Severity::warning,
           .message = "without ima_hash= the hash of files is whatever the kernel was built with",
           .fix = "add ima_hash=sha256 to KernelCommandLine="});
      return;
    }
    const auto* known = kconfig::find_hash(hash);
    if (known == nullptr) {
      add({.id = "hash-unknown",
           .severity = Severity::error,
           .message = "ima_hash=" + printable(hash) + " is no hash the kernel knows",
           .fix = "say sha256, sha384 or sha512"});
    } else if (kernel_.has_hash(*known) == policy::Known::no) {
      add({.id = "hash-missing",
           .severity = Severity::error,
           .message = "the kernel has " + hash +
                      (kernel_.hash_is_module(*known) ? " as a module, which comes too late"
                                                      : " not built in") +
                      ": it falls back to its default hash",
           .fix = "build CONFIG_" + std::string(known->symbol) + " in"});
    }
  }

  Status check_hooks() {
    for (const std::string& hook : project_.hooks) {
      TRY_ASSIGN(const Bytes script, read_file(hook, max_mkosi_file));
      if (as_text(script).find("etalon measure") != std::string_view::npos) return {};
    }
    add({.id = "no-hook",
         .severity = Severity::warning,
         .message = "no mkosi.postoutput runs `etalon measure`: a build leaves no reference values",
         .fix = "`etalon mkosi init` writes one"});
    return {};
  }

  // The mode of the policy is part of the image, and that of a checkout depends on the umask.
  Status check_mode() {
    TRY_ASSIGN(const bool fixed, has_finalize());
    if (fixed) return {};
    add({.id = "policy-mode",
         .severity = Severity::warning,
         .message =
             "no mkosi.finalize gives the policy a fixed mode: the image then depends on the "
             "umask of the checkout",
         .fix = "`etalon mkosi init` writes one"});
    return {};
  }

  Result<bool> has_finalize() const {
    for (const MkosiTree& tree : project_.trees) {
      const std::string folder = tree.source.substr(0, tree.source.rfind('/'));
      const auto script = read_file(folder + "/mkosi.finalize", max_mkosi_file);
      if (script && as_text(*script).find("ima-policy") != std::string_view::npos) return true;
    }
    return false;
  }

  const MkosiProject& project_;
  const policy::KernelFacts& kernel_;
  std::vector<MkosiFinding> findings_;
};

}  // namespace

Result<std::vector<MkosiFinding>> check_mkosi_project(const MkosiProject& project,
                                                      const policy::KernelFacts& kernel) {
  return Checker(project, kernel).check();
}

}  // namespace etalon::pipeline
