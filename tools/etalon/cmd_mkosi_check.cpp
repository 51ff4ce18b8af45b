// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "policy/lang/facts.hpp"
#include "policy/lang/lint.hpp"
#include "tools/base/result.hpp"
#include "tools/cli/program.hpp"
#include "tools/codec/json.hpp"
#include "tools/codec/json_bytes.hpp"
#include "tools/etalon/policy_options.hpp"
#include "tools/etalon/verbs.hpp"
#include "tools/pipeline/mkosi_check.hpp"
#include "tools/pipeline/mkosi_project.hpp"

namespace etalon::build {
namespace {

struct Options {
  std::string folder;
  std::string kernel;
  std::string config;
};

bool is_error(const pipeline::MkosiFinding& finding) {
  return finding.severity == policy::Severity::error;
}

Json findings_json(const std::vector<pipeline::MkosiFinding>& findings) {
  Json::Array all;
  for (const pipeline::MkosiFinding& each : findings) {
    Json::Object object;
    object.emplace("id", each.id);
    object.emplace("severity", policy::name(each.severity));
    put_bytes(object, "file", each.file);
    object.emplace("message", each.message);
    object.emplace("fix", each.fix);
    all.emplace_back(std::move(object));
  }
  Json::Object object;
  object.emplace("ok", std::ranges::none_of(findings, is_error));
  object.emplace("findings", std::move(all));
  return object;
}

void print(const std::vector<pipeline::MkosiFinding>& findings, std::ostream& out) {
  for (const pipeline::MkosiFinding& each : findings) {
    out << policy::name(each.severity) << ' ' << each.id << ": ";
    if (!each.file.empty()) out << printable(each.file) << ": ";
    out << each.message << "\n  fix: " << each.fix << '\n';
  }
  if (findings.empty()) out << "nothing found\n";
}

Result<cli::ExitCode> run(const Options& options, cli::Io& io) {
  TRY_ASSIGN(const policy::KernelFacts kernel, kernel_facts(options.kernel, options.config));
  TRY_ASSIGN(const auto project, pipeline::read_mkosi_project(options.folder));
  TRY_ASSIGN(const auto findings, check_mkosi_project(project, kernel));
  if (io.json)
    io.out << findings_json(findings).pretty();
  else
    print(findings, io.out);
  return std::ranges::any_of(findings, is_error) ? cli::ExitCode::negative : cli::ExitCode::done;
}

}  // namespace

void add_mkosi_check(cli::Verb& group) {
  cli::Verb verb = group.verb("check", "say whether a project measures what its policy says");
  const auto options = std::make_shared<Options>();
  verb.option("DIR", options->folder, "folder with mkosi.conf").required();
  verb.option("--kernel", options->kernel, "version of the image's kernel, e.g. 6.12").required();
  verb.option("--config", options->config, "configuration of that kernel (.config)");
  verb.json();
  verb.runs([options](cli::Io& io) { return run(*options, io); });
}

}  // namespace etalon::build
