// SPDX-License-Identifier: Apache-2.0
#include "references/measure/profiles/sd_boot.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>

#include <tl/expected.hpp>

#include "references/eventlog/event.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure {
namespace {

using eventlog::Basis;

// clang-format off
constexpr std::array<SdBootProfile, 8> profiles = {{
    {.first = 252, .last = 252, .rule = "systemd-boot 252", .passes_cmdline = true,
     .source = "a boot of 252.39", .basis = Basis::boot},
    {.first = 253, .last = 253, .rule = "systemd-boot 253", .passes_cmdline = true,
     .source = "between 252 and 254, which were booted", .basis = Basis::source},
    {.first = 254, .last = 254, .rule = "systemd-boot 254", .passes_cmdline = true,
     .source = "a boot of 254.26", .basis = Basis::boot},
    {.first = 255, .last = 256, .rule = "systemd-boot 255..256", .loader_conf = true,
     .source = "systemd 255: loader.conf in PCR 5; pull request 28924: .cmdline is not passed",
     .basis = Basis::source},
    {.first = 257, .last = 257, .rule = "systemd-boot 257", .loader_conf = true,
     .source = "boots of 257.13 with and without Secure Boot", .basis = Basis::boot},
    {.first = 258, .last = 260, .rule = "systemd-boot 258..260", .loader_conf = true,
     .source = "between 257 and 262, which were booted", .basis = Basis::source},
    {.first = 261, .last = 261, .rule = "systemd-boot 261", .loader_conf = true,
     .loader_conf_cc = true,
     .source = "systemd NEWS 261: tagged events go to the CC protocol too", .basis = Basis::source},
    {.first = 262, .last = 262, .rule = "systemd-boot 262", .loader_conf = true,
     .loader_conf_cc = true,
     .source = "systemd NEWS 261; a boot of 262.1", .basis = Basis::boot},
}};
// clang-format on

}  // namespace

std::span<const SdBootProfile> sd_boot_profiles() {
  return profiles;
}

const SdBootProfile* find_sd_boot(unsigned version) {
  const auto* const at = std::ranges::find_if(profiles, [version](const SdBootProfile& each) {
    return version >= each.first && version <= each.last;
  });
  return at == profiles.end() ? nullptr : &*at;
}

Result<SdBootProfile> select_sd_boot(unsigned found, std::optional<unsigned> assumed) {
  const SdBootProfile* known = find_sd_boot(found);
  if (known != nullptr) return *known;
  const std::string program = found == 0
                                  ? "no systemd-boot version in .sdmagic"
                                  : "systemd-boot " + std::to_string(found) + " has no rules";
  const std::string range =
      std::to_string(profiles.front().first) + ".." + std::to_string(profiles.back().last);
  if (!assumed) {
    return fail(ErrorCode::unsupported,
                program + "; boot_loader.assume takes those of a version of " + range);
  }
  const SdBootProfile* taken = find_sd_boot(*assumed);
  if (taken == nullptr) {
    return fail(ErrorCode::usage, "boot_loader.assume " + std::to_string(*assumed) +
                                      ": there are rules for " + range + " only");
  }
  SdBootProfile profile = *taken;
  profile.assumed = true;
  profile.basis = Basis::source;
  return profile;
}

}  // namespace etalon::measure
