// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/simulation_findings.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mkosi/image/loader/load_map.hpp"
#include "policy/lang/facts.hpp"
#include "policy/lang/lint.hpp"
#include "policy/lang/load.hpp"
#include "policy/lang/rule.hpp"
#include "policy/sim/file_facts.hpp"
#include "policy/sim/simulate.hpp"
#include "tools/pipeline/image_files.hpp"
#include "tools/pipeline/simulation.hpp"

namespace etalon::pipeline {
namespace {

using policy::FileKind;
using policy::Func;
using policy::Measured;

// Programs that run what they read, by the beginning of their name: a version may follow.
constexpr std::array<std::string_view, 18> interpreters = {
    "ash",  "awk",  "bash", "busybox", "dash",   "gawk", "guile", "ksh",   "lua",
    "mawk", "node", "perl", "php",     "python", "ruby", "sh",    "tclsh", "zsh"};
// Programs that start others in a mount namespace of their own.
constexpr std::array<std::string_view, 11> namespace_makers = {
    "bwrap", "containerd-shim-runc-v2", "crun",    "dockerd", "lxc-start", "nsenter", "podman",
    "runc",  "systemd-nspawn",          "unshare", "youki"};
// Hooks that files pass through, and that a simulation therefore reaches.
constexpr std::array simulated_hooks = {
    Func::file_check,  Func::mmap_check,   Func::mmap_check_reqprot, Func::bprm_check,
    Func::creds_check, Func::module_check, Func::firmware_check,     Func::policy_check};

std::string_view base_name(std::string_view path) {
  return path.substr(path.find_last_of('/') + 1);
}

bool is_interpreter(std::string_view name) {
  return std::ranges::any_of(interpreters, [name](std::string_view known) {
    if (!name.starts_with(known)) return false;
    return name.find_first_not_of("0123456789.", known.size()) == std::string_view::npos;
  });
}

class Gaps {
 public:
  Gaps(const Simulation& simulation, const policy::JudgedPolicy& policy, const loader::LoadMap& map,
       const policy::KernelFacts& kernel)
      : simulation_(simulation), policy_(policy), map_(map), kernel_(kernel) {}

  std::vector<SimulationFinding> find() {
    open_rules();
    rules_never_reached();
    if (measures(Func::bprm_check) || measures(Func::mmap_check)) {
      scripts();
      loaders();
      memfd();
      mprotect();
      namespaces();
    }
    if (measures(Func::module_check)) modules();
    return std::move(found_);
  }

 private:
  using Files = std::vector<std::string>;

  SimulationFinding& add(std::string_view id, std::string message, std::string fix,
                         Files files = {}) {
    SimulationFinding finding{
        .finding = {.id = std::string(id), .message = std::move(message), .fix = std::move(fix)}};
    std::ranges::sort(files);
    finding.more = files.size() - std::min(files.size(), max_named);
    files.resize(files.size() - finding.more);
    finding.files = std::move(files);
    return found_.emplace_back(std::move(finding));
  }

  bool measures(Func func) const {
    return std::ranges::any_of(policy_.rules, [func](const policy::JudgedLine& line) {
      return line.verdict.rule && line.verdict.rule->action == policy::Action::measure &&
             (!line.verdict.rule->func || *line.verdict.rule->func == func);
    });
  }

  // Whether every access of this kind to the file is measured, whoever makes it.
  static bool always(const policy::SimulatedFile& file, policy::Touch touch) {
    const auto found = std::ranges::find(file.touches, touch, &policy::SimulatedTouch::touch);
    return found != file.touches.end() && found->decision.measured == Measured::yes;
  }

  // Files of image.files of which `wanted` holds.
  Files files_where(const std::function<bool(std::size_t)>& wanted) const {
    Files files;
    for (std::size_t i = 0; i < simulation_.image.files.size(); ++i) {
      if (wanted(i)) files.push_back(simulation_.image.files[i].path);
    }
    return files;
  }

  const loader::Roles& roles(std::size_t file) const {
    return map_.roles[simulation_.image.entries[file]];
  }

  bool executable(std::size_t file) const {
    const auto& touches = simulation_.image.files[file].touches;
    return std::ranges::find(touches, Func::bprm_check, &policy::Touch::func) != touches.end();
  }

  void open_rules() {
    for (const policy::JudgedLine& line : policy_.rules) {
      if (line.verdict.accepted != policy::Accepted::unknown) continue;
      add("open-rule", "whether the kernel accepts this rule is not known: " + line.verdict.reason,
          "name the exact kernel (--kernel) and its configuration (--config)")
          .finding.line = line.number;
    }
  }

  // A rule that excludes a file system holds for those that no image has: proc, sysfs.
  static bool may_be_reached(const policy::Rule& rule) {
    if (rule.func && std::ranges::find(simulated_hooks, *rule.func) == simulated_hooks.end())
      return false;
    if (rule.action == policy::Action::measure) return true;
    return rule.action == policy::Action::dont_measure && !rule.fsmagic && !rule.fsname &&
           !rule.fsuuid && !rule.fs_subtype;
  }

