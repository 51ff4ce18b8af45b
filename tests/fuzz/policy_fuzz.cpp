// SPDX-License-Identifier: Apache-2.0
// decoder: policy/lang/rule_parser.cpp
// decoder: policy/lang/load.cpp
// A verdict that is not open must hold whatever the configuration is; a file is accepted by path
// exactly when it ends in a newline, has no NUL and every rule in it is accepted. A rule's
// canonical spelling reads back as the rule, and is its own.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kernel/config/kconfig.hpp"
#include "policy/lang/explain.hpp"
#include "policy/lang/facts.hpp"
#include "policy/lang/lint.hpp"
#include "policy/lang/load.hpp"
#include "policy/lang/parse.hpp"
#include "policy/lang/render.hpp"
#include "tools/base/assert.hpp"

using etalon::KernelVersion;
using etalon::kconfig::Config;
using etalon::policy::Accepted;
using etalon::policy::JudgedLine;
using etalon::policy::JudgedPolicy;
using etalon::policy::KernelFacts;

namespace {

Config everything() {
  std::string text =
      "CONFIG_IMA_APPRAISE_MODSIG=y\nCONFIG_IMA_MEASURE_ASYMMETRIC_KEYS=y\n"
      "CONFIG_IMA_LSM_RULES=y\n";
  for (const auto& hash : etalon::policy::hash_names())
    text += "CONFIG_" + std::string(hash.symbol) + "=y\n";
  const auto config = Config::parse(text);
  ETALON_ASSERT(config.has_value());
  return *config;
}

void check_open(std::string_view text, KernelVersion version) {
  static const Config all = everything();
  static const Config only_sha1 = *Config::parse("CONFIG_CRYPTO_SHA1=y\n");
  const auto open = etalon::policy::judge_each_line(text, KernelFacts(version, std::nullopt));
  for (const Config& config : {all, only_sha1}) {
    const auto known = etalon::policy::judge_each_line(text, KernelFacts(version, config));
    ETALON_ASSERT(known.rules.size() == open.rules.size());
    for (std::size_t i = 0; i < open.rules.size(); ++i) {
      const auto& before = open.rules[i].verdict;
      if (before.accepted == Accepted::unknown) continue;
      ETALON_ASSERT(before.accepted == known.rules[i].verdict.accepted);
      ETALON_ASSERT(before.code == known.rules[i].verdict.code);
    }
  }
}

void check_spelling(const JudgedPolicy& judged, const KernelFacts& kernel) {
  for (const JudgedLine& line : judged.rules) {
    if (!line.verdict.rule) continue;
    const std::string text = etalon::policy::render_rule(*line.verdict.rule);
    const auto again = etalon::policy::judge_rule(text, kernel);
    ETALON_ASSERT(again.rule == line.verdict.rule);
    ETALON_ASSERT(etalon::policy::render_rule(*again.rule) == text);
  }
}

void check_whole(std::string_view text, KernelVersion version) {
  const KernelFacts kernel(version, everything(), etalon::policy::Labels::loaded);
  const JudgedPolicy judged = etalon::policy::judge_policy(text, kernel);
  check_spelling(judged, kernel);
  (void)etalon::policy::lint_policy(text, judged, kernel);
  (void)etalon::policy::explain_policy(judged);
  const bool all = std::ranges::all_of(judged.rules, [](const JudgedLine& line) {
    return line.verdict.accepted == Accepted::yes && line.verdict.rule.has_value();
  });
  const bool form = text.ends_with('\n') && text.find('\0') == std::string_view::npos;
  if (judged.path.accepted == Accepted::yes) ETALON_ASSERT(all && form && !judged.rules.empty());
  if (all && form && !judged.rules.empty()) ETALON_ASSERT(judged.path.accepted == Accepted::yes);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): libFuzzer's byte type
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const KernelVersion version : {KernelVersion{.version = 5, .patchlevel = 10},
                                      KernelVersion{.version = 6, .patchlevel = 12},
                                      KernelVersion{.version = 7, .patchlevel = 2}}) {
    check_open(text, version);
    check_whole(text, version);
  }
  return 0;
}
