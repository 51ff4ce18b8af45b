// SPDX-License-Identifier: Apache-2.0
#include "references/measure/profiles/kernel.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "references/eventlog/event.hpp"
#include "tools/base/kernel_version.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure {
namespace {

using eventlog::Basis;

// clang-format off
constexpr std::array<KernelProfile, 6> profiles = {{
    {.first = {6, 1}, .last = {6, 1}, .rule = "Linux 6.1",
     .source = "Linux 6.1.192 efi-stub-helper.c; boots", .basis = Basis::boot},
    {.first = {6, 2}, .last = {6, 8}, .rule = "Linux 6.2..6.8",
     .source = "between 6.1 and 6.12, which were read", .basis = Basis::source},
    {.first = {6, 9}, .last = {6, 11}, .rule = "Linux 6.9..6.11", .cc = true,
     .source = "CC measurement was queued for 6.9; read in 6.12", .basis = Basis::source},
    {.first = {6, 12}, .last = {6, 12}, .rule = "Linux 6.12", .cc = true,
     .source = "Linux 6.12.117 efi-stub-helper.c; boots with a TPM", .basis = Basis::boot},
    {.first = {6, 13}, .last = {7, 1}, .rule = "Linux 6.13..7.1", .cc = true,
     .source = "between 6.12 and 7.2, which were booted", .basis = Basis::source},
    {.first = {7, 2}, .last = {7, 2}, .rule = "Linux 7.2", .cc = true,
     .source = "a boot of 7.2.13 with a TPM", .basis = Basis::boot},
}};

// clang-format on

std::string range() {
  return to_string(profiles.front().first) + ".." + to_string(profiles.back().last);
}

const KernelProfile* find_release(std::string_view release) {
  const auto version = parse_kernel_version(release);
  return version ? find_kernel(*version) : nullptr;
}

}  // namespace

std::span<const KernelProfile> kernel_profiles() {
  return profiles;
}

const KernelProfile* find_kernel(KernelVersion version) {
  const auto* const at = std::ranges::find_if(profiles, [version](const KernelProfile& each) {
    return version >= each.first && version <= each.last;
  });
  return at == profiles.end() ? nullptr : &*at;
}

Result<KernelProfile> select_kernel(std::string_view release,
                                    const std::optional<std::string>& assumed) {
  const KernelProfile* known = find_release(release);
  if (known != nullptr) return *known;
  if (!assumed) {
    return fail(ErrorCode::unsupported, "Linux '" + printable(release) +
                                            "' has no rules; --assume-kernel takes those of " +
                                            "a version of " + range());
  }
  const KernelProfile* taken = find_release(*assumed);
  if (taken == nullptr) {
    return fail(ErrorCode::usage, "--assume-kernel " + printable(*assumed) +
                                      ": there are rules for " + range() + " only");
  }
  KernelProfile profile = *taken;
  profile.assumed = true;
  profile.basis = Basis::source;
  profile.cc_basis = Basis::source;
  return profile;
}

}  // namespace etalon::measure
