// SPDX-License-Identifier: Apache-2.0
#include "tools/base/kernel_version.hpp"

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace etalon {

std::optional<KernelVersion> parse_kernel_version(std::string_view release) {
  KernelVersion version;
  const char* const begin = release.data();
  const char* const end = begin + release.size();
  const auto [dot, error] = std::from_chars(begin, end, version.version);
  if (error != std::errc() || dot == end || *dot != '.') return std::nullopt;
  const auto [stop, error_after] = std::from_chars(dot + 1, end, version.patchlevel);
  if (error_after != std::errc()) return std::nullopt;
  return version;
}

std::string to_string(KernelVersion version) {
  return std::to_string(version.version) + "." + std::to_string(version.patchlevel);
}

}  // namespace etalon
