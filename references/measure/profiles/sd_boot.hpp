// SPDX-License-Identifier: Apache-2.0
// What each version of systemd-boot measures of its own accord before it starts an entry, as data.
// Sources: boots of real images, systemd's news and issues; `source` and `basis` of each row say
// which. A version without a row is never guessed.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "references/eventlog/event.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure {

struct SdBootProfile {
  unsigned first = 0;  // versions, both included
  unsigned last = 0;
  std::string_view rule{};  // "systemd-boot 257"
  // The text of .cmdline is handed to the UKI as load options, as if it were of the boot entry, and
  // measured into PCR 12 before that; later versions hand on only what a person typed.
  bool passes_cmdline = false;
  bool loader_conf = false;     // loader.conf is measured, as an EV_EVENT_TAG of PCR 5
  bool loader_conf_cc = false;  // in a TD without a TPM as well
  bool assumed = false;         // taken for a version that has no row
  std::string_view source{};
  eventlog::Basis basis = eventlog::Basis::source;
};

std::span<const SdBootProfile> sd_boot_profiles();
// The row of a version; nothing when there is none.
const SdBootProfile* find_sd_boot(unsigned version);
// The row of the version found in the program (0: none found), or else of the assumed one.
// Unsupported without either; the error names boot_loader.assume.
Result<SdBootProfile> select_sd_boot(unsigned found, std::optional<unsigned> assumed);

}  // namespace etalon::measure
