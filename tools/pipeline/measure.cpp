// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/measure.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/config/kconfig.hpp"
#include "mkosi/image/tree.hpp"
#include "policy/lang/facts.hpp"
#include "policy/lang/load.hpp"
#include "references/bundle/bundle.hpp"
#include "references/bundle/manifest.hpp"
#include "references/eventlog/event_json.hpp"
#include "references/eventlog/expectation.hpp"
#include "references/eventlog/log_codec.hpp"
#include "tools/base/assert.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"
#include "tools/codec/json.hpp"
#include "tools/config/platforms.hpp"
#include "tools/pipeline/components.hpp"
#include "tools/pipeline/files_json.hpp"
#include "tools/pipeline/os_facts.hpp"
#include "tools/pipeline/predict.hpp"
#include "tools/pipeline/simulation.hpp"
#include "tools/pipeline/uki_image.hpp"

namespace etalon::pipeline {
namespace {

using eventlog::Expectation;

constexpr std::string_view policy_path = "/etc/ima/ima-policy";
constexpr std::string_view policy_member = "policy/ima-policy";
constexpr std::string_view config_member = "kernel/ima.config";

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text;
}

// Turns exact and zero values that rest on unaccepted source-only rules into unpredictable ones.
void hold_back(PlatformPrediction& prediction, const std::vector<std::string>& accept,
               std::vector<std::string>& notes) {
  for (auto& [reg, expectation] : prediction.registers) {
    std::vector<std::string> open = source_rules(prediction, reg);
    std::erase_if(open, [&accept](const std::string& rule) {
      return std::ranges::find(accept, rule) != accept.end();
    });
    if (open.empty()) continue;
    notes.push_back("platform " + prediction.platform.id + ": " + reg.text() +
                    " is held back: rules only read in source code: " + join(open) +
                    " (--accept RULE states it all the same)");
    expectation = Expectation{.status = Expectation::Status::unpredictable,
                              .reason = "rests on rules only read in source code: " + join(open),
                              .advice = "accept these rules when measuring"};
  }
}

Status check_accepted(const std::vector<PlatformPrediction>& platforms,
                      const std::vector<std::string>& accept) {
  std::vector<std::string> known;
  for (const PlatformPrediction& platform : platforms) {
    for (const auto& [reg, expectation] : platform.registers) {
      for (std::string& rule : source_rules(platform, reg))
        known.push_back(std::move(rule));
    }
  }
  for (const std::string& rule : accept) {
    if (std::ranges::find(known, rule) == known.end()) {
      return fail(ErrorCode::usage, "--accept: no value rests on a rule '" + printable(rule) +
                                        "' only read in source code");
    }
  }
  return {};
}

Result<bundle::Image> describe_image(const UkiImage& image) {
  bundle::Image out{
      .format = "uki", .os = image.os, .kernel = image.kernel_release, .cmdline = image.cmdline};
  TRY_ASSIGN(out.components, uki_components(image.uki.pe));
  return out;
}

std::string log_path(const PlatformPrediction& prediction, std::string_view suffix) {
  return "eventlogs/" + prediction.platform.id + "." + std::string(suffix);
}

// A log in binary form has a digest in every event; one with free events exists as JSON only.
bool all_known(const eventlog::EventLog& log) {
  return std::ranges::none_of(log, [](const auto& event) { return event.digests.empty(); });
}

// The predicted log as JSON, and in the form the platform's own log has.
Status add_logs(const PlatformPrediction& prediction, bundle::Files& members) {
  members.emplace(log_path(prediction, "json"),
                  to_bytes(eventlog::log_json(prediction.events).canonical()));
  if (!all_known(prediction.events)) return {};
  if (prediction.platform.tee == config::Tee::tdx) {
    TRY_ASSIGN(Bytes ccel, eventlog::encode_ccel(prediction.events));
    members.emplace(log_path(prediction, "ccel"), std::move(ccel));
    return {};
  }
  TRY_ASSIGN(Bytes tcg, eventlog::encode_tcg2(prediction.events, prediction.platform.banks));
  members.emplace(log_path(prediction, "tcg"), std::move(tcg));
  return {};
}

bundle::Platform describe_platform(const PlatformPrediction& prediction) {
  return {.id = prediction.platform.id,
          .tee = std::string(name(prediction.platform.tee)),
          .boot = std::string(name(prediction.platform.boot)),
          .ruleset = prediction.ruleset,
          .conditions = prediction.conditions,
          .registers = prediction.registers,
          .eventlog = log_path(prediction, "json"),
          .assumptions = prediction.assumptions,
          .unpinned = prediction.unpinned};
}

// The policy given must be the one the image loads, where the image has one at the usual place.
Status check_policy(const UkiImage& image, const Bytes& policy) {
  const auto entry = image.walked.tree.resolve(policy_path);
  if (!entry && entry.error().code == ErrorCode::not_found) return {};
  TRY(entry);
  for (const auto& [alg, digest] : (*entry)->digests) {
    if (hash(alg, policy) == digest) continue;
    return fail(ErrorCode::mismatch,
                "the policy given is not the image's " + std::string(policy_path));
  }
  return {};
}

// What the policy measures of each file; nothing, with a note, for a kernel whose rules are not
// known.
Result<HooksOf> hooks_of(const UkiImage& image, std::string_view ima_policy,
                         const MeasureInputs& inputs, std::vector<std::string>& notes) {
  const auto version = policy::known_kernel(image.kernel_release);
  if (!version) {
    notes.push_back("files.json has no hooks: " + version.error().text());
    return HooksOf();
  }
  std::optional<kconfig::Config> config;
  if (inputs.kernel_config) {
    TRY_ASSIGN(config,
               in(kconfig::Config::parse(as_text(*inputs.kernel_config)), "kernel configuration"));
  }
  const policy::KernelFacts kernel(*version, std::move(config));
  const auto judged = policy::judge_policy(ima_policy, kernel);
  TRY(in(require_loadable(judged), "IMA policy"));
  TRY_ASSIGN(Simulation made,
             simulate_image(judged, image.walked, kernel, {.cmdline = image.cmdline}));
  for (const std::string& text : made.image.assumptions)
    notes.push_back("hooks of files.json: " + text);
  auto simulation = std::make_shared<const Simulation>(std::move(made));
  return HooksOf([simulation](std::size_t entry) {
    const auto& entries = simulation->image.entries;
    const auto at = std::ranges::lower_bound(entries, entry);
    ETALON_ASSERT(at != entries.end() && *at == entry);
    return hooks_json(simulation->files[static_cast<std::size_t>(at - entries.begin())],
                      simulation->defaults, Rows::measured);
  });
}

Result<bundle::Ima> describe_ima(const UkiImage& image, const MeasureInputs& inputs,
                                 bundle::Files& members, std::vector<std::string>& notes) {
  const ImaCmdline cmdline = ima_cmdline(image.cmdline);
  bundle::Ima ima{.hash = cmdline.hash, .files = std::string(bundle::files_path)};
  if (!cmdline.tmplate.empty()) ima.templates.push_back(cmdline.tmplate);
  HooksOf hooks;
  if (inputs.policy) {
    TRY(check_policy(image, *inputs.policy));
    TRY_ASSIGN(hooks, hooks_of(image, as_text(*inputs.policy), inputs, notes));
    members.emplace(policy_member, *inputs.policy);
    ima.policy = policy_member;
  }
  ima.boot_aggregate =
      Expectation{.status = Expectation::Status::unpredictable,
                  .reason = "covers PCR 0 to 7 too, which the firmware and the machine determine",
                  .advice = "take it from a reference boot of each platform"};
  members.emplace(bundle::files_path, to_bytes(files_json(image.walked.tree, hooks)));
  return ima;
}

void add_subjects(const UkiImage& image, const std::vector<PlatformPrediction>& platforms,
                  bundle::Manifest& manifest) {
  manifest.subjects.push_back({.name = image.name, .digest = image.digests});
  for (const PlatformPrediction& platform : platforms) {
    for (const PlatformInput& input : platform.inputs) {
      const bundle::Subject subject{.name = platform.platform.id + "/" + input.name,
                                    .digest = input.digests};
      manifest.subjects.push_back(subject);
    }
  }
}

Result<std::vector<PlatformPrediction>> predict_each(const UkiImage& image,
                                                     const std::vector<config::Platform>& platforms,
                                                     const Overrides& overrides) {
  std::vector<PlatformPrediction> predictions;
  for (const config::Platform& platform : platforms) {
    TRY_ASSIGN(auto prediction, predict_platform(image, platform, overrides));
    predictions.push_back(std::move(prediction));
  }
  return predictions;
}

// Caps on what is read back hold for what is written, too.
Result<bundle::Bundle> make_readable(bundle::Manifest manifest, bundle::Files members) {
  TRY_ASSIGN(auto made, bundle::make_bundle(std::move(manifest), std::move(members)));
  TRY(in(bundle::parse_payload(made.envelope.payload), "manifest"));
  return made;
}

}  // namespace

