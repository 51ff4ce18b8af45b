// SPDX-License-Identifier: Apache-2.0
#include "policy/sim/file_system_types.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace etalon::policy {
namespace {

struct Type {
  std::string_view name;
  std::uint64_t magic;
};

constexpr std::array types = {
    Type{"9p", 0x01021997},
    Type{"binfmt_misc", 0x42494e4d},
    Type{"bpf", 0xcafe4a11},
    Type{"btrfs", 0x9123683e},
    Type{"cgroup", 0x0027e0eb},
    Type{"cgroup2", 0x63677270},
    Type{"configfs", 0x62656570},
    Type{"debugfs", 0x64626720},
    Type{"devpts", 0x00001cd1},
    Type{"devtmpfs", tmpfs_magic},
    Type{"efivarfs", 0xde5e81e4},
    Type{"erofs", 0xe0f5e1e2},
    Type{"ext2", 0xef53},
    Type{"ext3", 0xef53},
    Type{"ext4", 0xef53},
    Type{"f2fs", 0xf2f52010},
    Type{"fuse", 0x65735546},
    Type{"hugetlbfs", 0x958458f6},
    Type{"iso9660", 0x9660},
    Type{"mqueue", 0x19800202},
    Type{"nfs", 0x6969},
    Type{"nfs4", 0x6969},
    Type{"overlay", 0x794c7630},
    Type{"proc", 0x9fa0},
    Type{"pstore", 0x6165676c},
    Type{"ramfs", ramfs_magic},
    Type{"securityfs", 0x73636673},
    Type{"selinuxfs", 0xf97cff8c},
    Type{"smackfs", 0x43415d53},
    Type{"squashfs", 0x73717368},
    Type{"sysfs", 0x62656572},
    Type{"tmpfs", tmpfs_magic},
    Type{"tracefs", 0x74726163},
    Type{"vfat", 0x4d44},
    Type{"virtiofs", 0x65735546},
    Type{"xfs", 0x58465342},
};

}  // namespace

std::optional<std::uint64_t> magic_of(std::string_view type) {
  const auto* const at = std::ranges::find(types, type, &Type::name);
  if (at == types.end()) return std::nullopt;
  return at->magic;
}

}  // namespace etalon::policy
