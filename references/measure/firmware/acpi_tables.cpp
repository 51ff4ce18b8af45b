// SPDX-License-Identifier: Apache-2.0
// etc/acpi/tables = table* zero*, 131072 bytes; table = signature[4] length:u32 revision:u8
// checksum:u8 ... (ACPI 6.5, 5.2.6; FACS has no checksum). The order is QEMU's (acpi_build): FACS,
// DSDT, FACP, the others, RSDT. Links between tables are offsets in the file until the loader makes
// addresses of them. Integers are little-endian.
#include "references/measure/firmware/acpi_tables.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/result.hpp"
#include "tools/base/writer.hpp"

namespace etalon::measure {
namespace {

constexpr std::uint64_t mib = 1ULL << 20U;
constexpr std::uint64_t gib = 1ULL << 30U;
constexpr std::uint32_t header_size = 36;   // ACPI 6.5, table 5.4
constexpr std::size_t checksum_at = 9;      // in a table
constexpr std::uint32_t facp_facs_at = 36;  // FIRMWARE_CTRL, DSDT and X_DSDT of the FADT
constexpr std::uint32_t facp_dsdt_at = 40;  // (ACPI 6.5, table 5.9)
constexpr std::uint32_t facp_x_dsdt_at = 140;
constexpr std::uint32_t facp_size = 244;

// What is known to stay the same when only memory changes. SRAT, HMAT, NFIT and CEDT describe
// memory; TPM2 has an area of its own in the loader; both are refused with all that is not here.
constexpr std::array<std::string_view, 8> known_tables = {"FACS", "DSDT", "FACP", "APIC",
                                                          "HPET", "MCFG", "WAET", "RSDT"};

// Where q35 puts memory (QEMU hw/i386/pc_q35.c, pc_q35_init): up to 0xb0000000 below 4 GiB if all
// of it fits there, else 2 GiB. PCIEXBAR is 0xe0000000 once OVMF has written it.
constexpr std::uint64_t low_memory_all = 0xb0000000;
constexpr std::uint64_t low_memory_split = 0x80000000;
constexpr std::uint64_t below_4g_end = 0xe0000000;
// Beyond this QEMU moves memory for some processors (hw/i386/pc.c, the hole below 1 TiB).
constexpr std::uint64_t max_memory_end = 1012 * gib;
constexpr std::uint64_t min_memory = 64 * mib;
// OVMF puts 64-bit registers at 7/8 of the address space; it has 42 bits at least to be told from
// memory.
constexpr unsigned min_aperture_bits = 42;
constexpr unsigned max_aperture_bits = 52;

// ACPI 6.5, 6.4.3.5: DWord and QWord address space descriptors of producers of memory, both ends
// fixed, not cacheable but for the one above 4 GiB, writable. `granularity:0 min max translation:0
// length` follow.
constexpr std::array<std::uint8_t, 6> dword_head = {0x87, 0x17, 0x00, 0x00, 0x0c, 0x01};
constexpr std::array<std::uint8_t, 6> qword_head = {0x8a, 0x2b, 0x00, 0x00, 0x0c, 0x03};
constexpr std::size_t head_size = 6;

struct MemorySplit {
  std::uint64_t low = 0;
  std::uint64_t end = 0;  // of all memory, 4 GiB at least
};

Result<MemorySplit> split_memory(std::uint64_t memory) {
  if (memory < min_memory)
    return fail(ErrorCode::unsupported,
                "memory of " + std::to_string(memory) + " bytes: less than 64 MiB");
  if (memory % mib != 0)
    return fail(ErrorCode::unsupported,
                "memory of " + std::to_string(memory) + " bytes: not a multiple of 1 MiB");
  const std::uint64_t low = memory < low_memory_all ? memory : low_memory_split;
  if (memory - low > max_memory_end - 4 * gib)
    return fail(ErrorCode::unsupported, "memory of " + std::to_string(memory) +
                                            " bytes: where it lies beyond 1012 GiB is not known");
  return MemorySplit{.low = low, .end = 4 * gib + (memory - low)};
}

std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) {
  return (value + unit - 1) / unit * unit;
}

bool is_aperture(std::uint64_t start) {
  for (unsigned bits = min_aperture_bits; bits <= max_aperture_bits; ++bits)
    if (start == 7ULL << (bits - 3)) return true;
  return false;
}

// The tables up to the zeros.
Result<std::vector<AcpiTable>> read_tables(ByteView bytes) {
  if (bytes.size() != acpi_tables_size)
    return fail(ErrorCode::malformed, std::to_string(bytes.size()) + " bytes, not 131072");
  std::vector<AcpiTable> tables;
  ByteReader reader(bytes);
  while (reader.remaining() > 0) {
    const auto offset = static_cast<std::uint32_t>(reader.offset());
    if (std::ranges::all_of(reader.rest(), [](std::byte each) { return each == std::byte{0}; }))
      break;
    const ByteView signature = reader.bytes(4, "signature");
    const std::uint32_t length = reader.u32("length");
    TRY(reader.status());
    if (std::ranges::find(known_tables, as_text(signature)) == known_tables.end())
      return fail_at(ErrorCode::unsupported, "signature", offset,
                     "table " + printable(as_text(signature)) + " is not known");
    if (tables.size() == known_tables.size())
      return fail_at(ErrorCode::limit, "signature", offset, "more than 8 tables");
    if (length < header_size)
      return fail_at(ErrorCode::malformed, "length", offset + 4U,
                     std::to_string(length) + " bytes, less than a header");
    reader.skip(length - 8, "table");
    TRY(reader.status());
    tables.push_back(
        {.signature = std::string(as_text(signature)), .offset = offset, .length = length});
  }
  return tables;
}

// Each kind at most once, in QEMU's order, and MCFG, which only a machine with PCI Express has.
Status check_order(const std::vector<AcpiTable>& tables) {
  for (std::size_t i = 0; i < tables.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (tables[i].signature == tables[j].signature)
        return fail_at(ErrorCode::malformed, "signature", tables[i].offset,
                       "a second " + tables[i].signature);
  if (tables.size() < 4 || tables[0].signature != "FACS" || tables[1].signature != "DSDT" ||
      tables[2].signature != "FACP" || tables.back().signature != "RSDT")
    return fail(ErrorCode::unsupported, "tables are not in the order FACS, DSDT, FACP, ..., RSDT");
  if (std::ranges::find(tables, "MCFG", &AcpiTable::signature) == tables.end())
    return fail(ErrorCode::unsupported, "no MCFG: not the tables of a q35 machine");
  return {};
}

Status check_checksums(ByteView bytes, const std::vector<AcpiTable>& tables) {
  for (const AcpiTable& table : tables)
    if (table.signature != "FACS" && bytes[table.offset + checksum_at] != std::byte{0})
      return fail_at(ErrorCode::malformed, "checksum", table.offset + checksum_at,
                     table.signature + " has one: not as they were before firmware linked them");
  return {};
}

Status expect_link(ByteReader& reader, std::size_t width, std::uint64_t want,
                   std::string_view field) {
  const std::uint64_t at = reader.offset();
  const std::uint64_t value = width == 8 ? reader.u64(field) : reader.u32(field);
  TRY(reader.status());
  if (value == want) return {};
  return fail_at(ErrorCode::malformed, field, at,
                 "points to " + std::to_string(value) + ", not " + std::to_string(want));
}

Status check_facp(ByteView bytes, const std::vector<AcpiTable>& tables) {
  const AcpiTable& facp = tables[2];
  if (facp.length != facp_size)
    return fail_at(ErrorCode::unsupported, "length", facp.offset + 4U,
                   "FACP of " + std::to_string(facp.length) + " bytes, not 244");
  ByteReader facs(bytes.subspan(facp.offset + facp_facs_at, 8), facp.offset + facp_facs_at);
  TRY(expect_link(facs, 4, tables[0].offset, "firmware_ctrl"));
  TRY(expect_link(facs, 4, tables[1].offset, "dsdt"));
  ByteReader wide(bytes.subspan(facp.offset + facp_x_dsdt_at, 8), facp.offset + facp_x_dsdt_at);
  return expect_link(wide, 8, tables[1].offset, "x_dsdt");
}

// RSDT lists every table but FACS, DSDT and itself, in the order of the file.
Status check_rsdt(ByteView bytes, const std::vector<AcpiTable>& tables) {
  const AcpiTable& rsdt = tables.back();
  const std::size_t listed = tables.size() - 3;
  if (rsdt.length != header_size + 4 * listed)
    return fail_at(ErrorCode::malformed, "length", rsdt.offset + 4U,
                   "RSDT of " + std::to_string(rsdt.length) + " bytes for " +
                       std::to_string(listed) + " tables");
  ByteReader reader(bytes.subspan(rsdt.offset + header_size, 4 * listed),
                    rsdt.offset + header_size);
  for (std::size_t i = 0; i < listed; ++i)
    TRY(expect_link(reader, 4, tables[i + 2].offset, "entry"));
  return {};
}

struct Range {
  std::uint64_t start = 0;
  std::uint64_t last = 0;
  std::uint64_t length = 0;
};

// The range of a descriptor whose head is at the start of `bytes`; nothing when this is none.
std::optional<Range> range_of(ByteView bytes, bool wide) {
  const auto& head = wide ? qword_head : dword_head;
  const std::size_t width = wide ? 8 : 4;
  if (bytes.size() < head_size + 5 * width) return std::nullopt;
  if (!std::equal(head.begin(), head.end(), bytes.begin(),
                  [](std::uint8_t a, std::byte b) { return std::byte{a} == b; }))
    return std::nullopt;
  ByteReader reader(bytes.subspan(head_size));
  const auto next = [&] { return wide ? reader.u64("field") : reader.u32("field"); };
  const std::uint64_t granularity = next();
  Range range{.start = next(), .last = next()};
  const std::uint64_t translation = next();
  range.length = next();
  if (granularity != 0 || translation != 0 || range.last < range.start ||
      range.last - range.start != range.length - 1)
    return std::nullopt;
  return range;
}

// The one descriptor in the DSDT that `is` says it is.
template <class Is>
Result<AcpiWindow> find_window(ByteView bytes, const AcpiTable& dsdt, bool wide, Is is) {
  const std::string_view what = wide ? "window above 4 GiB" : "window below 4 GiB";
  std::optional<AcpiWindow> found;
  const ByteView body = bytes.subspan(dsdt.offset, dsdt.length);
  for (std::size_t i = header_size; i < body.size(); ++i) {
    const std::optional<Range> range = range_of(body.subspan(i), wide);
    if (!range || !is(*range)) continue;
    if (found)
      return fail_at(ErrorCode::unsupported, what, dsdt.offset + i, "a second one in the DSDT");
    found = AcpiWindow{.offset = dsdt.offset + i, .start = range->start, .length = range->length};
  }
  if (!found) return fail_at(ErrorCode::unsupported, what, dsdt.offset, "none in the DSDT");
  return *found;
}

// Of the two windows one tells where the other must be: memory above 4 GiB means 2 GiB below.
Status check_windows(const AcpiLayout& layout) {
  const std::uint64_t above = layout.above_4g.start;
  if (is_aperture(above)) return {};
  if (above % gib != 0 || above > max_memory_end)
    return fail_at(ErrorCode::unsupported, "window above 4 GiB", layout.above_4g.offset,
                   "starts at " + hex_number(above) + ": neither memory's end nor an aperture");
  if (above > 4 * gib && layout.below_4g.start != low_memory_split)
    return fail_at(ErrorCode::malformed, "window above 4 GiB", layout.above_4g.offset,
                   "starts at " + hex_number(above) + " while low memory ends at " +
                       hex_number(layout.below_4g.start));
  return {};
}

void put(Bytes& bytes, std::size_t offset, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i)
    bytes[offset + i] = static_cast<std::byte>((value >> (8 * i)) & 0xffU);
}

void place(Bytes& bytes, const AcpiWindow& window, std::uint64_t start, std::uint64_t length,
           std::size_t width) {
  const std::size_t fields = window.offset + head_size;
  put(bytes, fields + width, start, width);
  put(bytes, fields + 2 * width, start + length - 1, width);
  put(bytes, fields + 4 * width, length, width);
}

// The commands of etc/table-loader, 128 bytes each (QEMU hw/acpi/bios-linker-loader.c).
class LoaderWriter {
 public:
  void allocate(std::string_view file, std::uint32_t align, std::uint8_t zone) {
    writer_.u32(1);
    name(file);
    writer_.u32(align).u8(zone);
    end();
  }

