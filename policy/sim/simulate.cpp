// SPDX-License-Identifier: Apache-2.0
#include "policy/sim/simulate.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "policy/lang/facts.hpp"
#include "policy/lang/rule.hpp"

namespace etalon::policy {
namespace {

bool matches_mask(const Mask& wanted, AccessMask mask) {
  return wanted.contained ? (mask & mask_of(wanted.access)) != 0 : mask == mask_of(wanted.access);
}

template <class T>
Known equal(const std::optional<T>& wanted, const std::optional<T>& actual) {
  if (!wanted) return Known::yes;
  if (!actual) return Known::unknown;
  return *wanted == *actual ? Known::yes : Known::no;
}

Known both(Known a, Known b) {
  if (a == Known::no || b == Known::no) return Known::no;
  return a == Known::yes ? b : a;
}

Known matches_file_system(const Rule& rule, const FileSystem& fs) {
  // A subtype is a FUSE server's; the types an image's root lies on have none.
  if (rule.fs_subtype) return Known::no;
  const Known by_name = equal(rule.fsname, fs.name);
  return both(by_name, both(equal(rule.fsmagic, fs.magic), equal(rule.fsuuid, fs.uuid)));
}

bool compare(std::uint32_t id, const Owner& owner) {
  switch (owner.compare) {
    case Compare::equal:
      return id == owner.id;
    case Compare::above:
      return id > owner.id;
    case Compare::below:
      return id < owner.id;
  }
  return false;
}

// False when the rule cannot match for any process.
bool add_owner(Condition& left, Subject subject, const std::optional<Owner>& wanted,
               std::optional<std::uint32_t> actual) {
  if (!wanted) return true;
  return actual ? compare(*actual, *wanted) : left.add(subject, *wanted);
}

bool add_process(Condition& left, Subject real, Subject effective,
                 const std::optional<Owner>& wanted) {
  return !wanted || left.add(wanted->effective ? effective : real, *wanted);
}

// What has to hold beside what is known for the rule to match; nothing when it cannot.
std::optional<Condition> match(const Rule& rule, std::size_t line, const FileFacts& file,
                               const FileSystem& fs, Touch touch) {
  if (rule.func && *rule.func != touch.func) return std::nullopt;
  if (rule.mask && !matches_mask(*rule.mask, touch.mask)) return std::nullopt;
  Condition left;
  const Known on_fs = matches_file_system(rule, fs);
  if (on_fs == Known::no) return std::nullopt;
  if (on_fs == Known::unknown || !rule.lsm.empty()) left.add_unknown(line);
  if (!add_process(left, Subject::uid, Subject::euid, rule.user) ||
      !add_process(left, Subject::gid, Subject::egid, rule.group) ||
      !add_owner(left, Subject::fowner, rule.fowner, file.uid) ||
      !add_owner(left, Subject::fgroup, rule.fgroup, file.gid)) {
    return std::nullopt;
  }
  return left;
}

// Rules that matched before `when` and may take accesses from it; nothing when they take all.
std::optional<std::vector<Condition>> taken_before(const std::vector<Condition>& earlier,
                                                   const Condition& when) {
  std::vector<Condition> taken;
  for (const Condition& condition : earlier) {
    if (when.implies(condition)) return std::nullopt;
    if (when.excludes(condition)) continue;
    if (std::ranges::find(taken, condition) == taken.end()) taken.push_back(condition);
  }
  return taken;
}

bool is_unknown(const Deciding& rule) {
  return rule.when.unknown_line() || std::ranges::any_of(rule.unless, [](const Condition& each) {
           return each.unknown_line().has_value();
         });
}

Measured best(std::span<const SimulatedTouch> touches) {
  constexpr std::array order = {Measured::yes, Measured::conditional, Measured::unknown};
  for (const Measured wanted : order) {
    if (std::ranges::any_of(
            touches, [wanted](const auto& each) { return each.decision.measured == wanted; })) {
      return wanted;
    }
  }
  return Measured::no;
}

}  // namespace

std::string_view name(Measured measured) {
  switch (measured) {
    case Measured::no:
      return "no";
    case Measured::yes:
      return "yes";
    case Measured::conditional:
      return "conditional";
    case Measured::unknown:
      return "unknown";
  }
  return "";
}

std::string Deciding::text() const {
  std::string text = when.text();
  for (const Condition& each : unless) {
    if (!text.empty()) text += " and ";
    text += "not (" + each.text() + ")";
  }
  return text;
}

Simulator::Simulator(const JudgedPolicy& judged) {
  for (const JudgedLine& line : judged.rules) {
    if (!line.verdict.rule) continue;
    const Rule& rule = *line.verdict.rule;
    if (rule.action == Action::measure || rule.action == Action::dont_measure)
      rules_.push_back({.number = line.number, .rule = rule});
  }
}

std::vector<std::size_t> Simulator::lines() const {
  std::vector<std::size_t> lines;
  lines.reserve(rules_.size());
  for (const Line& line : rules_)
    lines.push_back(line.number);
  return lines;
}

Decision Simulator::decide(const FileFacts& file, const FileSystem& file_system,
                           Touch touch) const {
  Decision decision;
  std::vector<Condition> earlier;
  bool excluded = false;  // some process by a dont_measure rule
  for (const auto& [number, rule] : rules_) {
    auto when = match(rule, number, file, file_system, touch);
    if (!when) continue;
    auto unless = taken_before(earlier, *when);
    if (!unless) continue;
    decision.reached.push_back(number);
    if (rule.action == Action::measure) {
      decision.rules.push_back({.line = number,
                                .templ = rule.templ,
                                .pcr = rule.pcr,
                                .when = *when,
                                .unless = *std::move(unless)});
    } else {
      excluded = true;
      if (decision.rules.empty() && when->always()) decision.excluding_line = number;
    }
    earlier.push_back(*std::move(when));
    if (cover_all(earlier)) break;
  }
  if (decision.rules.empty()) return decision;
  if (std::ranges::any_of(decision.rules, is_unknown))
    decision.measured = Measured::unknown;
  else if (!excluded && cover_all(earlier))
    decision.measured = Measured::yes;
  else
    decision.measured = Measured::conditional;
  return decision;
}

std::vector<SimulatedFile> simulate(const Simulator& simulator, std::span<const FileFacts> files,
                                    std::span<const FileSystem> file_systems) {
  using Question =
      std::tuple<std::size_t, std::optional<std::uint32_t>, std::optional<std::uint32_t>, Touch>;
  std::map<Question, Decision> answers;
  std::vector<SimulatedFile> simulated;
  simulated.reserve(files.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    const FileFacts& file = files[i];
    SimulatedFile result{.file = i};
    for (const Touch& touch : file.touches) {
      const Question question{file.file_system, file.uid, file.gid, touch};
      auto answer = answers.find(question);
      if (answer == answers.end()) {
        answer =
            answers.emplace(question, simulator.decide(file, file_systems[file.file_system], touch))
                .first;
      }
      result.touches.push_back({.touch = touch, .decision = answer->second});
    }
    result.measured = best(result.touches);
    simulated.push_back(std::move(result));
  }
  return simulated;
}

namespace {

// Of a field: its length, its text, the NUL behind it.
constexpr std::uint64_t length_field = 4;

std::uint64_t digest_size(std::string_view hash) {
  constexpr std::array<std::pair<std::string_view, std::uint64_t>, 6> sizes = {{
      {"md5", 16},
      {"sha1", 20},
      {"sha224", 28},
      {"sha256", 32},
      {"sm3", 32},
      {"sha384", 48},
  }};
  const auto* const at =
      std::ranges::find(sizes, hash, &std::pair<std::string_view, std::uint64_t>::first);
  constexpr std::uint64_t largest = 64;
  return at == sizes.end() ? largest : at->second;
}

// An entry of the list without suffix, which holds the SHA-1 of its fields; files of an initramfs
// have no signature, so every field beside digest and name is empty.
std::uint64_t entry_size(std::string_view templ, std::string_view path,
                         const ListDefaults& defaults) {
  constexpr std::uint64_t head = 4 + 20 + length_field;
  if (templ == "ima") return head + templ.size() + 20 + length_field + path.size();
  constexpr std::uint64_t kind_prefix = 7;  // "verity:"
  const std::uint64_t fields = 2 * length_field + kind_prefix + defaults.hash.size() + 2 +
                               digest_size(defaults.hash) + path.size() + 1;
  constexpr std::uint64_t other_fields = 8 * length_field;
  return head + templ.size() + length_field + fields + other_fields;
}

}  // namespace

ListBound bound_list(std::span<const FileFacts> files, std::span<const SimulatedFile> simulated,
                     const ListDefaults& defaults) {
  ListBound bound{.entries = 1, .bytes = entry_size(defaults.templ, "boot_aggregate", defaults)};
  std::map<std::pair<std::size_t, unsigned>, std::uint64_t> entries;
  for (const SimulatedFile& each : simulated) {
    const FileFacts& file = files[each.file];
    for (const SimulatedTouch& touch : each.touches) {
      for (const Deciding& rule : touch.decision.rules) {
        std::uint64_t& size = entries[{file.inode, rule.pcr.value_or(defaults.pcr)}];
        size = std::max(size, entry_size(rule.templ.value_or(defaults.templ), file.path, defaults));
      }
    }
  }
  bound.entries += entries.size();
  for (const auto& [key, size] : entries)
    bound.bytes += size;
  return bound;
}

}  // namespace etalon::policy
