// SPDX-License-Identifier: Apache-2.0
// The keys of platforms.yaml about the boot disk: `disk` and `boot_loader`. Internal to
// tools/config; docs/formats/platforms.md describes them.
#pragma once

#include <cstdint>
#include <string_view>

#include "tools/base/result.hpp"
#include "tools/config/platforms.hpp"
#include "tools/config/yaml.hpp"

namespace etalon::config {

// Versions of systemd that can be named: the first whose stub measures sections, and no end in
// sight.
inline constexpr std::uint32_t first_systemd = 252;
inline constexpr std::uint32_t last_systemd = 999;

// Values of the two keys; errors name the key and the line.
Result<BootLoader> parse_boot_loader(const YamlNode& node, std::string_view folder);
Status parse_disk(const YamlNode& node, std::string_view folder, Platform& platform);

// A boot flow with a boot loader has one, and no other flow has; `node` is the platform.
Status check_boot_loader(const YamlNode& node, const Platform& platform);

}  // namespace etalon::config
