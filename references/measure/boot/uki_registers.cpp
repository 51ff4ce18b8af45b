// SPDX-License-Identifier: Apache-2.0
#include "references/measure/boot/uki_registers.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mkosi/uki/pe.hpp"
#include "mkosi/uki/uki.hpp"
#include "references/eventlog/event.hpp"
#include "references/eventlog/expectation.hpp"
#include "references/eventlog/replay.hpp"
#include "references/measure/boot/sd_boot.hpp"
#include "references/measure/boot/uki_boot.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure {
namespace {

using eventlog::Alternative;
using eventlog::Basis;
using eventlog::Event;
using eventlog::EventLog;
using eventlog::Expectation;

constexpr auto pcr11 = RegisterId::pcr<11>();

EventLog events_of(const EventLog& log, RegisterId reg) {
  EventLog own;
  std::ranges::copy_if(log, std::back_inserter(own),
                       [reg](const Event& each) { return each.reg == reg; });
  return own;
}

std::string reason_of(const Event& event) {
  if (event.summary == gpt_event_summary) {
    return "no partition table of the boot disk was given";
  }
  if (event.summary == cmdline_event_summary) {
    return "the stub appends console= for the machine's serial ports unless the image sets it";
  }
  if (event.reg == RegisterId::pcr<12>()) {
    return "what systemd-boot makes of control characters, and of blanks at the ends of .cmdline, "
           "is "
           "not known";
  }
  return "the stub adds a random file when the firmware or boot loader provides a random seed";
}

Result<Expectation> expectation_of(const Prediction& prediction, RegisterId reg) {
  const EventLog events = events_of(prediction.events, reg);
  Expectation expectation{.status = Expectation::Status::exact};
  Alternative value{.basis = Basis::hardware};
  for (const SilentRule& each : prediction.rules) {
    if (each.reg == reg) value.basis = eventlog::weakest(value.basis, each.basis);
  }
  for (const Event& each : events) {
    value.basis = eventlog::weakest(value.basis, each.basis);
    if (each.digests.empty())
      expectation.free.push_back({.event = each.summary, .reason = reason_of(each)});
  }
  if (!expectation.free.empty()) {
    expectation.status = Expectation::Status::replay;
    return expectation;
  }
  TRY_ASSIGN(const eventlog::RegisterValues values, eventlog::replay(events));
  value.values = values.at(reg);
  expectation.any.push_back(std::move(value));
  return expectation;
}

// The register after the words of a phase path (systemd-pcrextend: each word without a NUL).
Result<DigestSet> after_phases(DigestSet values, std::string_view path) {
  while (!path.empty()) {
    const std::size_t colon = path.find(':');
    const std::string_view word = path.substr(0, colon);
    if (word.empty() || colon + 1 == path.size()) {
      return fail(ErrorCode::usage, "phase path with an empty word");
    }
    DigestSet next;
    for (const auto& [alg, value] : values)
      next.set(eventlog::extend(value, hash(alg, as_bytes(word))));
    values = next;
    path = colon == std::string_view::npos ? "" : path.substr(colon + 1);
  }
  return values;
}

Status add_phases(const UkiBootInputs& inputs, Expectation& pcr) {
  if (pcr.status != Expectation::Status::exact) return {};
  const Alternative base = pcr.any.front();
  pcr.any.clear();
  std::vector<std::string> paths = inputs.phases;
  if (paths.empty()) paths.emplace_back();
  for (const std::string& path : paths) {
    Alternative alternative = base;
    alternative.when.emplace("phase", path);
    TRY_ASSIGN(alternative.values, in(after_phases(base.values, path), "'" + path + "'"));
    if (std::ranges::find(pcr.any, alternative) == pcr.any.end()) {
      pcr.any.push_back(std::move(alternative));
    }
  }
  return {};
}

void state_pcrs(const UkiBootInputs& inputs, Prediction& prediction) {
  const Expectation zero{.status = Expectation::Status::zero};
  auto& registers = prediction.registers;
  // Only GRUB extends PCR 8; 12 and 13 get what lies beside the UKI, 14 what shim finds.
  registers.try_emplace(RegisterId::pcr<8>(), zero);
  registers.try_emplace(RegisterId::pcr<12>(), zero);
  registers.try_emplace(RegisterId::pcr<13>(), zero);
  auto& unpinned = prediction.unpinned;
  const std::string firmware = "firmware, its settings and the virtual hardware decide it";
  unpinned = {{.reg = RegisterId::pcr<0>(), .reason = firmware},
              {.reg = RegisterId::pcr<1>(), .reason = firmware},
              {.reg = RegisterId::pcr<2>(), .reason = firmware},
              {.reg = RegisterId::pcr<3>(), .reason = firmware},
              {.reg = RegisterId::pcr<6>(), .reason = firmware},
              {.reg = RegisterId::pcr<7>(), .reason = "the Secure Boot variables decide it"},
              {.reg = RegisterId::pcr<10>(),
               .reason = "IMA extends it in the order of use; its list is checked file by file"}};
  if (inputs.shim == Shim::none) {
    registers.try_emplace(RegisterId::pcr<14>(), zero);
  } else {
    unpinned.push_back({.reg = RegisterId::pcr<14>(), .reason = "shim measures its keys into it"});
  }
  if (!inputs.measures_machine) {
    registers.try_emplace(RegisterId::pcr<15>(), zero);
  } else {
    unpinned.push_back({.reg = RegisterId::pcr<15>(),
                        .reason = "the image measures machine and file system identifiers"});
  }
}

void state_rtmrs(Prediction& prediction) {
  const Expectation zero{.status = Expectation::Status::zero};
  // RTMR 2 has no event with a stub and a kernel that do not know the CC protocol.
  prediction.registers.try_emplace(RegisterId::rtmr<2>(), zero);
  prediction.registers.try_emplace(RegisterId::rtmr<3>(), zero);
  prediction.unpinned = {
      {.reg = RegisterId::mrtd(), .reason = "the firmware alone decides it"},
      {.reg = RegisterId::rtmr<0>(), .reason = "firmware and virtual hardware decide it"}};
}

// From stub 258 on the firmware update that fits the machine may be measured, none of them on
// machines that are known to be virtual; no boot has shown it.
void give_up_for_efifw(const UkiBootInputs& inputs, const BootFacts& facts,
                       Prediction& prediction) {
  const uki::Content* firmware = facts.image.find(".efifw");
  if (!facts.stub.efifw || firmware == nullptr || firmware->size() == 0) return;
  const RegisterId reg = inputs.tee == Tee::tdx ? RegisterId::rtmr<2>() : pcr11;
  prediction.registers.insert_or_assign(
      reg, Expectation{.status = Expectation::Status::unpredictable,
                       .reason = "whether the stub measures a .efifw is not known",
                       .advice = "leave .efifw out of the image"});
}

void state_fact(std::optional<bool> fact, std::string_view when_true, std::string_view when_false,
                std::vector<std::string>& list) {
  if (fact) list.push_back(std::string(*fact ? when_true : when_false) + " (stated)");
}

// `profile` is a StubProfile or a KernelProfile.
void state_rules(std::string_view what, const auto& profile, std::string_view found,
                 std::vector<std::string>& list) {
  std::string text = std::string(what) + " rules: " + std::string(profile.rule);
  if (profile.assumed) text += ", taken for '" + printable(found) + "'";
  list.push_back(text + " (" + std::string(profile.source) + ")");
}

void state_image(const BootFacts& facts, std::vector<std::string>& list) {
  if (!facts.image.profiles.empty()) list.emplace_back("profile 0 of the UKI is booted");
  if (facts.image.find(".dtbauto") != nullptr) {
    list.emplace_back("no .dtbauto is for the machine, as on x86, and so none is measured");
  }
}

}  // namespace

