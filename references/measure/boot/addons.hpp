// SPDX-License-Identifier: Apache-2.0
// Addons: PE files beside a UKI that add to its command line (UAPI group, unified kernel image
// specification; systemd, src/boot/stub.c). Internal to references/measure/boot.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mkosi/uki/pe.hpp"
#include "references/measure/boot/esp_files.hpp"
#include "references/measure/boot/log_builder.hpp"
#include "references/measure/boot/uki_boot.hpp"
#include "references/measure/profiles/stub.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure {

struct Addon {
  const EspFile* file = nullptr;
  uki::Pe pe{};
  std::string cmdline{};  // may be empty
  bool global = false;
};

// In the order they are loaded. Errors name the addon; unsupported for one with sections other than
// a command line, and for a command line with control characters or with blanks at its ends.
Result<std::vector<Addon>> read_addons(const AddonFiles& files);

// Their command lines, with a blank between, as the stub appends them.
std::string addons_text(const std::vector<Addon>& addons);

// The firmware's events for each and the stub's for their text.
Status add_addons(LogBuilder& log, const std::vector<Addon>& addons, const StubProfile& stub,
                  bool secure_boot);

}  // namespace etalon::measure
