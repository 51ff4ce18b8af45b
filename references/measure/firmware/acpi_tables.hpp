// SPDX-License-Identifier: Apache-2.0
// The three ACPI files that QEMU hands to firmware over fw_cfg and that OVMF measures as they are,
// before it links them: etc/table-loader, etc/acpi/rsdp, etc/acpi/tables (one "ACPI DATA" event
// each in RTMR0 or PCR 1). The tables are those of ACPI 6.5, 5.2, one after the other; loader and
// rsdp follow from them by the way QEMU's hw/acpi/bios-linker-loader.c and hw/i386/acpi-build.c
// write them, and what memory changes in them is two address windows of the root bus. So the files
// of one machine serve all its sizes of memory. Only q35 machines are known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure {

// As fw_cfg gives them, in the order in which OVMF measures them.
struct AcpiBlobs {
  Bytes loader{};
  Bytes rsdp{};
  Bytes tables{};
};

inline constexpr std::size_t acpi_tables_size = 131072;
inline constexpr std::size_t acpi_loader_size = 4096;
inline constexpr std::size_t acpi_rsdp_size = 20;

struct AcpiTable {
  std::string signature{};
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
};

// A resource of the root bus in the DSDT whose range follows from memory.
struct AcpiWindow {
  std::size_t offset = 0;  // of the descriptor, in etc/acpi/tables
  std::uint64_t start = 0;
  std::uint64_t length = 0;
};

struct AcpiLayout {
  std::vector<AcpiTable> tables{};
  AcpiWindow below_4g{};  // from the end of low memory to 0xe0000000
  AcpiWindow above_4g{};  // from the end of memory, or where firmware has put 64-bit registers
};

// Everything the functions below rely on is checked: kinds and order of tables, their checksums
// still zero, the links between them, that each window is there once.
Result<AcpiLayout> decode_acpi_tables(ByteView tables);

// Loader and rsdp of these tables.
Result<AcpiBlobs> derive_acpi(ByteView tables);

// The same for the machine with another size of memory: a multiple of 1 MiB.
Result<AcpiBlobs> acpi_for_memory(const Bytes& tables, std::uint64_t memory_bytes);

// The tables as QEMU makes them once firmware has put 64-bit registers at 7/8 of an address space
// of this many bits (42 to 52), as OVMF does before it asks for them: QEMU starts the window above
// 4 GiB at the lowest of them. OVMF counts at most 46 bits, hence 0x380000000000 in most guests.
Result<Bytes> acpi_with_aperture(const Bytes& tables, unsigned address_bits);

// The files of an ACPI folder; loader and rsdp must be the ones of the tables. Mismatch otherwise,
// with the offset of the first byte that differs.
Result<AcpiBlobs> acpi_from_files(AcpiBlobs files);

}  // namespace etalon::measure
