// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/predict.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "references/eventlog/event.hpp"
#include "references/eventlog/expectation.hpp"
#include "references/measure/boot/uki_boot.hpp"
#include "references/measure/profiles/sd_boot.hpp"
#include "references/measure/profiles/stub.hpp"
#include "references/measure/tdx/mrtd.hpp"
#include "references/measure/tdx/tdvf.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/file.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"
#include "tools/config/platforms.hpp"
#include "tools/config/yaml.hpp"
#include "tools/pipeline/boot_files.hpp"
#include "tools/pipeline/firmware.hpp"
#include "tools/pipeline/os_facts.hpp"
#include "tools/pipeline/uki_image.hpp"

namespace etalon::pipeline {
namespace {

namespace tdx = measure::tdx;

constexpr std::array mrtd_orderings = {tdx::MrtdOrdering::page, tdx::MrtdOrdering::section};

std::string mrtd_rule(tdx::MrtdOrdering ordering) {
  return "MRTD " + std::string(name(ordering));
}

// A value of platforms.yaml that only shows to be wrong here.
Status bad_value(const config::Platform& platform, std::string_view key, std::size_t line,
                 std::string message) {
  return in_file(Status(config::fail_line(ErrorCode::malformed, key, line, std::move(message))),
                 platform.document);
}

Result<Bytes> firmware_of(const config::Platform& platform, const config::Firmware& firmware) {
  auto image = load_firmware(firmware.file, firmware.code);
  if (!image && image.error().code == ErrorCode::usage) {
    TRY(bad_value(platform, "firmware", firmware.line,
                  "file holds the code of a split image and code its variables: swap them"));
  }
  return image;
}

// MRTD depends on the firmware alone, so it is no event list: its rules are the two orderings.
Status add_mrtd(const std::string& file, ByteView image, PlatformPrediction& out) {
  TRY_ASSIGN(const tdx::Metadata metadata, in_file(tdx::read_metadata(image), file));
  eventlog::Expectation mrtd{.status = eventlog::Expectation::Status::exact};
  for (const tdx::MrtdOrdering ordering : mrtd_orderings) {
    TRY_ASSIGN(const Sha384 value, in_file(tdx::predict_mrtd(image, metadata, ordering), file));
    eventlog::Alternative alternative{.when = {{mrtd_condition, std::string(name(ordering))}},
                                      .basis = tdx::mrtd_basis};
    alternative.values.set(value);
    mrtd.any.push_back(std::move(alternative));
    out.conditions[mrtd_condition].emplace_back(name(ordering));
  }
  out.registers.emplace(RegisterId::mrtd(), std::move(mrtd));
  return {};
}

// What platforms.yaml says of the firmware binds the values to that image, also where no register
// is computed from it.
Status add_firmware(const config::Platform& platform, PlatformPrediction& out) {
  if (!platform.firmware) return {};
  TRY_ASSIGN(const Bytes image, firmware_of(platform, *platform.firmware));
  if (platform.tee == config::Tee::tdx) TRY(add_mrtd(platform.firmware->file, image, out));
  constexpr std::array algs = {HashAlg::sha256, HashAlg::sha384};
  out.inputs.push_back({.name = "firmware", .digests = hash_all(algs, image)});
  return {};
}

// Facts that are accepted because a later rule will ask for them.
void name_unused(const config::Platform& platform, PlatformPrediction& out) {
  std::string keys;
  const auto add = [&keys](bool given, std::string_view key) {
    if (given) keys += (keys.empty() ? "" : ", ") + std::string(key);
  };
  add(platform.vmm.has_value(), "vmm");
  add(!platform.memory.empty(), "memory");
  add(!platform.vcpus.empty(), "vcpus");
  if (!keys.empty()) out.unpinned.push_back(keys + ": no rule uses what platforms.yaml says of it");
}

PathKindOf paths_of(const UkiImage& image) {
  return [&image](std::string_view path) { return image.kind_of(path); };
}

std::vector<std::string> phases(const UkiImage& image, const config::Platform& platform) {
  return platform.phases.empty() ? boot_phases(paths_of(image)) : platform.phases;
}

Status check_assumed_stub(const config::Platform& platform) {
  if (!platform.assume_stub || measure::find_stub(*platform.assume_stub) != nullptr) return {};
  const auto rows = measure::stub_profiles();
  return bad_value(platform, "assume_stub", platform.assume_stub_line,
                   "there are rules for " + std::to_string(rows.front().first) + ".." +
                       std::to_string(rows.back().last) + " only");
}

Status check_assumed_boot_loader(const config::Platform& platform) {
  if (!platform.boot_loader || !platform.boot_loader->assume ||
      measure::find_sd_boot(*platform.boot_loader->assume) != nullptr) {
    return {};
  }
  const auto rows = measure::sd_boot_profiles();
  return bad_value(platform, "assume", platform.boot_loader->assume_line,
                   "there are rules for " + std::to_string(rows.front().first) + ".." +
                       std::to_string(rows.back().last) + " only");
}

Result<measure::Prediction> predict_boot(const UkiImage& image, const config::Platform& platform,
                                         const Overrides& overrides) {
  TRY_ASSIGN(const BootFiles files, BootFiles::open(platform, image.name));
  const AnyDigest* digest = image.digests.find(HashAlg::sha256);
  measure::UkiBootInputs inputs{
      .tee = platform.tee == config::Tee::tdx ? measure::Tee::tdx : measure::Tee::vtpm,
      .uki = {.name = image.name,
              .bytes = image.file.view(),
              .sha256 = digest == nullptr ? std::nullopt : digest->as<HashAlg::sha256>()},
      .banks = platform.banks,
      .secure_boot = platform.conditions.secure_boot,
      .tcg2 = platform.conditions.tcg2,
      .random_seed = platform.conditions.random_seed,
      .assume_stub = platform.assume_stub ? platform.assume_stub : overrides.assume_stub,
      .assume_kernel = overrides.assume_kernel,
      .phases = phases(image, platform),
      .measures_machine = measures_machine(paths_of(image))};
  files.give(platform, inputs);
  TRY_ASSIGN(auto prediction, measure::predict_uki_boot(inputs));
  TRY(files.check_unchanged());
  return prediction;
}

Result<PlatformPrediction> predict(const UkiImage& image, const config::Platform& platform,
                                   const Overrides& overrides) {
  TRY(check_assumed_stub(platform));
  TRY(check_assumed_boot_loader(platform));
  TRY_ASSIGN(auto boot, predict_boot(image, platform, overrides));
  PlatformPrediction out{.platform = platform,
                         .ruleset = std::move(boot.ruleset),
                         .events = std::move(boot.events),
                         .rules = std::move(boot.rules),
                         .registers = std::move(boot.registers),
                         .assumptions = std::move(boot.assumptions)};
  if (platform.tee == config::Tee::vtpm)
    out.conditions.emplace(phase_condition, phases(image, platform));
  TRY(add_firmware(platform, out));
  for (const measure::Unpinned& each : boot.unpinned) {
    if (out.registers.contains(each.reg)) continue;
    out.unpinned.push_back(each.reg.text() + ": " + each.reason);
  }
  name_unused(platform, out);
  return out;
}

}  // namespace

Result<PlatformPrediction> predict_platform(const UkiImage& image, const config::Platform& platform,
                                            const Overrides& overrides) {
  return in(predict(image, platform, overrides), "platform " + platform.id);
}

std::vector<std::string> source_rules(const PlatformPrediction& prediction, RegisterId reg) {
  std::vector<std::string> rules;
  const auto add = [&rules](std::string rule) {
    if (std::ranges::find(rules, rule) == rules.end()) rules.push_back(std::move(rule));
  };
  using Verdict = eventlog::Expectation::Status;
  const auto at = prediction.registers.find(reg);
  if (at == prediction.registers.end()) return rules;
  if (at->second.status != Verdict::exact && at->second.status != Verdict::zero) return rules;
  for (const eventlog::Event& event : prediction.events) {
    if (event.reg == reg && event.basis == eventlog::Basis::source) add(event.origin.rule);
  }
  for (const measure::SilentRule& each : prediction.rules) {
    if (each.reg == reg && each.basis == eventlog::Basis::source) add(each.rule);
  }
  if (reg == RegisterId::mrtd() && tdx::mrtd_basis == eventlog::Basis::source) {
    for (const tdx::MrtdOrdering ordering : mrtd_orderings)
      add(mrtd_rule(ordering));
  }
  return rules;
}

}  // namespace etalon::pipeline
