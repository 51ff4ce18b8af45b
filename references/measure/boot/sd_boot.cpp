// SPDX-License-Identifier: Apache-2.0
#include "references/measure/boot/sd_boot.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "mkosi/uki/authenticode.hpp"
#include "mkosi/uki/pe.hpp"
#include "mkosi/uki/uki.hpp"
#include "references/eventlog/event.hpp"
#include "references/measure/boot/boot_events.hpp"
#include "references/measure/boot/cmdline.hpp"
#include "references/measure/boot/log_builder.hpp"
#include "references/measure/boot/uki_boot.hpp"
#include "references/measure/profiles/sd_boot.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"
#include "tools/base/utf16.hpp"

namespace etalon::measure {
namespace {

constexpr auto pcr5 = RegisterId::pcr<5>();

// systemd's tag of the event (src/fundamental/tpm2-pcr.h).
constexpr std::uint32_t loader_conf_tag = 0xf5bc582a;

void add_loader_conf(LogBuilder& log, const NamedBytes& file, const SdBootProfile& profile) {
  const std::string rule(profile.rule);
  const bool tdx = log.tee() == Tee::tdx;
  if (!profile.loader_conf) {
    log.rests_on(pcr5, rule + ": measures no loader.conf", profile.basis);
    return;
  }
  if (tdx && !profile.loader_conf_cc) {
    log.rests_on(pcr5, rule + ": loader.conf goes to a TPM only", eventlog::Basis::source);
    return;
  }
  log.add_hash_of(file.bytes, {.reg = pcr5,
                               .type = eventlog::EventType::event_tag,
                               .data = tagged_data(loader_conf_tag, utf16_text("loader.conf")),
                               .origin = from_file(file, rule + ": loader.conf measured"),
                               // no boot of a TD has shown it
                               .basis = tdx ? eventlog::Basis::source : profile.basis,
                               .summary = "loader.conf of the boot loader"});
}

}  // namespace

Result<SdBootProgram> read_sd_boot(const SdBootInputs& inputs) {
  SdBootProgram program;
  TRY_ASSIGN(program.pe, uki::decode_pe(inputs.program.bytes));
  TRY_ASSIGN(const auto version, uki::sdmagic_of(program.pe, "systemd-boot"));
  if (version) program.version = version->text;
  TRY_ASSIGN(program.profile, select_sd_boot(version ? version->number : 0, inputs.assume));
  return program;
}

Status add_sd_boot(LogBuilder& log, const SdBootInputs& inputs, const SdBootProgram& program) {
  TRY(add_image(log, program.pe,
                {.reg = RegisterId::pcr<4>(),
                 .origin = from_file(inputs.program, "EDK2: Authenticode of a started image"),
                 .basis = firmware_basis(log),
                 .summary = "image " + inputs.program.name}));
  if (inputs.loader_conf) add_loader_conf(log, *inputs.loader_conf, program.profile);
  return {};
}

Status add_passed_cmdline(LogBuilder& log, const SdBootProgram& program, const NamedBytes& uki,
                          const uki::Content& cmdline) {
  // versions that pass it know nothing of the CC protocol
  if (!program.profile.passes_cmdline || log.tee() == Tee::tdx) return {};
  const std::string rule = std::string(program.profile.rule) + ": .cmdline passed and measured";
  eventlog::Event event{.reg = RegisterId::pcr<12>(),
                        .type = eventlog::EventType::ipl,
                        .origin = from_platform(rule),
                        .basis = program.profile.basis,
                        .summary = std::string(passed_cmdline_event_summary)};
  const std::string text = uki::text(cmdline);
  if (!passes_unchanged(text)) {
    log.add(std::move(event));
    return {};
  }
  TRY_ASSIGN(event.data, utf16le_from_utf8(text, Terminator::nul));
  event.origin =
      from_input(".cmdline of " + uki.name, uki::hash_content(log.algs(), cmdline), rule);
  const Bytes measured = event.data;
  log.add_hash_of(measured, std::move(event));
  return {};
}

void state_sd_boot(const SdBootInputs& inputs, const SdBootProgram& program,
                   std::vector<std::string>& assumptions) {
  std::string rules = "boot loader rules: " + std::string(program.profile.rule);
  if (program.profile.assumed) rules += ", taken for '" + printable(program.version) + "'";
  assumptions.push_back(rules + " (" + std::string(program.profile.source) + ")");
  assumptions.emplace_back(
      "the first boot option starts systemd-boot, and that the UKI, whose entry nobody edits; no "
      "boot attempt before it failed");
  assumptions.emplace_back(
      "systemd-boot finds no drivers to load and no Secure Boot keys to enroll");
  if (!inputs.loader_conf && program.profile.loader_conf)
    assumptions.emplace_back("there is no loader.conf");
}

}  // namespace etalon::measure
