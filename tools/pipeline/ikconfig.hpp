// SPDX-License-Identifier: Apache-2.0
// The configuration of a kernel out of what somebody has of it: the text of .config, the gzip file
// that /proc/config.gz is, or a kernel image or UKI built with CONFIG_IKCONFIG=y, which carries
// that file between the marks IKCFG_ST and IKCFG_ED (Linux 6.12, kernel/configs.c,
// scripts/extract-ikconfig).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::pipeline {

// A kernel unpacked has some 60 MB, with everything built in 200.
inline constexpr std::size_t max_unpacked_kernel = std::size_t{256} << 20U;

enum class ConfigSource : std::uint8_t { text, gzip, kernel, uki };

// "text", "gzip", …
std::string_view name(ConfigSource source);

struct KernelConfigText {
  ConfigSource source = ConfigSource::text;
  std::string text{};
  std::optional<std::string> cmdline{};  // of a UKI that has one
};

// What the file is shows at its beginning. not_found: a kernel that carries no configuration;
// unsupported: one whose compression or header is not known; malformed, truncated and limit: a
// fault of what is unpacked. `max_kernel` is what a kernel may unpack to.
Result<KernelConfigText> kernel_config_text(ByteView file,
                                            std::size_t max_kernel = max_unpacked_kernel);

// Out of a kernel that is unpacked already, such as vmlinux.
Result<std::string> extract_ikconfig(ByteView kernel);

}  // namespace etalon::pipeline
