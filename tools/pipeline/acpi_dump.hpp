// SPDX-License-Identifier: Apache-2.0
// Reads the files a local QEMU offers its guest over fw_cfg (QEMU, docs/specs/fw_cfg.rst): ACPI and
// SMBIOS tables, memory map, boot order. Needs neither KVM nor privileges nor a guest. QEMU
// rebuilds ACPI tables when they are asked for, from registers that firmware has written by then;
// the same ones are written first.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "references/measure/profiles/vmm.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::pipeline {

struct AcpiDumpRequest {
  std::string qemu{};
  std::uint64_t memory = 0;
  unsigned vcpus = 1;
  std::vector<std::string> machine{};  // further machine options, "hpet=off"
  std::vector<std::string> devices{};  // values of -device, in order
  std::string assume{};                // version to take the machine's row of, "10.0"
  std::chrono::milliseconds timeout = std::chrono::seconds(60);
};

struct AcpiDump {
  std::string version{};                         // what the program calls itself
  const measure::VmmProfile* profile = nullptr;  // whose machine options were used
  std::vector<std::string> arguments{};
  std::map<std::string, Bytes> files{};  // by fw_cfg's name
};

// Fails with the program's name in the error when it cannot be started, dies, does not answer in
// time or answers what is no answer.
Result<AcpiDump> dump_acpi(const AcpiDumpRequest& request);

// "etc/acpi/tables" -> "etc_acpi_tables".
std::string acpi_file_name(std::string_view fw_cfg_name);

// A new folder with the files, in one step. An existing one is replaced if it holds nothing but
// such files, and refused otherwise.
Status write_acpi_folder(const std::string& folder, const std::map<std::string, Bytes>& files);

}  // namespace etalon::pipeline
