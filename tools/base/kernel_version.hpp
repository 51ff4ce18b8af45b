// SPDX-License-Identifier: Apache-2.0
// A Linux version as rule tables are ordered by it: VERSION and PATCHLEVEL of the kernel's
// Makefile.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace etalon {

struct KernelVersion {
  unsigned version = 0;
  unsigned patchlevel = 0;

  auto operator<=>(const KernelVersion&) const = default;
};

// From "6.12.95+deb12-amd64" or "6.12"; nothing when two numbers do not lead.
std::optional<KernelVersion> parse_kernel_version(std::string_view release);

// "6.12"
std::string to_string(KernelVersion version);

}  // namespace etalon
