// SPDX-License-Identifier: Apache-2.0
// File systems by the magic number that fsmagic= asks for (superblock s_magic), and by the name
// under which the kernel registers them, which fsname= asks for.
// Source: Linux, include/uapi/linux/magic.h; for those that keep their number to themselves, the
// file system's own header.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace etalon::policy {

struct FileSystemType {
  std::string_view name{};
  std::uint64_t magic = 0;
};

inline constexpr std::uint64_t tmpfs_magic = 0x0102'1994;
inline constexpr std::uint64_t ramfs_magic = 0x8584'58f6;
// The initramfs is registered under this name, whether it is a tmpfs or a ramfs; a tmpfs that is
// mounted is not.
inline constexpr std::string_view initramfs_name = "rootfs";

std::span<const FileSystemType> file_system_types();
// Of the type as /proc/filesystems names it; nothing for one that is not known, and for rootfs,
// which is either of two.
std::optional<std::uint64_t> magic_of(std::string_view type);
// "ext2, ext3, ext4"; empty for an unknown number.
std::string names_of(std::uint64_t magic);

}  // namespace etalon::policy
