// SPDX-License-Identifier: Apache-2.0
// What systemd-stub picks up from the EFI system partition: credentials and extensions in the
// folder beside the UKI and in \loader (systemd, src/boot/stub.c and cpio.c). Names are compared as
// FAT does, without case.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "references/measure/boot/uki_boot.hpp"
#include "references/measure/profiles/stub.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure {

// One archive that the stub makes of such files.
struct Sidecar {
  SidecarKind kind = SidecarKind::none;
  std::vector<const EspFile*> files{};  // in the order of the archive; not empty
};

// In the order of the profile's initrd. Skipped as the stub skips them: names that begin with a
// dot, are not ASCII or longer than 255, and all other kinds.
// Limit error for a file whose size a newc archive cannot state.
Result<std::vector<Sidecar>> select_sidecars(std::span<const EspFile> files,
                                             std::string_view uki_path, const StubProfile& stub);

// The addons that a stub loads, in that order.
struct AddonFiles {
  std::vector<const EspFile*> global{};
  std::vector<const EspFile*> own{};  // beside the UKI
};

AddonFiles select_addons(std::span<const EspFile> files, std::string_view uki_path,
                         const StubProfile& stub);

// Whether a stub could look at a file of this path: in \loader, or beside some UKI. What it finds
// there is for select_sidecars() and select_addons() to say.
bool may_matter_to_stub(std::string_view path);

// The last part of an EspFile's path.
std::string_view esp_file_name(const EspFile& file);

}  // namespace etalon::measure
