// SPDX-License-Identifier: Apache-2.0
#include "policy/generate/generate.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/config/kconfig.hpp"
#include "policy/generate/recipe.hpp"
#include "policy/lang/describe.hpp"
#include "policy/lang/facts.hpp"
#include "policy/lang/file_system_types.hpp"
#include "policy/lang/lint.hpp"
#include "policy/lang/load.hpp"
#include "policy/lang/parse.hpp"
#include "policy/lang/render.hpp"
#include "policy/lang/rule.hpp"
#include "tools/base/kernel_version.hpp"
#include "tools/base/result.hpp"

namespace etalon::policy {
namespace {

constexpr Mask for_reading{.access = Access::read, .contained = true};

std::vector<Func> funcs_of(RecipeSubject subject, Action action) {
  switch (subject) {
    case RecipeSubject::programs:
      return {Func::bprm_check};
    case RecipeSubject::libraries:
      return {Func::mmap_check};
    case RecipeSubject::reads:
      return {Func::file_check};
    case RecipeSubject::modules:
      return {Func::module_check};
    case RecipeSubject::firmware:
      return {Func::firmware_check};
    case RecipeSubject::kexec:
      if (action == Action::appraise)
        return {Func::kexec_kernel_check, Func::kexec_initramfs_check};
      return {Func::kexec_kernel_check, Func::kexec_initramfs_check, Func::kexec_cmdline};
    case RecipeSubject::policies:
      return {Func::policy_check};
    case RecipeSubject::keys:
      return {Func::key_check};
    case RecipeSubject::critical_data:
      return {Func::critical_data};
  }
  return {};
}

std::vector<std::optional<Owner>> processes_of(const RecipeItem& item) {
  std::vector<std::optional<Owner>> processes;
  processes.reserve(item.users.size() + item.effective_users.size() + 1);
  for (const std::uint32_t user : item.users)
    processes.emplace_back(Owner{.id = user});
  for (const std::uint32_t user : item.effective_users)
    processes.emplace_back(Owner{.id = user, .effective = true});
  if (processes.empty()) processes.emplace_back();
  return processes;
}

std::vector<std::optional<Owner>> owners_of(const RecipeItem& item) {
  std::vector<std::optional<Owner>> owners;
  owners.reserve(item.owners.size() + 1);
  for (const std::uint32_t owner : item.owners)
    owners.emplace_back(Owner{.id = owner});
  if (owners.empty()) owners.emplace_back();
  return owners;
}

class Generator {
 public:
  Generator(const Recipe& recipe, const KernelFacts& kernel) : recipe_(recipe), kernel_(kernel) {}

  Result<GeneratedPolicy> run() {
    TRY(check_appraisal());
    write_heading();
    TRY(add_items(recipe_.exclude, Action::dont_measure, "exclude"));
    TRY(add_items(recipe_.measure, Action::measure, "measure"));
    TRY(add_items(recipe_.appraise, Action::appraise, "appraise"));
    if (rules_.empty())
      return fail(ErrorCode::unsupported, "of what the recipe asks for this kernel can do nothing");
    TRY(check_result());
    return std::move(out_);
  }

 private:
  // newc, the archive of an initrd, has no extended attributes.
  Status check_appraisal() const {
    if (recipe_.appraise.empty()) return {};
    const kconfig::Config* config = kernel_.config();
    if (config != nullptr && !config->is_builtin("IMA_APPRAISE")) {
      return fail(ErrorCode::unsupported,
                  "appraise: without CONFIG_IMA_APPRAISE the kernel verifies nothing");
    }
    for (std::size_t i = 0; i < recipe_.appraise.size(); ++i) {
      if (recipe_.root != Root::initrd || recipe_.appraise[i].signature == Signature::modsig)
        continue;
      return fail(ErrorCode::malformed,
                  "appraise[" + std::to_string(i) +
                      "]: files in an initrd have no security.ima, so all access would be refused");
    }
    return {};
  }

  void write_heading() {
    comment("IMA policy of the recipe " + recipe_.name + " for Linux " +
            to_string(kernel_.version()) + ", root file system " +
            (recipe_.root == Root::disk ? "on a disk" : "in the initrd") + ".");
    if (!recipe_.summary.empty()) comment(recipe_.summary);
  }

  // Broken at blanks before 100 columns where there are any.
  void comment(std::string_view text) {
    constexpr std::size_t width = 98;
    while (!text.empty()) {
      std::size_t end = text.size();
      if (end > width) {
        end = text.rfind(' ', width);
        if (end == std::string_view::npos || end == 0) end = std::min(text.find(' '), text.size());
      }
      out_.text += "# " + std::string(text.substr(0, end)) + "\n";
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  Status add_items(const std::vector<RecipeItem>& items, Action action, std::string_view list) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::string where = std::string(list) + "[" + std::to_string(i) + "]";
      TRY(in(add_item(items[i], action), where));
    }
    return {};
  }

