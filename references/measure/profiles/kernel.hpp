// SPDX-License-Identifier: Apache-2.0
// What the EFI stub of each Linux version measures, as data: the command line (LoadOptions) and the
// initrd that came through the LINUX_EFI_INITRD_MEDIA device path. Source: Linux,
// drivers/firmware/efi/libstub/efi-stub-helper.c.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "references/eventlog/event.hpp"
#include "tools/base/kernel_version.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure {

struct KernelProfile {
  KernelVersion first{};  // both included
  KernelVersion last{};
  std::string_view rule{};  // "Linux 6.12"
  // Both events go to TCG2 where it exists. To the CC protocol they go only from some version on,
  // and only when TCG2 is absent.
  bool cc = false;
  bool assumed = false;  // taken for a version that has no row
  std::string_view source{};
  eventlog::Basis basis = eventlog::Basis::source;     // of the PCR 9 events
  eventlog::Basis cc_basis = eventlog::Basis::source;  // of the RTMR 2 events
};

std::span<const KernelProfile> kernel_profiles();
const KernelProfile* find_kernel(KernelVersion version);
// The row of the release found in an image, or else of the assumed one. The error names
// --assume-kernel.
Result<KernelProfile> select_kernel(std::string_view release,
                                    const std::optional<std::string>& assumed);

}  // namespace etalon::measure
