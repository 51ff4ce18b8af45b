// SPDX-License-Identifier: Apache-2.0
// A policy put to an image before the image is booted: what will be on the IMA list, by which rule,
// what never will, and what no rule can see. The files are those of image_files(), the decisions
// those of the policy simulator; here they are counted, and their gaps named.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mkosi/image/loader/load_map.hpp"
#include "mkosi/image/walk.hpp"
#include "policy/lang/facts.hpp"
#include "policy/lang/lint.hpp"
#include "policy/lang/load.hpp"
#include "policy/sim/simulate.hpp"
#include "tools/base/result.hpp"
#include "tools/codec/json.hpp"
#include "tools/pipeline/image_files.hpp"

namespace etalon::pipeline {

// Files by the best verdict of all ways to use them.
struct Coverage {
  std::uint64_t yes = 0;
  std::uint64_t conditional = 0;
  std::uint64_t unknown = 0;
  std::uint64_t no = 0;

  void add(policy::Measured measured);
};

// Ids: docs/formats/policy-simulate.md.
struct SimulationFinding {
  policy::LintFinding finding{};
  std::vector<std::string> files{};  // it is about, as IMA spells them; the first max_named of them
  std::uint64_t more = 0;            // not named
};

inline constexpr std::size_t max_named = 20;

struct Simulation {
  ImageFiles image{};
  std::vector<policy::SimulatedFile> files{};   // of image.files
  std::vector<policy::SimulatedFile> places{};  // of image.places
  policy::ListDefaults defaults{};
  policy::ListBound bound{};
  std::map<std::string, Coverage> by_kind{};
  std::map<std::string, Coverage> by_package{};  // of dpkg, where the image has its lists
  std::vector<SimulationFinding> findings{};
};

// malformed for a policy that the kernel refuses, which measures nothing, or without a rule.
Status require_loadable(const policy::JudgedPolicy& policy);

// `policy` is one the kernel accepts, or may: a rule whose acceptance is open is simulated as if it
// were accepted, and said so. `walked` was inspected. Errors as image_files(), and map_loads().
Result<Simulation> simulate_image(const policy::JudgedPolicy& policy, const image::Walked& walked,
                                  const policy::KernelFacts& kernel, const BootFacts& boot);

enum class Rows : std::uint8_t { all, measured };  // measured: without those that say "no"

// The rows of one file: [{hook, access, verdict, line, template, pcr, when}], accesses of one hook
// with the same answer in one row.
Json hooks_json(const policy::SimulatedFile& file, const policy::ListDefaults& defaults,
                Rows which = Rows::all);

}  // namespace etalon::pipeline