  void rules_never_reached() {
    std::set<std::size_t> reached;
    for (const auto* files : {&simulation_.files, &simulation_.places}) {
      for (const policy::SimulatedFile& file : *files) {
        for (const policy::SimulatedTouch& touch : file.touches)
          reached.insert(touch.decision.reached.begin(), touch.decision.reached.end());
      }
    }
    for (const policy::JudgedLine& line : policy_.rules) {
      if (!line.verdict.rule || !may_be_reached(*line.verdict.rule)) continue;
      if (reached.contains(line.number)) continue;
      add("never-matches", "this rule decides about no file of the image",
          "remove it, or see which rule before it, or which condition, keeps files away")
          .finding.line = line.number;
    }
  }

  // `sh FILE`: the interpreter opens the file like any other.
  void scripts() {
    constexpr policy::Touch read{.func = Func::file_check, .mask = policy::may_read};
    const bool all_read = std::ranges::all_of(
        simulation_.files, [&](const policy::SimulatedFile& file) { return always(file, read); });
    if (all_read) return;
    Files files = files_where([this](std::size_t i) {
      const policy::FileFacts& file = simulation_.image.files[i];
      if (!executable(i) || file.kind == FileKind::script) return false;
      return roles(i).script_interpreter_of > 0 || is_interpreter(base_name(file.path));
    });
    if (files.empty()) return;
    add("blind-script",
        "these run code that they read: `INTERPRETER FILE` asks FILE_CHECK with MAY_READ for FILE, "
        "which this policy does not measure for every file and process",
        "measure func=FILE_CHECK mask=MAY_READ for who may start them, or leave them out of the "
        "image",
        std::move(files));
  }

  // `ld.so PROGRAM`: the program is mapped, not executed.
  void loaders() {
    constexpr policy::Touch map{.func = Func::mmap_check, .mask = policy::may_exec};
    bool all_mapped = true;
    for (std::size_t i = 0; i < simulation_.files.size(); ++i) {
      if (simulation_.image.files[i].kind == FileKind::program)
        all_mapped = all_mapped && always(simulation_.files[i], map);
    }
    if (all_mapped) return;
    Files files = files_where([this](std::size_t i) {
      return executable(i) && simulation_.image.files[i].kind == FileKind::loader;
    });
    if (files.empty()) return;
    add("blind-loader",
        "`LOADER PROGRAM` maps PROGRAM without executing it, which only MMAP_CHECK sees, and this "
        "policy does not measure it for every program and process",
        "measure func=MMAP_CHECK mask=MAY_EXEC", std::move(files));
  }

  void memfd() {
    constexpr policy::Touch exec{.func = Func::bprm_check, .mask = policy::may_exec};
    for (std::size_t i = 0; i < simulation_.places.size(); ++i) {
      if (simulation_.image.places[i].path != "memfd:*" || always(simulation_.places[i], exec))
        continue;
      add("blind-memfd",
          "a program in memory (memfd_create()) lies on a tmpfs whose executions this policy does "
          "not measure for every process",
          "measure func=BPRM_CHECK without excluding tmpfs");
    }
  }

  void mprotect() {
    add("blind-mprotect",
        "no rule sees memory that becomes executable after it was mapped (mprotect()): code that a "
        "program writes or changes itself",
        "keep it from processes by other means: SELinux execmem, seccomp, PR_SET_MDWE");
  }

  void modules() {
    if (unpacks_modules(kernel_) == policy::Known::yes) return;
    Files files = files_where([this](std::size_t i) {
      return simulation_.image.files[i].kind == FileKind::packed_module;
    });
    if (files.empty()) return;
    add("blind-module",
        "compressed modules that modprobe unpacks itself reach the kernel without a file, and "
        "MODULE_CHECK does not see them",
        "set CONFIG_MODULE_DECOMPRESS, with kmod 31 or newer, or keep modules uncompressed",
        std::move(files));
  }

  void namespaces() {
    Files files = files_where([this](std::size_t i) {
      return executable(i) &&
             std::ranges::find(namespace_makers, base_name(simulation_.image.files[i].path)) !=
                 namespace_makers.end();
    });
    if (files.empty()) return;
    add("blind-namespace",
        "these start programs in a mount namespace of their own, whose paths on the list begin at "
        "its root and may be those of other files",
        "tell files by their digest, or leave these out of the image", std::move(files));
  }

  const Simulation& simulation_;
  const policy::JudgedPolicy& policy_;
  const loader::LoadMap& map_;
  const policy::KernelFacts& kernel_;
  std::vector<SimulationFinding> found_;
};

}  // namespace

std::vector<SimulationFinding> find_gaps(const Simulation& simulation,
                                         const policy::JudgedPolicy& policy,
                                         const loader::LoadMap& map,
                                         const policy::KernelFacts& kernel) {
  return Gaps(simulation, policy, map, kernel).find();
}

}  // namespace etalon::pipeline