  Status add_item(const RecipeItem& item, Action action) {
    std::vector<std::optional<Func>> funcs;
    if (!item.what) funcs.emplace_back();
    for (const Func func : item.what ? funcs_of(*item.what, action) : std::vector<Func>())
      funcs.emplace_back(func);
    for (const std::optional<Func>& func : funcs) {
      TRY(add_rules(item, action, func));
    }
    return {};
  }

  // One for each process and owner.
  Status add_rules(const RecipeItem& item, Action action, std::optional<Func> func) {
    for (const auto& process : processes_of(item)) {
      for (const auto& owner : owners_of(item)) {
        TRY_ASSIGN(const Rule rule, rule_of(item, action, func, process, owner));
        TRY(add_rule(rule, item));
      }
    }
    return {};
  }

  Result<Rule> rule_of(const RecipeItem& item, Action action, std::optional<Func> func,
                       const std::optional<Owner>& process, const std::optional<Owner>& owner) {
    Rule rule{.action = action, .func = func, .user = process, .fowner = owner};
    if (func == Func::file_check) rule.mask = for_reading;
    rule.fsuuid = item.fsuuid;
    if (item.file_system) {
      TRY(select_file_system(*item.file_system, rule));
    }
    if (func == Func::key_check) rule.keyrings = item.names;
    if (func == Func::critical_data) rule.labels = item.names;
    if (action == Action::appraise) rule.signature = item.signature;
    rule.verity = item.verity && !(func && is_buffer(*func));
    if (action == Action::measure) add_record(item, rule);
    return rule;
  }

  // An initramfs has the magic of tmpfs, but not its name; so there a tmpfs is known by its name,
  // and only reads of it are excluded unless the recipe says more. On a disk a magic is surer,
  // because a name is not checked when the policy is loaded.
  Status select_file_system(const std::string& name, Rule& rule) const {
    const auto magic = magic_of(name);
    if (!magic && name != initramfs_name)
      return fail(ErrorCode::malformed, "no file system " + printable(name) + " is known");
    if (name == "tmpfs" && rule.action == Action::dont_measure && !rule.func) {
      rule.func = Func::file_check;
    }
    const bool by_name = !magic || (*magic == tmpfs_magic && recipe_.root == Root::initrd);
    if (by_name)
      rule.fsname = name;
    else
      rule.fsmagic = magic;
    return {};
  }

  // Up to 5.10 a buffer is only kept in the list with a template that has a field for it.
  void add_record(const RecipeItem& item, Rule& rule) const {
    rule.pcr = item.pcr;
    if (rule.func && is_buffer(*rule.func)) {
      if (kernel_.holds(Fact::buffer_template) != Known::yes) rule.templ = "ima-buf";
    } else {
      rule.templ = item.templ;
    }
  }

  Status add_rule(const Rule& rule, const RecipeItem& item) {
    const std::string text = render_rule(rule);
    const Verdict verdict = judge_rule(text, kernel_);
    if (verdict.accepted == Accepted::yes) {
      comment(describe_rule(rule));
      out_.text += text + "\n";
      rules_.push_back(rule);
      return {};
    }
    const std::string why =
        (verdict.accepted == Accepted::no ? "" : "whether it is accepted ") + verdict.reason;
    if (!item.optional) return fail(ErrorCode::unsupported, text + ": " + why);
    comment("Left out: " + text + " (" + why + ")");
    out_.left_out.push_back({.rule = rule, .reason = why});
    return {};
  }

  // The text as a kernel and a linter see it must be the rules that were meant.
  Status check_result() {
    const JudgedPolicy judged = judge_policy(out_.text, kernel_);
    for (const FileVerdict& verdict : {judged.lines, judged.path}) {
      if (verdict.accepted != Accepted::yes)
        return fail(ErrorCode::mismatch, "the policy would not be accepted: " + verdict.reason);
    }
    const bool same = std::ranges::equal(
        judged.rules, rules_,
        [](const auto& line, const auto& rule) { return line.verdict.rule == rule; });
    const bool ascii =
        std::ranges::all_of(out_.text, [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); });
    if (!same || !ascii)
      return fail(ErrorCode::mismatch, "the policy would not mean what the recipe says");
    for (LintFinding& finding : lint_policy(out_.text, judged, kernel_, {.root = recipe_.root})) {
      if (finding.severity == Severity::error)
        return fail(ErrorCode::malformed, finding.id + ": " + finding.message);
      out_.warnings.push_back(std::move(finding));
    }
    return {};
  }

  const Recipe& recipe_;
  const KernelFacts& kernel_;
  std::vector<Rule> rules_;
  GeneratedPolicy out_;
};

}  // namespace

Result<GeneratedPolicy> generate_policy(const Recipe& recipe, const KernelFacts& kernel) {
  return Generator(recipe, kernel).run();
}

}  // namespace etalon::policy
