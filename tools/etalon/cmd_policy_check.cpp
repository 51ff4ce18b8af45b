// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <iomanip>
#include <memory>
#include <optional>
#include <ostream>
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
#include "tools/cli/program.hpp"
#include "tools/codec/json.hpp"
#include "tools/codec/json_bytes.hpp"
#include "tools/etalon/image_output.hpp"
#include "tools/etalon/policy_options.hpp"
#include "tools/etalon/verbs.hpp"
#include "tools/pipeline/os_facts.hpp"

namespace etalon::build {
namespace {

using policy::Accepted;

struct Options {
  std::string policy;
  std::string kernel;
  std::string config;
  std::optional<std::string> cmdline;
  std::string root;
  std::vector<std::string> banks;
  bool each_line = false;
};

struct Checked {
  policy::JudgedPolicy judged{};
  std::vector<policy::LintFinding> findings{};
};

policy::Machine machine(const Options& options) {
  policy::Machine machine{.banks = options.banks};
  if (options.cmdline) machine.cmdline = pipeline::split_cmdline(*options.cmdline);
  if (options.root == "initrd") machine.root = policy::Root::initrd;
  if (options.root == "disk") machine.root = policy::Root::disk;
  return machine;
}

Result<Checked> check(const Options& options) {
  TRY_ASSIGN(const policy::KernelFacts kernel, kernel_facts(options.kernel, options.config));
  TRY_ASSIGN(const Bytes bytes, read_file(options.policy, policy::max_policy_size));
  const std::string_view text = as_text(bytes);
  if (options.each_line) return Checked{.judged = policy::judge_each_line(text, kernel)};
  Checked checked{.judged = policy::judge_policy(text, kernel)};
  checked.findings = policy::lint_policy(text, checked.judged, kernel, machine(options));
  return checked;
}

Json rule_json(const policy::JudgedLine& line) {
  const policy::Verdict& verdict = line.verdict;
  Json::Object object{
      {"line", std::uint64_t{line.number}},
      {"accepted", accepted_json(verdict.accepted)},
      {"errno", verdict.code == policy::Errno::none ? Json() : Json(name(verdict.code))},
      {"reason", verdict.reason}};
  put_bytes(object, "text", line.text);
  return object;
}

Json checked_json(const Checked& checked, const Options& options) {
  Json::Array rules;
  for (const policy::JudgedLine& line : checked.judged.rules)
    rules.push_back(rule_json(line));
  Json::Object object{{"rules", std::move(rules)}};
  if (options.each_line) return object;
  Json::Array findings;
  for (const policy::LintFinding& finding : checked.findings)
    findings.push_back(finding_json(finding));
  object.emplace("findings", std::move(findings));
  object.emplace("accepted", Json::Object{{"lines", accepted_json(checked.judged.lines.accepted)},
                                          {"path", accepted_json(checked.judged.path.accepted)}});
  object.emplace("reasons", Json::Object{{"lines", checked.judged.lines.reason},
                                         {"path", checked.judged.path.reason}});
  return object;
}

// "accepted", "open", or the errno of a refusal
std::string_view mark(const policy::Verdict& verdict) {
  return verdict.code == policy::Errno::none ? word(verdict.accepted) : name(verdict.code);
}

std::ostream& label(std::ostream& out, std::string_view text) {
  return out << std::left << std::setw(9) << text;
}

void print_form(std::string_view form, const policy::FileVerdict& verdict, std::ostream& out) {
  label(out, form) << word(verdict.accepted);
  if (!verdict.reason.empty()) out << ": " << verdict.reason;
  out << '\n';
}

void print(const Checked& checked, const Options& options, std::ostream& out) {
  if (!options.each_line) {
    print_form("written", checked.judged.lines, out);
    print_form("by path", checked.judged.path, out);
  }
  for (const policy::JudgedLine& line : checked.judged.rules) {
    const policy::Verdict& verdict = line.verdict;
    label(out, std::to_string(line.number))
        << std::setw(10) << mark(verdict) << printable(line.text) << '\n';
    if (!verdict.reason.empty()) label(out, "") << verdict.reason << '\n';
  }
  for (const policy::LintFinding& finding : checked.findings) {
    label(out, name(finding.severity)) << finding.id << ": ";
    if (finding.line) out << "line " << *finding.line << ": ";
    out << finding.message << "\n";
    label(out, "") << "fix: " << finding.fix << '\n';
  }
}

// Refused before open: what is certain decides.
cli::ExitCode exit_code(const Checked& checked, const Options& options) {
  std::vector<Accepted> verdicts;
  if (options.each_line) {
    for (const policy::JudgedLine& line : checked.judged.rules)
      verdicts.push_back(line.verdict.accepted);
  } else {
    verdicts = {checked.judged.lines.accepted, checked.judged.path.accepted};
  }
  const bool error = std::ranges::any_of(checked.findings, [](const policy::LintFinding& finding) {
    return finding.severity == policy::Severity::error;
  });
  if (error || std::ranges::count(verdicts, Accepted::no) > 0) return cli::ExitCode::negative;
  if (verdicts.empty() || std::ranges::count(verdicts, Accepted::unknown) > 0) {
    return cli::ExitCode::inconclusive;
  }
  return cli::ExitCode::done;
}

Result<cli::ExitCode> run(const Options& options, cli::Io& io) {
  TRY_ASSIGN(const Checked checked, check(options));
  if (io.json)
    io.out << checked_json(checked, options).pretty();
  else
    print(checked, options, io.out);
  return exit_code(checked, options);
}

}  // namespace

void add_policy_check(cli::Verb& group) {
  cli::Verb verb = group.verb("check", "say whether a kernel accepts a policy, rule by rule");
  const auto options = std::make_shared<Options>();
  verb.option("POLICY", options->policy, "IMA policy file").required();
  verb.option("--kernel", options->kernel, "version of the kernel that loads it, e.g. 6.12")
      .required();
  verb.option("--config", options->config, "configuration of that kernel (.config)");
  verb.option("--cmdline", options->cmdline, "command line of that kernel");
  verb.option("--root", options->root, "where its root file system is").one_of({"initrd", "disk"});
  verb.option("--bank", options->banks, "PCR bank that is active in its TPM; may be repeated")
      .one_of({"sha1", "sha256", "sha384", "sha512"});
  verb.flag("--each-line", options->each_line, "judge every line as a policy of its own");
  verb.json();
  verb.runs([options](cli::Io& io) { return run(*options, io); });
}

}  // namespace etalon::build