Result<std::vector<PlatformPrediction>> predict_platforms(
    const UkiImage& image, const std::vector<config::Platform>& platforms,
    const Overrides& overrides) {
  TRY_ASSIGN(auto predictions, predict_each(image, platforms, overrides));
  TRY(image.file.check_unchanged());
  return predictions;
}

Result<Measurement> measure(const UkiImage& image, const MeasureInputs& inputs) {
  Measurement out;
  TRY_ASSIGN(out.platforms, predict_each(image, inputs.platforms, inputs.overrides));
  TRY(check_accepted(out.platforms, inputs.accept));
  bundle::Manifest manifest{.release = inputs.release,
                            .tools = {{.name = "etalon", .version = ETALON_VERSION}}};
  bundle::Files members;
  TRY_ASSIGN(manifest.image, describe_image(image));
  TRY_ASSIGN(manifest.ima, describe_ima(image, inputs, members, out.notes));
  for (PlatformPrediction& platform : out.platforms) {
    hold_back(platform, inputs.accept, out.notes);
    TRY(add_logs(platform, members));
    manifest.platforms.push_back(describe_platform(platform));
  }
  for (const image::Finding& finding : image::find_ima_collisions(image.walked.tree)) {
    out.notes.push_back(printable(finding.path) + ": " + finding.message);
  }
  add_subjects(image, out.platforms, manifest);
  if (inputs.kernel_config) members.emplace(config_member, *inputs.kernel_config);
  TRY_ASSIGN(out.bundle, make_readable(std::move(manifest), std::move(members)));
  TRY(image.file.check_unchanged());
  return out;
}

}  // namespace etalon::pipeline
