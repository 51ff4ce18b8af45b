// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/varies.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "references/eventlog/event.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/registers.hpp"

namespace etalon::eventlog {
namespace {

using namespace std::string_view_literals;

struct Row {
  EventType type;
  std::string_view beginning;     // of the data; empty: any
  std::optional<RegisterId> reg;  // nothing: any
  std::string_view varies;
};

// The first row that fits; a tag is the little-endian u32 the data begins with.
constexpr std::array rows = {
    Row{EventType::efi_handoff_tables2,
        "\x09TdxTable"sv,
        {},
        "memory size, and the firmware's TDX metadata (TD HOB)"},
    Row{EventType::efi_handoff_tables2, "", {}, "the table the firmware hands over"},
    Row{EventType::efi_handoff_tables,
        "",
        {},
        "SMBIOS: memory size, sockets, CPU model, VMM version, firmware version"},
    Row{EventType::efi_platform_firmware_blob, "", {}, "firmware build"},
    Row{EventType::efi_platform_firmware_blob2, "", RegisterId::rtmr<0>(),
        "the firmware file's variable store (CFV)"},
    Row{EventType::efi_platform_firmware_blob2, "", {}, "firmware build"},
    Row{EventType::s_crtm_version, "", {}, "firmware build"},
    Row{EventType::s_crtm_contents, "", {}, "firmware build"},
    Row{EventType::post_code, "", {}, "firmware build, or the ACPI tables in older forks"},
    Row{EventType::platform_config_flags,
        "ACPI DATA"sv,
        {},
        "ACPI tables: vCPU count, memory size, devices and their slots, VMM version"},
    Row{EventType::platform_config_flags, "QEMU FW CFG"sv, {}, "boot order and menu flags of QEMU"},
    Row{EventType::platform_config_flags, "", {}, "the platform's configuration"},
    Row{EventType::efi_variable_driver_config,
        "",
        {},
        "Secure Boot state and keys in the variable store"},
    Row{EventType::efi_variable_authority,
        "",
        {},
        "which key of the variable store or of shim verified an image"},
    Row{EventType::efi_variable_boot,
        "",
        {},
        "boot entries: firmware version, disks and network cards and their slots"},
    Row{EventType::efi_variable_boot2,
        "",
        {},
        "boot entries: firmware version, disks and network cards and their slots"},
    Row{EventType::efi_boot_services_application,
        "",
        {},
        "every byte of the image; of a -kernel boot's header also memory and initrd size"},
    Row{EventType::efi_boot_services_driver, "", {}, "the driver: option ROMs of devices"},
    Row{EventType::efi_runtime_services_driver, "", {}, "the driver: option ROMs of devices"},
    Row{EventType::efi_gpt_event,
        "",
        {},
        "the boot disk's partition table: disk size, GUIDs, partitions and their ends"},
    Row{EventType::efi_action, "", {}, "how the firmware boots: attempts that failed, its version"},
    Row{EventType::action, "", {}, "how the firmware boots: attempts that failed, its version"},
    Row{EventType::separator, "", {}, "firmware version, or an error the firmware reports"},
    Row{EventType::event_tag, "\xed\x22\x3b\x8f"sv, {}, "the kernel's command line"},
    Row{EventType::event_tag,
        "\xec\x22\x3b\x8f"sv,
        {},
        "the initrd, and what the stub adds: credentials, extensions, .pcrsig, .profile, .osrel"},
    Row{EventType::event_tag, "\x2a\x58\xbc\xf5"sv, {}, "loader.conf on the EFI system partition"},
    Row{EventType::event_tag, "\xdb\xd6\xae\x13"sv, {}, "the chosen profile of the UKI"},
    Row{EventType::ipl, "", RegisterId::pcr<8>(), "commands of the boot loader's configuration"},
    Row{EventType::ipl, "", RegisterId::pcr<9>(), "files the boot loader read"},
    Row{EventType::ipl, "", RegisterId::pcr<11>(), "the section of the UKI"},
    Row{EventType::ipl, "", RegisterId::pcr<12>(),
        "command line from outside the UKI, credentials, addons, configuration extensions"},
    Row{EventType::ipl, "", RegisterId::pcr<13>(), "system extensions"},
    Row{EventType::ipl, "", RegisterId::pcr<14>(), "shim's lists of machine owner keys"},
    Row{EventType::ipl,
        "",
        {},
        "sections of the UKI, the boot loader's commands and files, credentials, extensions"},
};

bool fits(const Row& row, const Event& event) {
  return row.type == event.type && as_text(event.data).starts_with(row.beginning) &&
         (!row.reg || *row.reg == event.reg);
}

}  // namespace

std::string_view varies_with(const Event& event) {
  const auto* const row =
      std::ranges::find_if(rows, [&event](const Row& each) { return fits(each, event); });
  return row == rows.end() ? std::string_view() : row->varies;
}

}  // namespace etalon::eventlog