  void pointer(std::string_view in, std::uint32_t offset, std::uint8_t width) {
    writer_.u32(2);
    name(in);
    name(tables_name);
    writer_.u32(offset).u8(width);
    end();
  }

  void checksum(std::string_view file, std::uint32_t at, std::uint32_t start,
                std::uint32_t length) {
    writer_.u32(3);
    name(file);
    writer_.u32(at).u32(start).u32(length);
    end();
  }

  void checksum(const AcpiTable& table) {
    checksum(tables_name, table.offset + checksum_at, table.offset, table.length);
  }

  Bytes take() {
    writer_.fill(acpi_loader_size - writer_.size());
    return writer_.take();
  }

  static constexpr std::string_view tables_name = "etc/acpi/tables";
  static constexpr std::string_view rsdp_name = "etc/acpi/rsdp";

 private:
  void name(std::string_view text) { writer_.text(text).fill(56 - text.size()); }

  void end() { writer_.align(128); }

  ByteWriter writer_;
};

// Nine commands, and two for each table but FACS, DSDT and RSDT.
static_assert((9 + 2 * (known_tables.size() - 3)) * 128 <= acpi_loader_size);

Bytes make_loader(const std::vector<AcpiTable>& tables) {
  LoaderWriter loader;
  const AcpiTable& facp = tables[2];
  const AcpiTable& rsdt = tables.back();
  loader.allocate(LoaderWriter::rsdp_name, 16, 2);
  loader.allocate(LoaderWriter::tables_name, 64, 1);
  loader.checksum(tables[1]);
  loader.pointer(LoaderWriter::tables_name, facp.offset + facp_facs_at, 4);
  loader.pointer(LoaderWriter::tables_name, facp.offset + facp_dsdt_at, 4);
  loader.pointer(LoaderWriter::tables_name, facp.offset + facp_x_dsdt_at, 8);
  for (std::size_t i = 2; i + 1 < tables.size(); ++i)
    loader.checksum(tables[i]);
  for (std::uint32_t at = header_size; at < rsdt.length; at += 4)
    loader.pointer(LoaderWriter::tables_name, rsdt.offset + at, 4);
  loader.checksum(rsdt);
  loader.pointer(LoaderWriter::rsdp_name, 16, 4);
  loader.checksum(LoaderWriter::rsdp_name, 8, 0, acpi_rsdp_size);
  return loader.take();
}

// ACPI 1.0's root pointer: the revision byte is zero.
Bytes make_rsdp(const AcpiTable& rsdt) {
  ByteWriter writer;
  writer.text("RSD PTR ").u8(0).text("BOCHS ").u8(0).u32(rsdt.offset);
  return writer.take();
}

Status expect_same(ByteView given, ByteView derived, std::string_view file) {
  if (given.size() != derived.size())
    return fail(ErrorCode::mismatch, std::string(file) + ": " + std::to_string(given.size()) +
                                         " bytes, not " + std::to_string(derived.size()));
  const auto at = std::ranges::mismatch(given, derived).in1;
  if (at == given.end()) return {};
  return fail_at(ErrorCode::mismatch, file, static_cast<std::uint64_t>(at - given.begin()),
                 "is not the one of etc/acpi/tables");
}

}  // namespace

