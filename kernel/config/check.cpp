// SPDX-License-Identifier: Apache-2.0
#include "kernel/config/check.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/config/check_parts.hpp"
#include "kernel/config/dependencies.hpp"
#include "kernel/config/ima_start.hpp"
#include "kernel/config/kconfig.hpp"
#include "kernel/config/request.hpp"
#include "kernel/options/features.hpp"
#include "kernel/options/options.hpp"
#include "tools/base/kernel_version.hpp"
#include "tools/base/result.hpp"

namespace etalon::kconfig {
namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& each : names)
    text += (text.empty() ? "" : ", ") + each;
  return text;
}

// The words of CONFIG_CMDLINE, which come first, or alone: blanks separate them outside of quotes.
std::vector<std::string> builtin_words(const Config& config) {
  std::vector<std::string> words;
  if (!config.is_builtin("CMDLINE_BOOL")) return words;
  bool quoted = false;
  bool inside = false;
  for (const char c : config.value("CMDLINE")) {
    if (c == ' ' && !quoted) {
      inside = false;
      continue;
    }
    if (!inside) words.emplace_back();
    inside = true;
    if (c == '"')
      quoted = !quoted;
    else
      words.back() += c;
  }
  return words;
}

std::vector<std::string> words_of(const CheckInput& input) {
  std::vector<std::string> words = builtin_words(input.config);
  if (input.cmdline && !input.config.is_builtin("CMDLINE_OVERRIDE"))
    words.insert(words.end(), input.cmdline->begin(), input.cmdline->end());
  words.erase(std::ranges::find(words, "--"), words.end());
  return words;
}

bool is_met(const Wanted& wanted, std::string_view have) {
  return have == wanted.value || (wanted.accepts == Accepts::module_too && have == "m");
}

std::vector<std::string> unmet_names(const CheckParts& check, const Option& option) {
  const KernelVersion kernel = check.request.kernel;
  std::vector<std::string> needs = unmet_needs(check.config, option.symbol, kernel);
  for (std::string& each : needs)
    each = config_name(each);
  return needs;
}

void explain(const CheckParts& check, const Missing& missing) {
  if (missing.needs.empty()) return;
  check.error("dependency-missing",
              missing.option + " cannot be " + missing.want + " without " + joined(missing.needs),
              "set " + joined(missing.needs) + " as well; a fragment of these features does");
}

// The command line can choose what no option does, or another one.
bool chosen_at_boot(const CheckParts& check, Choice choice) {
  if (choice == Choice::none || !check.measures()) return false;
  const ImaStart start = ima_start(check.config, check.words, check.request.kernel);
  if (choice == Choice::ima_template) return start.tmplate == check.request.tmplate;
  return check.request.hash == "sha384" || start.hash == check.request.hash;
}

void compare(const CheckParts& check, const Wanted& wanted, std::vector<Missing>& missing) {
  if (wanted.weight == Weight::advised || chosen_at_boot(check, wanted.option->choice)) return;
  const std::string have(check.config.value(wanted.option->symbol));
  if (is_met(wanted, have)) return;
  const std::string name = config_name(wanted.option->symbol);
  if (wanted.present == Known::unknown && !check.config.contains(wanted.option->symbol)) {
    check.warn("option-uncertain",
               name + " is not in the configuration, and it is not known whether Linux " +
                   to_string(check.request.kernel) + " has it",
               "look whether this version has it: " + std::string(wanted.option->source));
    return;
  }
  missing.push_back({.option = name,
                     .want = wanted.value,
                     .have = have,
                     .why = std::string(wanted.option->why),
                     .needs = unmet_names(check, *wanted.option)});
  explain(check, missing.back());
}

}  // namespace

std::string_view name(Severity severity) {
  if (severity == Severity::note) return "note";
  return severity == Severity::warning ? "warning" : "error";
}

bool Checked::ok() const {
  return missing.empty() && std::ranges::none_of(findings, [](const Finding& finding) {
           return finding.severity == Severity::error;
         });
}

bool CheckParts::asks(Feature feature) const {
  return std::ranges::find(features, feature) != features.end();
}

bool CheckParts::measures() const {
  return asks(Feature::ima) && config.is_builtin("IMA");
}

void CheckParts::note(std::string_view id, std::string message, std::string fix) const {
  findings.push_back({std::string(id), Severity::note, std::move(message), std::move(fix)});
}

void CheckParts::warn(std::string_view id, std::string message, std::string fix) const {
  findings.push_back({std::string(id), Severity::warning, std::move(message), std::move(fix)});
}

void CheckParts::error(std::string_view id, std::string message, std::string fix) const {
  findings.push_back({std::string(id), Severity::error, std::move(message), std::move(fix)});
}

std::string config_name(std::string_view symbol) {
  return "CONFIG_" + std::string(symbol);
}

Result<Checked> check_config(const CheckInput& input) {
  TRY(check_request(input.request));
  Checked checked;
  const std::vector<Feature> features = with_foundations(input.request.features);
  const std::vector<std::string> words = words_of(input);
  const std::vector<Wanted> wanted = wanted_options(input.request);
  const CheckParts check{
      .config = input.config,
      .request = input.request,
      .features = features,
      .words = words,
      .words_known = input.cmdline || input.config.is_builtin("CMDLINE_OVERRIDE"),
      .banks = input.banks,
      .wanted = wanted,
      .findings = checked.findings};
  check_origin(check);
  for (const Wanted& each : wanted)
    compare(check, each, checked.missing);
  check_hashes(check);
  check_parameters(check);
  check_ima_options(check);
  check_lsm(check);
  check_tpm(check);
  check_tdx(check);
  return checked;
}

}  // namespace etalon::kconfig
