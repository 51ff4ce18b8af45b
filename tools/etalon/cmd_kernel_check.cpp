// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <iomanip>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/config/check.hpp"
#include "kernel/config/kconfig.hpp"
#include "kernel/config/request.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"
#include "tools/base/utf16.hpp"
#include "tools/cli/program.hpp"
#include "tools/codec/json.hpp"
#include "tools/etalon/kernel_options.hpp"
#include "tools/etalon/verbs.hpp"
#include "tools/pipeline/ikconfig.hpp"
#include "tools/pipeline/os_facts.hpp"

namespace etalon::build {
namespace {

struct Options {
  KernelRequestOptions request;
  std::string config;
  std::optional<std::string> cmdline;
  std::string banks;
};

struct Loaded {
  pipeline::ConfigSource source{};
  kconfig::Config config{};
  std::optional<std::string> cmdline{};
};

struct Outcome {
  Loaded loaded{};
  kconfig::Checked checked{};
};

Result<std::vector<std::string>> bank_list(const std::string& text) {
  constexpr std::array<std::string_view, 4> known = {"sha1", "sha256", "sha384", "sha512"};
  std::vector<std::string> banks = comma_list(text);
  for (const std::string& each : banks) {
    if (std::ranges::find(known, each) != known.end()) continue;
    return fail(ErrorCode::usage, "--banks: '" + printable(each) + "' is no PCR bank; there are " +
                                      "sha1, sha256, sha384, sha512");
  }
  return banks;
}

Result<Loaded> load(const MappedFile& file) {
  TRY_ASSIGN(const pipeline::KernelConfigText found, pipeline::kernel_config_text(file.view()));
  TRY_ASSIGN(kconfig::Config config,
             in(kconfig::Config::parse(found.text), "kernel configuration"));
  TRY(file.check_unchanged());
  return Loaded{.source = found.source, .config = std::move(config), .cmdline = found.cmdline};
}

Result<Outcome> check(const Options& options) {
  TRY_ASSIGN(kconfig::FragmentRequest request, kernel_request(options.request));
  TRY_ASSIGN(std::vector<std::string> banks, bank_list(options.banks));
  TRY_ASSIGN(const MappedFile file, MappedFile::open(options.config));
  TRY_ASSIGN(Loaded loaded, in_file(load(file), options.config));
  if (options.cmdline) loaded.cmdline = options.cmdline;
  std::optional<std::vector<std::string>> words;
  if (loaded.cmdline) words = pipeline::split_cmdline(*loaded.cmdline);
  TRY_ASSIGN(kconfig::Checked checked, kconfig::check_config({.config = loaded.config,
                                                              .request = std::move(request),
                                                              .cmdline = std::move(words),
                                                              .banks = std::move(banks)}));
  return Outcome{.loaded = std::move(loaded), .checked = std::move(checked)};
}

// Values of a configuration may hold anything.
std::string shown(std::string_view text) {
  return decode_utf8(text) ? std::string(text) : printable(text);
}

Json missing_json(const kconfig::Missing& missing) {
  Json::Array needs;
  for (const std::string& each : missing.needs)
    needs.emplace_back(each);
  return Json(Json::Object{{"option", missing.option},
                           {"want", missing.want},
                           {"have", shown(missing.have)},
                           {"why", missing.why},
                           {"needs", std::move(needs)}});
}

Json outcome_json(const Outcome& outcome) {
  Json::Array missing;
  for (const kconfig::Missing& each : outcome.checked.missing)
    missing.push_back(missing_json(each));
  Json::Array findings;
  for (const kconfig::Finding& each : outcome.checked.findings) {
    findings.emplace_back(Json::Object{{"id", each.id},
                                       {"severity", name(each.severity)},
                                       {"message", each.message},
                                       {"fix", each.fix}});
  }
  const auto& header = outcome.loaded.config.header();
  const auto& cmdline = outcome.loaded.cmdline;
  return Json(Json::Object{{"ok", outcome.checked.ok()},
                           {"missing", std::move(missing)},
                           {"findings", std::move(findings)},
                           {"source", name(outcome.loaded.source)},
                           {"release", header ? Json(shown(header->release)) : Json()},
                           {"cmdline", cmdline ? Json(shown(*cmdline)) : Json()}});
}

std::ostream& label(std::ostream& out, std::string_view text) {
  return out << std::left << std::setw(9) << text;
}

void print(const kconfig::Checked& checked, std::ostream& out) {
  for (const kconfig::Missing& each : checked.missing) {
    label(out, "missing") << each.option << " is " << printable(each.have) << " and not "
                          << each.want << ": " << each.why << '\n';
    for (const std::string& need : each.needs)
      label(out, "") << "needs " << need << '\n';
  }
  for (const kconfig::Finding& each : checked.findings) {
    label(out, name(each.severity)) << each.id << ": " << printable(each.message) << '\n';
    label(out, "") << "fix: " << each.fix << '\n';
  }
  out << (checked.ok() ? "ok" : "not ok") << '\n';
}

Result<cli::ExitCode> run(const Options& options, cli::Io& io) {
  TRY_ASSIGN(const Outcome outcome, check(options));
  if (io.json)
    io.out << outcome_json(outcome).pretty();
  else
    print(outcome.checked, io.out);
  return outcome.checked.ok() ? cli::ExitCode::done : cli::ExitCode::negative;
}

}  // namespace

void add_kernel_check(cli::Verb& group) {
  cli::Verb verb = group.verb("check", "say whether a configuration has what features need");
  const auto options = std::make_shared<Options>();
  verb.option("CONFIG", options->config, "a .config, or a kernel or UKI that carries one")
      .required();
  add_kernel_request(verb, options->request);
  verb.option("--cmdline", options->cmdline, "command line the kernel is booted with");
  verb.option("--banks", options->banks,
              "PCR banks that are active in its TPM, separated by commas: sha1, sha256, sha384, "
              "sha512");
  verb.json();
  verb.runs([options](cli::Io& io) { return run(*options, io); });
}

}  // namespace etalon::build
