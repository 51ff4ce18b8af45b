// SPDX-License-Identifier: Apache-2.0
#include "tools/cli/verb.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

namespace etalon::cli {
namespace {

// An empty value is a variable that was not set, and never means "no such option": a check asked
// for in that way would be left out in silence.
CLI::Option& not_empty(CLI::Option& option) {
  return *option.check(
      [](const std::string& value) { return value.empty() ? "must not be empty" : ""; });
}

}  // namespace

Option& Option::required() {
  option_->required();
  return *this;
}

Option& Option::needs(const Option& other) {
  option_->needs(other.option_);
  return *this;
}

Option& Option::excludes(const Option& other) {
  option_->excludes(other.option_);
  return *this;
}

Option& Option::one_of(const std::vector<std::string>& values) {
  option_->check(CLI::IsMember(values));
  return *this;
}

Option& Option::value_name(const std::string& name) {
  option_->type_name(name);
  return *this;
}

Verb Verb::verb(const std::string& name, const std::string& help) {
  app_->require_subcommand(1);
  return {*app_->add_subcommand(name, help), *chosen_};
}

Option Verb::option(const std::string& spelling, std::string& to, const std::string& help) {
  return Option(not_empty(*app_->add_option(spelling, to, help)));
}

Option Verb::option(const std::string& spelling, std::optional<std::string>& to,
                    const std::string& help) {
  return Option(not_empty(*app_->add_option(spelling, to, help)));
}

Option Verb::option(const std::string& spelling, std::vector<std::string>& to,
                    const std::string& help) {
  return Option(not_empty(*app_->add_option(spelling, to, help)->allow_extra_args(false)));
}

Option Verb::number(const std::string& spelling, std::uint64_t& to, const std::string& help) {
  return Option(*app_->add_option(spelling, to, help));
}

Option Verb::number(const std::string& spelling, unsigned& to, unsigned low, unsigned high,
                    const std::string& help) {
  return Option(*app_->add_option(spelling, to, help)->check(CLI::Range(low, high)));
}

Option Verb::size(const std::string& spelling, std::uint64_t& to, const std::string& help) {
  return Option(*app_->add_option(spelling, to, help)->transform(CLI::AsSizeValue(false)));
}

void Verb::flag(const std::string& spelling, bool& to, const std::string& help) {
  app_->add_flag(spelling, to, help);
}

void Verb::json() {
  flag("--json", chosen_->json, "print the result as JSON");
}

void Verb::runs(Run run) {
  app_->callback([chosen = chosen_, run = std::move(run)] { chosen->run = run; });
}

}  // namespace etalon::cli
