// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/event.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tools/base/bytes.hpp"
#include "tools/base/writer.hpp"

namespace etalon::eventlog {
namespace {

constexpr std::array type_names = {
    std::pair{EventType::post_code, "EV_POST_CODE"},
    std::pair{EventType::no_action, "EV_NO_ACTION"},
    std::pair{EventType::separator, "EV_SEPARATOR"},
    std::pair{EventType::action, "EV_ACTION"},
    std::pair{EventType::event_tag, "EV_EVENT_TAG"},
    std::pair{EventType::s_crtm_contents, "EV_S_CRTM_CONTENTS"},
    std::pair{EventType::s_crtm_version, "EV_S_CRTM_VERSION"},
    std::pair{EventType::cpu_microcode, "EV_CPU_MICROCODE"},
    std::pair{EventType::platform_config_flags, "EV_PLATFORM_CONFIG_FLAGS"},
    std::pair{EventType::table_of_devices, "EV_TABLE_OF_DEVICES"},
    std::pair{EventType::compact_hash, "EV_COMPACT_HASH"},
    std::pair{EventType::ipl, "EV_IPL"},
    std::pair{EventType::ipl_partition_data, "EV_IPL_PARTITION_DATA"},
    std::pair{EventType::efi_variable_driver_config, "EV_EFI_VARIABLE_DRIVER_CONFIG"},
    std::pair{EventType::efi_variable_boot, "EV_EFI_VARIABLE_BOOT"},
    std::pair{EventType::efi_boot_services_application, "EV_EFI_BOOT_SERVICES_APPLICATION"},
    std::pair{EventType::efi_boot_services_driver, "EV_EFI_BOOT_SERVICES_DRIVER"},
    std::pair{EventType::efi_runtime_services_driver, "EV_EFI_RUNTIME_SERVICES_DRIVER"},
    std::pair{EventType::efi_gpt_event, "EV_EFI_GPT_EVENT"},
    std::pair{EventType::efi_action, "EV_EFI_ACTION"},
    std::pair{EventType::efi_platform_firmware_blob, "EV_EFI_PLATFORM_FIRMWARE_BLOB"},
    std::pair{EventType::efi_handoff_tables, "EV_EFI_HANDOFF_TABLES"},
    std::pair{EventType::efi_platform_firmware_blob2, "EV_EFI_PLATFORM_FIRMWARE_BLOB2"},
    std::pair{EventType::efi_handoff_tables2, "EV_EFI_HANDOFF_TABLES2"},
    std::pair{EventType::efi_variable_boot2, "EV_EFI_VARIABLE_BOOT2"},
    std::pair{EventType::efi_variable_authority, "EV_EFI_VARIABLE_AUTHORITY"},
};

constexpr std::array bases = {Basis::hardware, Basis::log, Basis::boot, Basis::source};

}  // namespace

std::string name(EventType type) {
  const auto* const at =
      std::ranges::find_if(type_names, [type](const auto& row) { return row.first == type; });
  if (at != type_names.end()) return at->second;
  ByteWriter number;
  number.u32_be(static_cast<std::uint32_t>(type));
  return "0x" + to_hex(number.view());
}

std::string_view name(Basis basis) {
  switch (basis) {
    case Basis::hardware:
      return "hardware";
    case Basis::log:
      return "log";
    case Basis::boot:
      return "boot";
    case Basis::source:
      return "source";
  }
  return "unknown";
}

std::optional<Basis> parse_basis(std::string_view text) {
  const auto* const at =
      std::ranges::find_if(bases, [text](Basis basis) { return name(basis) == text; });
  return at == bases.end() ? std::nullopt : std::optional(*at);
}

Basis weakest(Basis a, Basis b) {
  return std::max(a, b);
}

std::string_view name(Origin::Kind kind) {
  switch (kind) {
    case Origin::Kind::input:
      return "input";
    case Origin::Kind::platform:
      return "platform";
    case Origin::Kind::echoed:
      return "echoed";
  }
  return "unknown";
}

}  // namespace etalon::eventlog
