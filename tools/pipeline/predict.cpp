// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/predict.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "references/eventlog/event.hpp"
#include "references/eventlog/expectation.hpp"
#include "references/measure/boot/uki_boot.hpp"
#include "references/measure/tdx/mrtd.hpp"
#include "references/measure/tdx/tdvf.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/file.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"
#include "tools/config/platforms.hpp"
#include "tools/pipeline/os_facts.hpp"
#include "tools/pipeline/uki_image.hpp"

namespace etalon::pipeline {
namespace {

namespace tdx = measure::tdx;

// The protective MBR, the GPT header and 16 KiB of entries, with room for 4 KiB sectors.
constexpr std::uint64_t gpt_head = std::uint64_t{64} << 10U;

constexpr std::array mrtd_orderings = {tdx::MrtdOrdering::page, tdx::MrtdOrdering::section};

std::string mrtd_rule(tdx::MrtdOrdering ordering) {
  return "MRTD " + std::string(name(ordering));
}

Result<Bytes> load_firmware(const config::Firmware& firmware) {
  TRY_ASSIGN(Bytes image, read_file(firmware.file, tdx::max_firmware_size));
  if (firmware.code.empty()) return image;
  TRY_ASSIGN(const Bytes code, read_file(firmware.code, tdx::max_firmware_size));
  return in_file(tdx::join_split(image, code), firmware.file);
}

// MRTD depends on the firmware alone, so it is no event list: its rules are the two orderings.
Status add_mrtd(const config::Firmware& firmware, PlatformPrediction& out) {
  TRY_ASSIGN(const Bytes image, load_firmware(firmware));
  TRY_ASSIGN(const tdx::Metadata metadata, in_file(tdx::read_metadata(image), firmware.file));
  eventlog::Expectation mrtd{.status = eventlog::Expectation::Status::exact};
  for (const tdx::MrtdOrdering ordering : mrtd_orderings) {
    TRY_ASSIGN(const Sha384 value,
               in_file(tdx::predict_mrtd(image, metadata, ordering), firmware.file));
    eventlog::Alternative alternative{.when = {{mrtd_condition, std::string(name(ordering))}},
                                      .basis = tdx::mrtd_basis};
    alternative.values.set(value);
    mrtd.any.push_back(std::move(alternative));
    out.conditions[mrtd_condition].emplace_back(name(ordering));
  }
  out.registers.emplace(RegisterId::mrtd(), std::move(mrtd));
  constexpr std::array algs = {HashAlg::sha256, HashAlg::sha384};
  out.inputs.push_back({.name = "firmware", .digests = hash_all(algs, image)});
  return {};
}

std::vector<std::string> phases(const UkiImage& image, const config::Platform& platform) {
  if (!platform.phases.empty()) return platform.phases;
  return boot_phases([&image](std::string_view path) { return image.has(path); });
}

// What systemd measures into PCR 15 when it finds a TPM (systemd-pcrmachine, systemd-pcrfs@).
bool measures_machine(const UkiImage& image) {
  constexpr std::array<std::string_view, 3> units = {
      "/usr/lib/systemd/system/sysinit.target.wants/systemd-pcrmachine.service",
      "/usr/lib/systemd/system/local-fs.target.wants/systemd-pcrfs-root.service",
      "/usr/lib/systemd/system/initrd.target.wants/systemd-pcrmachine.service"};
  return std::ranges::any_of(units, [&image](std::string_view path) { return image.has(path); });
}

Result<measure::Prediction> predict_boot(const UkiImage& image, const config::Platform& platform,
                                         const Overrides& overrides) {
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
      .measures_machine = measures_machine(image)};
  if (platform.disk_gpt.empty()) return measure::predict_uki_boot(inputs);
  TRY_ASSIGN(const MappedFile disk, MappedFile::open(platform.disk_gpt));
  const ByteView head = disk.view();
  inputs.gpt = {.name = platform.disk_gpt,
                .bytes = head.first(std::min<std::size_t>(head.size(), gpt_head))};
  const std::size_t slash = inputs.gpt.name.find_last_of('/');
  if (slash != std::string::npos) inputs.gpt.name.erase(0, slash + 1);
  TRY_ASSIGN(auto prediction, measure::predict_uki_boot(inputs));
  TRY(disk.check_unchanged());
  return prediction;
}

Result<PlatformPrediction> predict(const UkiImage& image, const config::Platform& platform,
                                   const Overrides& overrides) {
  TRY_ASSIGN(auto boot, predict_boot(image, platform, overrides));
  PlatformPrediction out{.platform = platform,
                         .ruleset = std::move(boot.ruleset),
                         .events = std::move(boot.events),
                         .rules = std::move(boot.rules),
                         .registers = std::move(boot.registers),
                         .assumptions = std::move(boot.assumptions)};
  if (platform.tee == config::Tee::vtpm) {
    out.conditions.emplace(phase_condition, phases(image, platform));
  } else if (platform.firmware) {
    TRY(add_mrtd(*platform.firmware, out));
  }
  for (const measure::Unpinned& each : boot.unpinned) {
    if (out.registers.contains(each.reg)) continue;
    out.unpinned.push_back(each.reg.text() + ": " + each.reason);
  }
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