Status state_registers(const UkiBootInputs& inputs, const BootFacts& facts,
                       Prediction& prediction) {
  for (const Event& each : prediction.events) {
    if (prediction.registers.contains(each.reg)) continue;
    TRY_ASSIGN(Expectation expectation, expectation_of(prediction, each.reg));
    if (each.reg == pcr11) TRY(in(add_phases(inputs, expectation), "phases"));
    prediction.registers.emplace(each.reg, std::move(expectation));
  }
  if (inputs.tee == Tee::tdx) {
    state_rtmrs(prediction);
  } else {
    state_pcrs(inputs, prediction);
  }
  give_up_for_efifw(inputs, facts, prediction);
  return {};
}

void state_assumptions(const UkiBootInputs& inputs, const BootFacts& facts,
                       Prediction& prediction) {
  auto& list = prediction.assumptions;
  state_rules("stub", facts.stub, prediction.stub_version, list);
  state_rules("kernel", facts.linux, prediction.kernel_release, list);
  if (inputs.sd_boot && facts.sd_boot != nullptr) {
    state_sd_boot(*inputs.sd_boot, *facts.sd_boot, list);
  } else {
    list.emplace_back("the first boot option starts the UKI; no boot attempt before it failed");
  }
  if (inputs.load_options.empty()) list.emplace_back("the boot entry carries no load options");
  if (inputs.esp) {
    list.push_back("of what lies beside " + printable(inputs.uki_path) +
                   " and in loader/ all was given (stated)");
  } else {
    list.emplace_back("no addons, credentials or extensions lie beside the UKI");
  }
  if (inputs.esp && inputs.secure_boot == true)
    list.emplace_back("the firmware accepts the signatures of all addons");
  state_image(facts, list);
  if (!inputs.secure_boot) list.emplace_back("Secure Boot is off (not stated)");
  state_fact(inputs.secure_boot, "Secure Boot is on", "Secure Boot is off", list);
  state_fact(inputs.random_seed, "kernel and stub find an EFI random seed",
             "kernel and stub find no EFI random seed", list);
  if (inputs.tee == Tee::tdx) {
    list.emplace_back("firmware of edk2 202411 or later, whose separator extends RTMR 1");
    if (!inputs.tcg2) list.emplace_back("the firmware offers no TCG2 protocol (not stated)");
  } else {
    list.emplace_back(
        "PCRs are read before userspace extends 9, 12 or 13 (systemd-pcrosseparator, NvPCRs)");
  }
  state_fact(inputs.tcg2, "the firmware offers the TCG2 protocol",
             "the firmware offers no TCG2 protocol", list);
}

}  // namespace etalon::measure