Result<AcpiLayout> decode_acpi_tables(ByteView tables) {
  AcpiLayout layout;
  TRY_ASSIGN(layout.tables, in(read_tables(tables), "etc/acpi/tables"));
  TRY(in(check_order(layout.tables), "etc/acpi/tables"));
  TRY(in(check_checksums(tables, layout.tables), "etc/acpi/tables"));
  TRY(in(check_facp(tables, layout.tables), "etc/acpi/tables"));
  TRY(in(check_rsdt(tables, layout.tables), "etc/acpi/tables"));
  const auto below = [](const Range& range) {
    return range.last == below_4g_end - 1 && range.start <= low_memory_all;
  };
  const auto above = [](const Range& range) { return range.start >= 4 * gib; };
  TRY_ASSIGN(layout.below_4g,
             in(find_window(tables, layout.tables[1], false, below), "etc/acpi/tables"));
  TRY_ASSIGN(layout.above_4g,
             in(find_window(tables, layout.tables[1], true, above), "etc/acpi/tables"));
  TRY(in(check_windows(layout), "etc/acpi/tables"));
  return layout;
}

Result<AcpiBlobs> derive_acpi(ByteView tables) {
  TRY_ASSIGN(const AcpiLayout layout, decode_acpi_tables(tables));
  return AcpiBlobs{.loader = make_loader(layout.tables),
                   .rsdp = make_rsdp(layout.tables.back()),
                   .tables = to_bytes(tables)};
}

