// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iomanip>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/lang/explain.hpp"
#include "policy/lang/facts.hpp"
#include "policy/lang/load.hpp"
#include "policy/lang/order.hpp"
#include "policy/lang/parse.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/kernel_version.hpp"
#include "tools/base/result.hpp"
#include "tools/cli/program.hpp"
#include "tools/codec/json.hpp"
#include "tools/codec/json_bytes.hpp"
#include "tools/etalon/image_output.hpp"
#include "tools/etalon/policy_options.hpp"
#include "tools/etalon/verbs.hpp"

namespace etalon::build {
namespace {

using policy::Accepted;
using policy::Covered;

struct Options {
  std::string policy;
  std::string kernel = to_string(policy::last_known_kernel);
  std::string config;
};

Json decision_json(const policy::CoverageRule& decision) {
  return Json(Json::Object{{"line", std::uint64_t{decision.line}},
                           {"covered", decision.covered},
                           {"which", decision.which}});
}

Json coverage_json(const policy::Coverage& coverage) {
  Json::Array decisions;
  for (const policy::CoverageRule& decision : coverage.decisions)
    decisions.push_back(decision_json(decision));
  return Json(Json::Object{{"id", coverage.id},
                           {"hooks", coverage.hooks},
                           {"what", coverage.what},
                           {"covered", name(coverage.covered)},
                           {"decisions", std::move(decisions)},
                           {"rest", coverage.rest}});
}

Json rule_json(const policy::ExplainedRule& rule) {
  Json::Object object{{"line", std::uint64_t{rule.line}},
                      {"meaning", rule.meaning},
                      {"accepted", accepted_json(rule.accepted)},
                      {"reason", rule.reason}};
  put_bytes(object, "rule", rule.text);
  return object;
}

Json texts_json(const std::vector<std::string>& texts) {
  Json::Array array;
  for (const std::string& text : texts)
    array.emplace_back(text);
  return array;
}

Json explanation_json(const policy::Explanation& explanation) {
  Json::Array rules;
  for (const policy::ExplainedRule& rule : explanation.rules)
    rules.push_back(rule_json(rule));
  Json::Object coverage;
  for (const policy::ClassCoverage& all : explanation.classes) {
    Json::Array subjects;
    for (const policy::Coverage& each : all.subjects)
      subjects.push_back(coverage_json(each));
    coverage.emplace(name(all.action_class), std::move(subjects));
  }
  return Json(Json::Object{{"rules", std::move(rules)},
                           {"coverage", std::move(coverage)},
                           {"gaps", texts_json(explanation.gaps)},
                           {"limits", texts_json(explanation.limits)}});
}

void print_rule(const policy::ExplainedRule& rule, std::ostream& out) {
  out << std::left << std::setw(5) << rule.line << printable(rule.text) << '\n';
  if (!rule.meaning.empty()) out << "     " << rule.meaning << '\n';
  if (rule.accepted != Accepted::yes)
    out << "     " << word(rule.accepted) << ": " << rule.reason << '\n';
}

using CoverageRules = std::span<const policy::CoverageRule>;

// A run of exclusions, as most policies begin with one, is too long to be told in words.
std::string run_text(CoverageRules run) {
  constexpr std::size_t few = 2;
  std::string text;
  if (run.size() <= few || run.front().covered) {
    for (const policy::CoverageRule& decision : run) {
      text += (text.empty() ? "" : "; ") + std::string(decision.covered ? "" : "not ") +
              decision.which + " (line " + std::to_string(decision.line) + ")";
    }
    return text;
  }
  for (const policy::CoverageRule& decision : run)
    text += (text.empty() ? "not what lines " : ", ") + std::to_string(decision.line);
  return text + " exclude";
}

// "yes: all (line 3)", "part: not for processes of user 0 (line 1); nothing else"
std::string covered_text(const policy::Coverage& coverage) {
  std::string text(name(coverage.covered));
  if (coverage.covered == Covered::no) return text;
  std::string separator = ": ";
  for (CoverageRules rest = coverage.decisions; !rest.empty();) {
    const auto other =
        std::ranges::find(rest, !rest.front().covered, &policy::CoverageRule::covered);
    const CoverageRules run(rest.begin(), other);
    text += separator + run_text(run);
    separator = "; ";
    rest = rest.subspan(run.size());
  }
  return text + (coverage.rest ? "; nothing else" : "");
}

std::string_view heading(policy::ActionClass action_class) {
  switch (action_class) {
    case policy::ActionClass::measure:
      return "measured";
    case policy::ActionClass::appraise:
      return "verified before use";
    case policy::ActionClass::audit:
      return "audited";
    case policy::ActionClass::hash:
      return "digest written to security.ima";
  }
  return "";
}

void print_list(std::string_view title, const std::vector<std::string>& texts, std::ostream& out) {
  if (texts.empty()) return;
  out << '\n' << title << '\n';
  for (const std::string& text : texts)
    out << "  - " << text << '\n';
}

void print(const policy::Explanation& explanation, std::ostream& out) {
  for (const policy::ExplainedRule& rule : explanation.rules)
    print_rule(rule, out);
  for (const policy::ClassCoverage& all : explanation.classes) {
    out << '\n' << heading(all.action_class) << "; the first rule that matches decides\n";
    for (const policy::Coverage& each : all.subjects) {
      out << "  " << std::left << std::setw(19) << each.id << covered_text(each) << '\n';
    }
  }
  print_list("not covered by this policy", explanation.gaps, out);
  print_list("not covered by any policy", explanation.limits, out);
}

Result<cli::ExitCode> run(const Options& options, cli::Io& io) {
  TRY_ASSIGN(const policy::KernelFacts kernel,
             kernel_facts(options.kernel, options.config, policy::Labels::loaded));
  TRY_ASSIGN(const Bytes bytes, read_file(options.policy, policy::max_policy_size));
  const policy::Explanation explanation =
      policy::explain_policy(policy::judge_each_line(as_text(bytes), kernel));
  if (io.json)
    io.out << explanation_json(explanation).pretty();
  else
    print(explanation, io.out);
  const bool refused = std::ranges::any_of(
      explanation.rules, [](const auto& rule) { return rule.accepted == Accepted::no; });
  return refused || explanation.rules.empty() ? cli::ExitCode::negative : cli::ExitCode::done;
}

}  // namespace

void add_policy_explain(cli::Verb& group) {
  cli::Verb verb = group.verb("explain", "say in plain words what a policy does and leaves out");
  const auto options = std::make_shared<Options>();
  verb.option("POLICY", options->policy, "IMA policy file").required();
  verb.option("--kernel", options->kernel, "version of the kernel that loads it, e.g. 6.12");
  verb.option("--config", options->config, "configuration of that kernel (.config)");
  verb.json();
  verb.runs([options](cli::Io& io) { return run(*options, io); });
}

}  // namespace etalon::build
