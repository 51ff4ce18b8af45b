// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/known_guid.hpp"

#include <map>
#include <string>
#include <string_view>

#include "tools/base/guid.hpp"

namespace etalon::eventlog {
namespace {

const std::map<Guid, std::string_view>& names() {
  static const std::map<Guid, std::string_view> table = {
      // UEFI 2.10, sections 3.3 and 32.6.1; the next two from shim and systemd-boot
      {Guid::literal("8be4df61-93ca-11d2-aa0d-00e098032b8c"), "EFI global variable"},
      {Guid::literal("d719b2cb-3d3a-4596-a3bc-dad00e67656f"), "image security database"},
      {Guid::literal("605dab50-e046-4300-abb6-3dd810dd8b23"), "shim"},
      {Guid::literal("4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"), "systemd boot loader"},
      {Guid::literal("77fa9abd-0359-4d32-bd60-28f4e78f784b"), "Microsoft"},
      // UEFI 2.10, section 4.6.1; the last one from TDVF
      {Guid::literal("8868e871-e4f1-11d3-bc22-0080c73c8881"), "ACPI 2.0 table"},
      {Guid::literal("eb9d2d30-2d88-11d3-9a16-0090273fc14d"), "ACPI 1.0 table"},
      {Guid::literal("eb9d2d31-2d88-11d3-9a16-0090273fc14d"), "SMBIOS table"},
      {Guid::literal("f2fd1544-9794-4a2c-992e-e5bbcf20e394"), "SMBIOS 3 table"},
      {Guid::literal("93bb96af-b9f2-4eb8-9462-e0ba74564236"), "TD hand-off blocks"},
      // UEFI 2.10, table 5.7, GRUB and Microsoft
      {Guid::literal("c12a7328-f81f-11d2-ba4b-00a0c93ec93b"), "EFI system partition"},
      {Guid::literal("21686148-6449-6e6f-744e-656564454649"), "BIOS boot"},
      {Guid::literal("e3c9e316-0b5c-4db8-817d-f92df00215ae"), "Microsoft reserved"},
      {Guid::literal("ebd0a0a2-b9e5-4433-87c0-68b6b72699c7"), "Microsoft basic data"},
      // Linux: UAPI.2 Discoverable Partitions Specification and util-linux
      {Guid::literal("0fc63daf-8483-4772-8e79-3d69d8477de4"), "Linux file system"},
      {Guid::literal("0657fd6d-a4ab-43c4-84e5-0933c84b4f4f"), "Linux swap"},
      {Guid::literal("933ac7e1-2eb4-4f13-b844-0e14e2aef915"), "Linux /home"},
      {Guid::literal("e6d6d379-f507-44c2-a23c-238f2a3df928"), "Linux LVM"},
      {Guid::literal("bc13c2ff-59e6-4262-a352-b275fd6f7172"), "Linux extended boot"},
      {Guid::literal("4f68bce3-e8cd-4db1-96e7-fbcaf984b709"), "Linux root, x86-64"},
      {Guid::literal("2c7357ed-ebd2-46d9-aec1-23d437ec2bf5"), "Linux root verity, x86-64"},
      {Guid::literal("41092b05-9fc8-4523-994f-2def0408b176"),
       "Linux root verity signature, x86-64"},
      {Guid::literal("8484680c-9521-48c6-9c11-b0720656f69e"), "Linux /usr, x86-64"},
      {Guid::literal("77ff5f63-e7b6-4633-acf4-1565b864c0e6"), "Linux /usr verity, x86-64"},
      {Guid::literal("e7bb33fb-06cf-4e81-8273-e543b413e2e2"),
       "Linux /usr verity signature, x86-64"},
      {Guid::literal("fe3a2a5d-4f32-41a7-b725-accc3285a309"), "ChromeOS kernel"},
      {Guid::literal("3cb8e202-3b7e-47dd-8a3c-7ff2a13cfcec"), "ChromeOS root"},
      {Guid::literal("2e0a753d-9e48-43b0-8337-b15192cb1b5e"), "ChromeOS reserved"},
  };
  return table;
}

}  // namespace

std::string_view known_guid(const Guid& guid) {
  const auto at = names().find(guid);
  return at == names().end() ? std::string_view() : at->second;
}

std::string guid_text(const Guid& guid) {
  const std::string_view name = known_guid(guid);
  return name.empty() ? guid.text() : guid.text() + " (" + std::string(name) + ")";
}

}  // namespace etalon::eventlog