Result<AcpiBlobs> acpi_for_memory(const Bytes& tables, std::uint64_t memory_bytes) {
  TRY_ASSIGN(const MemorySplit memory, split_memory(memory_bytes));
  TRY_ASSIGN(const AcpiLayout layout, decode_acpi_tables(tables));
  Bytes patched = tables;
  place(patched, layout.below_4g, memory.low, below_4g_end - memory.low, 4);
  if (!is_aperture(layout.above_4g.start))
    place(patched, layout.above_4g, round_up(memory.end, gib), layout.above_4g.length, 8);
  return AcpiBlobs{.loader = make_loader(layout.tables),
                   .rsdp = make_rsdp(layout.tables.back()),
                   .tables = std::move(patched)};
}

Result<Bytes> acpi_with_aperture(const Bytes& tables, unsigned address_bits) {
  if (address_bits < min_aperture_bits || address_bits > max_aperture_bits)
    return fail(ErrorCode::unsupported,
                "an address space of " + std::to_string(address_bits) + " bits: not from 42 to 52");
  TRY_ASSIGN(const AcpiLayout layout, decode_acpi_tables(tables));
  Bytes patched = tables;
  place(patched, layout.above_4g, 7ULL << (address_bits - 3), layout.above_4g.length, 8);
  return patched;
}

Result<AcpiBlobs> acpi_from_files(AcpiBlobs files) {
  TRY_ASSIGN(const AcpiBlobs derived, derive_acpi(files.tables));
  TRY(expect_same(files.loader, derived.loader, "etc/table-loader"));
  TRY(expect_same(files.rsdp, derived.rsdp, "etc/acpi/rsdp"));
  return files;
}

}  // namespace etalon::measure
