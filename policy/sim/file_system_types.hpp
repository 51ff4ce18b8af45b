// SPDX-License-Identifier: Apache-2.0
// The magic numbers of the kernel's file systems (Linux, include/uapi/linux/magic.h), which
// fsmagic= asks for.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace etalon::policy {

inline constexpr std::uint64_t tmpfs_magic = 0x01021994;
inline constexpr std::uint64_t ramfs_magic = 0x858458f6;

// Of the type as /proc/filesystems names it; nothing for one that is not known, and for rootfs,
// which is either of two.
std::optional<std::uint64_t> magic_of(std::string_view type);

}  // namespace etalon::policy
