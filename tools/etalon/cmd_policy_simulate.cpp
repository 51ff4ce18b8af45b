// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iomanip>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/lang/facts.hpp"
#include "policy/lang/load.hpp"
#include "policy/lang/rule.hpp"
#include "policy/sim/builtin.hpp"
#include "policy/sim/simulate.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"
#include "tools/cli/program.hpp"
#include "tools/codec/json.hpp"
#include "tools/codec/json_bytes.hpp"
#include "tools/etalon/image_output.hpp"
#include "tools/etalon/policy_options.hpp"
#include "tools/etalon/verbs.hpp"
#include "tools/pipeline/image_files.hpp"
#include "tools/pipeline/os_facts.hpp"
#include "tools/pipeline/simulation.hpp"
#include "tools/pipeline/uki_image.hpp"

namespace etalon::build {
namespace {

using pipeline::Simulation;

struct Options {
  std::string policy;
  ImageOptions image;
  std::string kernel;
  std::string config;
  std::optional<std::string> cmdline;
  std::optional<std::string> root;
  std::vector<std::string> mounts;
};

Result<pipeline::MountedAt> mounted_at(const std::string& text) {
  const std::size_t equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
    return fail(ErrorCode::usage, "--mount: '" + printable(text) + "' is not FOLDER=TYPE");
  }
  return pipeline::MountedAt{.folder = text.substr(0, equals), .type = text.substr(equals + 1)};
}

struct Inputs {
  policy::KernelFacts kernel;
  pipeline::BootFacts boot;
};

// What the command line leaves out a UKI says itself.
Result<Inputs> inputs_of(const Options& options) {
  TRY_ASSIGN(const auto uki, pipeline::read_uki_kernel(options.image.image));
  std::string version = options.kernel;
  if (version.empty() && uki) version = uki->release;
  if (version.empty()) {
    return fail(ErrorCode::usage, "--kernel is needed: the image does not say which it is");
  }
  TRY_ASSIGN(auto kernel, kernel_facts(version, options.config));
  Inputs inputs{.kernel = std::move(kernel), .boot = {.root_type = options.root}};
  if (options.cmdline)
    inputs.boot.cmdline = *options.cmdline;
  else if (uki)
    inputs.boot.cmdline = uki->cmdline;
  for (const std::string& text : options.mounts) {
    TRY_ASSIGN(auto mount, mounted_at(text));
    inputs.boot.mounts.push_back(std::move(mount));
  }
  return inputs;
}

struct Text {
  std::string name{};  // for messages
  std::string text{};
};

Result<Text> policy_text(const Options& options, const Inputs& inputs) {
  if (!options.policy.empty()) {
    TRY_ASSIGN(const Bytes bytes, read_file(options.policy, policy::max_policy_size));
    return Text{.name = options.policy, .text = std::string(as_text(bytes))};
  }
  const std::string words = pipeline::ima_cmdline(inputs.boot.cmdline).policy;
  policy::BuiltinPolicy builtin = policy::builtin_policy(words, inputs.kernel.version());
  if (builtin.text.empty()) {
    return fail(ErrorCode::usage,
                "POLICY is needed: the command line names no built-in one that measures");
  }
  return Text{.name = "ima_policy=" + words, .text = std::move(builtin.text)};
}

struct Simulated {
  Simulation simulation{};
  policy::JudgedPolicy judged{};
  bool builtin = false;
  std::string policy{};
};

Result<Simulated> simulate(const Options& options, cli::Io& io) {
  TRY_ASSIGN(const Inputs inputs, inputs_of(options));
  TRY_ASSIGN(const Text text, policy_text(options, inputs));
  Simulated out{.judged = policy::judge_policy(text.text, inputs.kernel),
                .builtin = options.policy.empty(),
                .policy = text.name};
  TRY(in_file(pipeline::require_loadable(out.judged), text.name));
  TRY_ASSIGN(const auto walked, inspect_image(options.image, io));
  print_findings(options.image.image, walked.findings, io.err);
  TRY_ASSIGN(out.simulation,
             in_file(pipeline::simulate_image(out.judged, walked, inputs.kernel, inputs.boot),
                     options.image.image));
  return out;
}

Json coverage_json(const pipeline::Coverage& coverage) {
  return Json(Json::Object{{"yes", coverage.yes},
                           {"conditional", coverage.conditional},
                           {"unknown", coverage.unknown},
                           {"no", coverage.no}});
}

Json coverages_json(const std::map<std::string, pipeline::Coverage>& all) {
  Json::Object object;
  for (const auto& [key, coverage] : all)
    object.emplace(key, coverage_json(coverage));
  return object;
}

Json file_json(const policy::FileFacts& file, const policy::SimulatedFile& simulated,
               const policy::ListDefaults& defaults) {
  Json::Object object{{"kind", name(file.kind)},
                      {"verdict", name(simulated.measured)},
                      {"hooks", pipeline::hooks_json(simulated, defaults)}};
  put_bytes(object, "path", file.path);
  return object;
}

Json texts_json(const std::vector<std::string>& texts) {
  Json::Array array;
  for (const std::string& text : texts)
    array.emplace_back(text);
  return array;
}

Json finding_json(const pipeline::SimulationFinding& finding) {
  Json::Object object = *build::finding_json(finding.finding).object();
  Json::Array files;
  for (const std::string& file : finding.files)
    files.emplace_back(printable(file));
  object.emplace("files", std::move(files));
  object.emplace("more_files", finding.more);
  return object;
}

void print_json(const Simulated& simulated, std::ostream& out) {
  const Simulation& simulation = simulated.simulation;
  const auto files_json = [&simulation](const std::vector<policy::FileFacts>& facts,
                                        const std::vector<policy::SimulatedFile>& files) {
    Json::Array array;
    for (const policy::SimulatedFile& file : files)
      array.push_back(file_json(facts[file.file], file, simulation.defaults));
    return array;
  };
  Json::Array findings;
  for (const pipeline::SimulationFinding& finding : simulation.findings)
    findings.push_back(finding_json(finding));
  out << Json(Json::Object{
                  {"files", files_json(simulation.image.files, simulation.files)},
                  {"places", files_json(simulation.image.places, simulation.places)},
                  {"findings", std::move(findings)},
                  {"assumptions", texts_json(simulation.image.assumptions)},
                  {"summary", Json::Object{{"max_entries", simulation.bound.entries},
                                           {"max_bytes", simulation.bound.bytes},
                                           {"by_kind", coverages_json(simulation.by_kind)},
                                           {"by_package", coverages_json(simulation.by_package)}}}})
             .pretty();
}

// "BPRM_CHECK:3" for each hook that a rule measures, "(uid=0)" behind it when it depends.
std::string measured_by(const policy::SimulatedFile& file) {
  std::vector<std::string> parts;
  for (const policy::SimulatedTouch& touch : file.touches) {
    for (const policy::Deciding& rule : touch.decision.rules) {
      std::string part = std::string(name(touch.touch.func)) + ":" + std::to_string(rule.line);
      if (const std::string when = rule.text(); !when.empty()) part += "(" + when + ")";
      if (std::ranges::find(parts, part) == parts.end()) parts.push_back(std::move(part));
    }
  }
  std::string text;
  for (const std::string& part : parts)
    text += (text.empty() ? "" : " ") + part;
  return text.empty() ? "-" : text;
}

void print_files(const std::vector<policy::FileFacts>& facts,
                 const std::vector<policy::SimulatedFile>& files, std::ostream& out) {
  constexpr int verdict_width = 12;
  constexpr int kind_width = 14;
  for (const policy::SimulatedFile& file : files) {
    const policy::FileFacts& fact = facts[file.file];
    out << std::left << std::setw(verdict_width) << name(file.measured) << std::setw(kind_width)
        << name(fact.kind) << printable(fact.path) << "  " << measured_by(file) << '\n';
  }
}

void print_coverage(std::string_view title, const std::map<std::string, pipeline::Coverage>& all,
                    std::ostream& out) {
  if (all.empty()) return;
  constexpr int name_width = 32;
  constexpr int number_width = 12;
  out << '\n'
      << std::left << std::setw(name_width) << title << std::right << std::setw(number_width)
      << "yes" << std::setw(number_width) << "conditional" << std::setw(number_width) << "unknown"
      << std::setw(number_width) << "no" << '\n';
  for (const auto& [key, coverage] : all) {
    out << std::left << std::setw(name_width) << (key.empty() ? "(no package)" : printable(key))
        << std::right << std::setw(number_width) << coverage.yes << std::setw(number_width)
        << coverage.conditional << std::setw(number_width) << coverage.unknown
        << std::setw(number_width) << coverage.no << '\n';
  }
}

void print_finding(const pipeline::SimulationFinding& finding, std::ostream& out) {
  out << name(finding.finding.severity) << " " << finding.finding.id << ": ";
  if (finding.finding.line) out << "line " << *finding.finding.line << ": ";
  out << finding.finding.message << '\n';
  for (const std::string& file : finding.files)
    out << "    " << printable(file) << '\n';
  if (finding.more > 0) out << "    and " << finding.more << " more\n";
  out << "  fix: " << finding.finding.fix << '\n';
}

void print(const Simulated& simulated, std::ostream& out) {
  const Simulation& simulation = simulated.simulation;
  if (simulated.builtin) {
    out << "rules of " << printable(simulated.policy) << ":\n";
    for (const policy::JudgedLine& line : simulated.judged.rules)
      out << std::right << std::setw(4) << line.number << "  " << printable(line.text) << '\n';
    out << '\n';
  }
  print_files(simulation.image.files, simulation.files, out);
  out << "\nfiles that appear at run time\n";
  print_files(simulation.image.places, simulation.places, out);
  print_coverage("kind", simulation.by_kind, out);
  print_coverage("package", simulation.by_package, out);
  out << "\nthe list has at most " << simulation.bound.entries << " entries of "
      << simulation.bound.bytes << " bytes while no file changes\n";
  for (const std::string& text : simulation.image.assumptions)
    out << "assumed: " << text << '\n';
  for (const pipeline::SimulationFinding& finding : simulation.findings)
    print_finding(finding, out);
}

Result<cli::ExitCode> run(const Options& options, cli::Io& io) {
  TRY_ASSIGN(const Simulated simulated, simulate(options, io));
  if (io.json)
    print_json(simulated, io.out);
  else
    print(simulated, io.out);
  return cli::ExitCode::done;
}

}  // namespace

void add_policy_simulate(cli::Verb& group) {
  cli::Verb verb =
      group.verb("simulate", "say which files of an image a policy measures, and by which rule");
  const auto options = std::make_shared<Options>();
  verb.option("POLICY", options->policy,
              "IMA policy file; the kernel's own of ima_policy= unless given");
  add_image_options(verb, options->image, "--image");
  verb.option("--kernel", options->kernel, "version of its kernel; that of a UKI unless given");
  verb.option("--config", options->config, "configuration of that kernel (.config)");
  verb.option("--cmdline", options->cmdline, "its command line; that of a UKI unless given");
  verb.option("--root", options->root, "file system type of the root of a folder or tar");
  verb.option("--mount", options->mounts,
              "FOLDER=TYPE: a file system of this type lies there; may be repeated");
  verb.json();
  verb.runs([options](cli::Io& io) { return run(*options, io); });
}

}  // namespace etalon::build
