// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/file_system_types.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace etalon::policy {
namespace {

constexpr std::array table = {
    FileSystemType{"9p", 0x0102'1997},
    FileSystemType{"adfs", 0xadf5},
    FileSystemType{"affs", 0xadff},
    FileSystemType{"afs", 0x5346'414f},
    FileSystemType{"anon_inodefs", 0x0904'1934},
    FileSystemType{"autofs", 0x0187},
    FileSystemType{"bcachefs", 0xca45'1a4e},
    FileSystemType{"bdev", 0x6264'6576},
    FileSystemType{"binfmt_misc", 0x4249'4e4d},
    FileSystemType{"bpf", 0xcafe'4a11},
    FileSystemType{"btrfs", 0x9123'683e},
    FileSystemType{"ceph", 0x00c3'6400},
    FileSystemType{"cgroup", 0x0027'e0eb},
    FileSystemType{"cgroup2", 0x6367'7270},
    FileSystemType{"cifs", 0xff53'4d42},
    FileSystemType{"coda", 0x7375'7245},
    FileSystemType{"configfs", 0x6265'6570},
    FileSystemType{"cramfs", 0x28cd'3d45},
    FileSystemType{"debugfs", 0x6462'6720},
    FileSystemType{"devpts", 0x1cd1},
    FileSystemType{"devtmpfs", tmpfs_magic},
    FileSystemType{"dmabuf", 0x444d'4142},
    FileSystemType{"ecryptfs", 0xf15f},
    FileSystemType{"efivarfs", 0xde5e'81e4},
    FileSystemType{"efs", 0x0041'4a53},
    FileSystemType{"erofs", 0xe0f5'e1e2},
    FileSystemType{"exfat", 0x2011'bab0},
    FileSystemType{"ext2", 0xef53},
    FileSystemType{"ext3", 0xef53},
    FileSystemType{"ext4", 0xef53},
    FileSystemType{"f2fs", 0xf2f5'2010},
    FileSystemType{"fuse", 0x6573'5546},
    FileSystemType{"fuseblk", 0x6573'5546},
    FileSystemType{"fusectl", 0x6573'5543},
    FileSystemType{"gfs2", 0x0116'1970},
    FileSystemType{"guest_memfd", 0x474d'454d},
    FileSystemType{"hfs", 0x4244},
    FileSystemType{"hfsplus", 0x482b},
    FileSystemType{"hostfs", 0x00c0'ffee},
    FileSystemType{"hpfs", 0xf995'e849},
    FileSystemType{"hugetlbfs", 0x9584'58f6},
    FileSystemType{"iso9660", 0x9660},
    FileSystemType{"jffs2", 0x72b6},
    FileSystemType{"jfs", 0x3153'464a},
    FileSystemType{"minix", 0x137f},
    FileSystemType{"minix", 0x138f},
    FileSystemType{"minix", 0x2468},
    FileSystemType{"minix", 0x2478},
    FileSystemType{"minix", 0x4d5a},
    FileSystemType{"mqueue", 0x1980'0202},
    FileSystemType{"msdos", 0x4d44},
    FileSystemType{"ncpfs", 0x564c},
    FileSystemType{"nfs", 0x6969},
    FileSystemType{"nfs4", 0x6969},
    FileSystemType{"nfsd", 0x6e66'7364},
    FileSystemType{"nilfs2", 0x3434},
    FileSystemType{"nsfs", 0x6e73'6673},
    FileSystemType{"ntfs3", 0x7366'746e},
    FileSystemType{"ocfs2", 0x7461'636f},
    FileSystemType{"overlay", 0x794c'7630},
    FileSystemType{"pidfs", 0x5049'4446},
    FileSystemType{"pipefs", 0x5049'5045},
    FileSystemType{"proc", 0x9fa0},
    FileSystemType{"pstore", 0x6165'676c},
    FileSystemType{"qnx4", 0x002f},
    FileSystemType{"qnx6", 0x6819'1122},
    FileSystemType{"ramfs", ramfs_magic},
    FileSystemType{"reiserfs", 0x5265'4973},
    FileSystemType{"resctrl", 0x0765'5821},
    FileSystemType{"rpc_pipefs", 0x6759'6969},
    FileSystemType{"secretmem", 0x5345'434d},
    FileSystemType{"securityfs", 0x7363'6673},
    FileSystemType{"selinuxfs", 0xf97c'ff8c},
    FileSystemType{"smackfs", 0x4341'5d53},
    FileSystemType{"smb2", 0xfe53'4d42},
    FileSystemType{"smbfs", 0x517b},
    FileSystemType{"sockfs", 0x534f'434b},
    FileSystemType{"squashfs", 0x7371'7368},
    FileSystemType{"sysfs", 0x6265'6572},
    FileSystemType{"tmpfs", tmpfs_magic},
    FileSystemType{"tracefs", 0x7472'6163},
    FileSystemType{"ubifs", 0x2405'1905},
    FileSystemType{"udf", 0x1501'3346},
    FileSystemType{"usbdevfs", 0x9fa2},
    FileSystemType{"vboxsf", 0x786f'4256},
    FileSystemType{"vfat", 0x4d44},
    FileSystemType{"virtiofs", 0x6573'5546},
    FileSystemType{"xenfs", 0xabba'1974},
    FileSystemType{"xfs", 0x5846'5342},
    FileSystemType{"zfs", 0x2fc1'2fc1},
    FileSystemType{"zonefs", 0x5a4f'4653},
};

}  // namespace

std::span<const FileSystemType> file_system_types() {
  return table;
}

std::optional<std::uint64_t> magic_of(std::string_view type) {
  const auto* found = std::ranges::find(table, type, &FileSystemType::name);
  return found == table.end() ? std::nullopt : std::optional(found->magic);
}

std::string names_of(std::uint64_t magic) {
  std::string names;
  std::string_view last;
  for (const FileSystemType& each : table) {
    if (each.magic != magic || each.name == last) continue;
    names += (names.empty() ? "" : ", ") + std::string(each.name);
    last = each.name;
  }
  return names;
}

}  // namespace etalon::policy
