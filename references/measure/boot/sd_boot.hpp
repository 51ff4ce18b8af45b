// SPDX-License-Identifier: Apache-2.0
// systemd-boot between the firmware and the UKI: its image, what it measures itself, and the text
// it hands to the UKI. Internal to references/measure/boot.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mkosi/uki/pe.hpp"
#include "mkosi/uki/uki.hpp"
#include "references/measure/boot/log_builder.hpp"
#include "references/measure/boot/uki_boot.hpp"
#include "references/measure/profiles/sd_boot.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure {

// Summaries of the events that can be free.
inline constexpr std::string_view passed_cmdline_event_summary =
    "command line of the UKI, as systemd-boot passes it";
inline constexpr std::string_view load_options_event_summary = "command line of the boot entry";

struct SdBootProgram {
  uki::Pe pe{};
  std::string version{};  // as in .sdmagic
  SdBootProfile profile{};
};

// Errors: what is malformed in the program, unsupported or usage as select_sd_boot().
Result<SdBootProgram> read_sd_boot(const SdBootInputs& inputs);

// Up to the start of the UKI.
Status add_sd_boot(LogBuilder& log, const SdBootInputs& inputs, const SdBootProgram& program);

// What it measures between loading the UKI, whose .cmdline is given, and starting it.
Status add_passed_cmdline(LogBuilder& log, const SdBootProgram& program, const NamedBytes& uki,
                          const uki::Content& cmdline);

// What must hold for the values to be right.
void state_sd_boot(const SdBootInputs& inputs, const SdBootProgram& program,
                   std::vector<std::string>& assumptions);

}  // namespace etalon::measure
