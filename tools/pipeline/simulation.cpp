// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/simulation.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mkosi/image/elf/facts.hpp"
#include "mkosi/image/loader/load_map.hpp"
#include "mkosi/image/path.hpp"
#include "mkosi/image/tree.hpp"
#include "mkosi/image/walk.hpp"
#include "policy/lang/facts.hpp"
#include "policy/lang/load.hpp"
#include "policy/lang/rule.hpp"
#include "policy/sim/file_facts.hpp"
#include "policy/sim/simulate.hpp"
#include "tools/base/result.hpp"
#include "tools/codec/json.hpp"
#include "tools/pipeline/image_files.hpp"
#include "tools/pipeline/simulation_findings.hpp"

namespace etalon::pipeline {
namespace {

using policy::Measured;
using policy::SimulatedFile;

constexpr std::string_view package_folder = "/var/lib/dpkg/info/";
constexpr std::string_view package_suffix = ".list";

// Of each inode that a package of dpkg owns, the package. The lists have paths as they were before
// /usr was merged, which the tree resolves.
std::map<std::uint32_t, std::string> owners(const image::ImageTree& tree) {
  std::map<std::uint32_t, std::string> owner;
  for (const image::Entry& entry : tree.entries()) {
    if (!entry.path.starts_with(package_folder) || !entry.path.ends_with(package_suffix)) continue;
    const elf::PackageList* list = entry.facts == nullptr ? nullptr : entry.facts->package_list();
    if (list == nullptr) continue;
    std::string package = entry.path.substr(package_folder.size());
    package.resize(package.size() - package_suffix.size());
    for (std::string_view left = list->text; !left.empty();) {
      const std::string_view path = left.substr(0, left.find('\n'));
      left.remove_prefix(std::min(path.size() + 1, left.size()));
      const auto found = tree.resolve(path, image::FollowLast::no);
      if (found && (*found)->type == image::EntryType::file) owner[(*found)->inode] = package;
    }
  }
  return owner;
}

void count(Simulation& simulation, const image::ImageTree& tree) {
  const auto owner = owners(tree);
  for (const SimulatedFile& each : simulation.files) {
    const policy::FileFacts& file = simulation.image.files[each.file];
    simulation.by_kind[std::string(name(file.kind))].add(each.measured);
    if (owner.empty()) continue;
    const auto package = owner.find(tree.entries()[simulation.image.entries[each.file]].inode);
    simulation.by_package[package == owner.end() ? std::string() : package->second].add(
        each.measured);
  }
}

Json or_null(const std::optional<std::size_t>& line) {
  return line ? Json(std::uint64_t{*line}) : Json();
}

std::vector<Json::Object> answers(const policy::Decision& decision,
                                  const policy::ListDefaults& defaults) {
  std::vector<Json::Object> rows;
  rows.reserve(decision.rules.size());
  for (const policy::Deciding& rule : decision.rules) {
    rows.push_back({{"verdict", name(decision.measured)},
                    {"line", std::uint64_t{rule.line}},
                    {"template", rule.templ.value_or(defaults.templ)},
                    {"pcr", std::uint64_t{rule.pcr.value_or(defaults.pcr)}},
                    {"when", rule.text()}});
  }
  if (rows.empty()) {
    rows.push_back({{"verdict", name(Measured::no)},
                    {"line", or_null(decision.excluding_line)},
                    {"template", Json()},
                    {"pcr", Json()},
                    {"when", ""}});
  }
  return rows;
}

}  // namespace

void Coverage::add(policy::Measured measured) {
  switch (measured) {
    case Measured::yes:
      ++yes;
      break;
    case Measured::conditional:
      ++conditional;
      break;
    case Measured::unknown:
      ++unknown;
      break;
    case Measured::no:
      ++no;
      break;
  }
}

Status require_loadable(const policy::JudgedPolicy& policy) {
  if (policy.rules.empty()) return fail(ErrorCode::malformed, "no rule");
  for (const policy::JudgedLine& line : policy.rules) {
    if (line.verdict.accepted != policy::Accepted::no) continue;
    return fail(ErrorCode::malformed, "line " + std::to_string(line.number) +
                                          ": the kernel refuses this rule, and with it the whole "
                                          "policy: " +
                                          line.verdict.reason);
  }
  return {};
}

Result<Simulation> simulate_image(const policy::JudgedPolicy& policy, const image::Walked& walked,
                                  const policy::KernelFacts& kernel, const BootFacts& boot) {
  TRY_ASSIGN(const loader::LoadMap map, loader::map_loads(walked.tree));
  Simulation simulation;
  TRY_ASSIGN(simulation.image, image_files(walked, map, kernel, boot));
  const policy::Simulator simulator(policy);
  const auto& file_systems = simulation.image.file_systems;
  simulation.files = simulate(simulator, simulation.image.files, file_systems);
  simulation.places = simulate(simulator, simulation.image.places, file_systems);
  simulation.defaults = list_defaults(kernel, boot.cmdline);
  simulation.bound = bound_list(simulation.image.files, simulation.files, simulation.defaults);
  count(simulation, walked.tree);
  simulation.findings = find_gaps(simulation, policy, map, kernel);
  return simulation;
}

Json hooks_json(const SimulatedFile& file, const policy::ListDefaults& defaults, Rows which) {
  struct Merged {
    std::vector<Json> answers{};
    Json::Array access{};
  };

  std::vector<std::pair<policy::Func, Merged>> merged;
  for (const policy::SimulatedTouch& touch : file.touches) {
    if (which == Rows::measured && touch.decision.measured == Measured::no) continue;
    std::vector<Json> said;
    for (Json::Object& row : answers(touch.decision, defaults))
      said.emplace_back(std::move(row));
    const auto same = std::ranges::find_if(merged, [&](const auto& each) {
      return each.first == touch.touch.func && each.second.answers == said;
    });
    auto& into = same != merged.end()
                     ? same->second
                     : merged.emplace_back(touch.touch.func, Merged{.answers = said}).second;
    into.access.emplace_back(policy::mask_text(touch.touch.mask));
  }
  Json::Array rows;
  for (const auto& [func, each] : merged) {
    for (const Json& answer : each.answers) {
      Json::Object row = *answer.object();
      row.emplace("hook", name(func));
      row.emplace("access", each.access);
      rows.emplace_back(std::move(row));
    }
  }
  return rows;
}

}  // namespace etalon::pipeline
