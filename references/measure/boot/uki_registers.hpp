// SPDX-License-Identifier: Apache-2.0
// From predicted events to what a verifier may accept, and what the prediction rests on. Internal
// to references/measure/boot.
#pragma once

#include <string_view>

#include "mkosi/uki/uki.hpp"
#include "references/measure/boot/sd_boot.hpp"
#include "references/measure/boot/uki_boot.hpp"
#include "references/measure/profiles/kernel.hpp"
#include "references/measure/profiles/stub.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure {

// Summaries of the events that can be free.
inline constexpr std::string_view gpt_event_summary = "partition table of the boot disk";
inline constexpr std::string_view cmdline_event_summary = "command line of the kernel";
inline constexpr std::string_view initrd_event_summary = "initrd of the kernel";

struct BootFacts {
  const StubProfile& stub;
  const KernelProfile& linux;
  const uki::Uki& image;
  const SdBootProgram* sd_boot = nullptr;  // where it starts the UKI
};

// Fills `registers` and `unpinned` from the events.
Status state_registers(const UkiBootInputs& inputs, const BootFacts& facts, Prediction& prediction);
// Fills `assumptions`: what has to hold for the values to be right, facts that were stated
// included.
void state_assumptions(const UkiBootInputs& inputs, const BootFacts& facts, Prediction& prediction);

}  // namespace etalon::measure
