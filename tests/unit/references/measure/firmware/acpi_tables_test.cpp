// SPDX-License-Identifier: Apache-2.0
#include "references/measure/firmware/acpi_tables.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/fixtures.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure {
namespace {

constexpr std::uint64_t mib = 1ULL << 20U;
constexpr std::uint64_t gib = 1ULL << 30U;

// Files are kept without the zeros at their end.
Bytes file(const std::string& folder, const std::string& name, std::size_t size) {
  const auto bytes = test::test_data("acpi/" + folder + "/" + name);
  EXPECT_TRUE(bytes) << bytes.error().text();
  Bytes padded = bytes.value_or(Bytes{});
  padded.resize(size);
  return padded;
}

AcpiBlobs captured(const std::string& folder) {
  return {.loader = file(folder, "etc_table-loader", acpi_loader_size),
          .rsdp = file(folder, "etc_acpi_rsdp", acpi_rsdp_size),
          .tables = file(folder, "etc_acpi_tables", acpi_tables_size)};
}

void poke(Bytes& bytes, std::size_t at, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i)
    bytes[at + i] = static_cast<std::byte>((value >> (8 * i)) & 0xffU);
}

TEST(AcpiTables, loader_and_rsdp_follow_from_captured_tables) {
  for (const std::string qemu :
       {"qemu7.2_smp2_2G", "qemu7.2_smp2_8G", "qemu10.0.2_smp2_2G", "qemu10.0.2_smp2_8G"}) {
    const AcpiBlobs files = captured(qemu);
    const auto derived = derive_acpi(files.tables);
    ASSERT_TRUE(derived) << qemu << ": " << derived.error().text();
    EXPECT_EQ(derived->loader, files.loader) << qemu;
    EXPECT_EQ(derived->rsdp, files.rsdp) << qemu;
    EXPECT_TRUE(acpi_from_files(files)) << qemu;
  }
}

TEST(AcpiTables, tables_of_one_memory_give_those_of_another) {
  for (const std::string qemu : {"qemu7.2", "qemu10.0.2"}) {
    const AcpiBlobs small = captured(qemu + "_smp2_2G");
    const AcpiBlobs large = captured(qemu + "_smp2_8G");
    const auto larger = acpi_for_memory(small.tables, 8 * gib);
    ASSERT_TRUE(larger) << larger.error().text();
    EXPECT_EQ(larger->tables, large.tables);
    EXPECT_EQ(larger->loader, large.loader);
    EXPECT_EQ(larger->rsdp, large.rsdp);
    const auto smaller = acpi_for_memory(large.tables, 2 * gib);
    ASSERT_TRUE(smaller) << smaller.error().text();
    EXPECT_EQ(smaller->tables, small.tables);
  }
}

struct Windows {
  std::uint64_t memory;
  std::uint64_t below;
  std::uint64_t above;
};

// Seen in tables of QEMU 7.2 with these sizes.
TEST(AcpiTables, windows_are_where_qemu_puts_them) {
  const Bytes tables = captured("qemu7.2_smp2_2G").tables;
  for (const Windows& each :
       {Windows{512 * mib, 0x20000000, 0x100000000}, Windows{1000 * mib, 0x3e800000, 0x100000000},
        Windows{2815 * mib, 0xaff00000, 0x100000000}, Windows{2816 * mib, 0x80000000, 0x140000000},
        Windows{3500 * mib, 0x80000000, 0x180000000}, Windows{5000 * mib, 0x80000000, 0x1c0000000},
        Windows{12345 * mib, 0x80000000, 0x3c0000000},
        Windows{16 * gib, 0x80000000, 0x480000000}}) {
    const auto files = acpi_for_memory(tables, each.memory);
    ASSERT_TRUE(files) << files.error().text();
    const auto layout = decode_acpi_tables(files->tables);
    ASSERT_TRUE(layout) << layout.error().text();
    EXPECT_EQ(layout->below_4g.start, each.below) << each.memory;
    EXPECT_EQ(layout->below_4g.length, 0xe0000000 - each.below) << each.memory;
    EXPECT_EQ(layout->above_4g.start, each.above) << each.memory;
    EXPECT_EQ(layout->above_4g.length, 32 * gib) << each.memory;
  }
}

TEST(AcpiTables, a_window_that_firmware_has_placed_stays) {
  for (const std::string cpus : {"1", "2"}) {
    ETALON_PUBLIC_FIXTURE(
        hex, "tdx/oasisprotocol__cli/build/measurement/acpi/template_qemu_cpu" + cpus + ".hex");
    const auto tables = from_hex(as_text(hex));
    ASSERT_TRUE(tables) << tables.error().text();
    const auto layout = decode_acpi_tables(*tables);
    ASSERT_TRUE(layout) << layout.error().text();
    EXPECT_EQ(layout->above_4g.start, 0x380000000000U);
    const auto files = acpi_for_memory(*tables, 16 * gib);
    ASSERT_TRUE(files) << files.error().text();
    const auto after = decode_acpi_tables(files->tables);
    ASSERT_TRUE(after) << after.error().text();
    EXPECT_EQ(after->above_4g.start, 0x380000000000U);
    EXPECT_EQ(after->below_4g.start, 0x80000000U);
    const auto back = acpi_for_memory(files->tables, layout->below_4g.start);
    ASSERT_TRUE(back) << back.error().text();
    EXPECT_EQ(back->tables, *tables);
  }
}

// QEMU 7.2 and 10.0.2 say 0x380000000000 to 0x3807ffffffff, and change nothing else, once the
// 64-bit register of the device is at 0x380000000000.
TEST(AcpiTables, firmware_moves_the_window_above_4g_only) {
  for (const std::string qemu : {"qemu7.2_smp2_8G", "qemu10.0.2_smp2_2G"}) {
    const Bytes before = captured(qemu).tables;
    const auto moved = acpi_with_aperture(before, 46);
    ASSERT_TRUE(moved) << moved.error().text();
    const auto layout = decode_acpi_tables(*moved);
    ASSERT_TRUE(layout) << layout.error().text();
    EXPECT_EQ(layout->above_4g.start, 0x380000000000U);
    EXPECT_EQ(layout->above_4g.length, 32 * gib);
    Bytes expected = before;
    poke(expected, layout->above_4g.offset + 14, 0x380000000000, 8);
    poke(expected, layout->above_4g.offset + 22, 0x3807ffffffff, 8);
    EXPECT_EQ(*moved, expected);
  }
  for (const unsigned bits : {41U, 53U}) {
    const auto refused = acpi_with_aperture(captured("qemu7.2_smp2_2G").tables, bits);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unsupported);
    EXPECT_EQ(refused.error().text(),
              "an address space of " + std::to_string(bits) + " bits: not from 42 to 52");
  }
}

struct Refusal {
  std::string what;
  std::function<void(Bytes&)> change;
  ErrorCode code;
  std::string message;
};

// Offsets of QEMU 7.2's tables with two processors: DSDT 64, FACP 8202, APIC 8446, MCFG 8574,
// WAET 8634, RSDT 8674; windows at 7494 and 7546.
TEST(AcpiTables, refuse_what_the_rules_are_not_for) {
  const Bytes good = captured("qemu7.2_smp2_2G").tables;
  const std::vector<Refusal> rows = {
      {"size", [](Bytes& b) { b.pop_back(); }, ErrorCode::malformed, "131071 bytes, not 131072"},
      {"signature", [](Bytes& b) { poke(b, 8634, 0x324d5054, 4); }, ErrorCode::unsupported,
       "signature at 8634: table TPM2 is not known"},
      {"behind the last", [](Bytes& b) { poke(b, 131071, 1, 1); }, ErrorCode::unsupported,
       R"(signature at 8726: table \x00\x00\x00\x00 is not known)"},
      {"short", [](Bytes& b) { poke(b, 68, 35, 4); }, ErrorCode::malformed,
       "length at 68: 35 bytes, less than a header"},
      {"long", [](Bytes& b) { poke(b, 68, 0xffffffff, 4); }, ErrorCode::truncated,
       "table at 72: need 4294967287 bytes, 131000 left"},
      {"twice", [](Bytes& b) { poke(b, 8634, 0x43495041, 4); }, ErrorCode::malformed,
       "signature at 8634: a second APIC"},
      {"order",
       [](Bytes& b) {
         poke(b, 8446, 0x54445352, 4);
         poke(b, 8674, 0x43495041, 4);
       },
       ErrorCode::unsupported, "tables are not in the order FACS, DSDT, FACP, ..., RSDT"},
      {"machine", [](Bytes& b) { poke(b, 8574, 0x54455048, 4); }, ErrorCode::unsupported,
       "no MCFG: not the tables of a q35 machine"},
      {"checksum", [](Bytes& b) { poke(b, 73, 7, 1); }, ErrorCode::malformed,
       "checksum at 73: DSDT has one: not as they were before firmware linked them"},
      {"facs", [](Bytes& b) { poke(b, 8202 + 36, 1, 4); }, ErrorCode::malformed,
       "firmware_ctrl at 8238: points to 1, not 0"},
      {"dsdt", [](Bytes& b) { poke(b, 8202 + 40, 1, 4); }, ErrorCode::malformed,
       "dsdt at 8242: points to 1, not 64"},
      {"x_dsdt", [](Bytes& b) { poke(b, 8202 + 140, 1, 8); }, ErrorCode::malformed,
       "x_dsdt at 8342: points to 1, not 64"},
      {"entry", [](Bytes& b) { poke(b, 8674 + 40, 1, 4); }, ErrorCode::malformed,
       "entry at 8714: points to 1, not 8446"},
      {"rsdt", [](Bytes& b) { poke(b, 8678, 56, 4); }, ErrorCode::malformed,
       "length at 8678: RSDT of 56 bytes for 4 tables"},
      {"no window", [](Bytes& b) { poke(b, 7494, 0, 1); }, ErrorCode::unsupported,
       "window below 4 GiB at 64: none in the DSDT"},
      {"window of another length", [](Bytes& b) { poke(b, 7494 + 22, 1, 4); },
       ErrorCode::unsupported, "window below 4 GiB at 64: none in the DSDT"},
      {"no window above", [](Bytes& b) { poke(b, 7546, 0, 1); }, ErrorCode::unsupported,
       "window above 4 GiB at 64: none in the DSDT"},
      {"two windows",
       [](Bytes& b) {
         for (std::size_t i = 0; i < 26; ++i)
           b[7520 + i] = b[7494 + i];
       },
       ErrorCode::unsupported, "window below 4 GiB at 7520: a second one in the DSDT"},
      {"memory and window",
       [](Bytes& b) {
         poke(b, 7494 + 10, 0x40000000, 4);
         poke(b, 7494 + 22, 0xa0000000, 4);
         poke(b, 7546 + 14, 0x140000000, 8);
         poke(b, 7546 + 22, 0x93fffffff, 8);
       },
       ErrorCode::malformed,
       "window above 4 GiB at 7546: starts at 0x140000000 while low memory ends at 0x40000000"},
      {"place of the window",
       [](Bytes& b) {
         poke(b, 7546 + 14, 0x100001000, 8);
         poke(b, 7546 + 22, 0x900000fff, 8);
       },
       ErrorCode::unsupported,
       "window above 4 GiB at 7546: starts at 0x100001000: neither memory's end nor an aperture"},
  };
  for (const Refusal& row : rows) {
    Bytes bytes = good;
    row.change(bytes);
    const auto refused = decode_acpi_tables(bytes);
    ASSERT_FALSE(refused) << row.what;
    EXPECT_EQ(refused.error().code, row.code) << row.what;
    EXPECT_EQ(refused.error().text(), "etc/acpi/tables: " + row.message) << row.what;
    EXPECT_FALSE(derive_acpi(bytes)) << row.what;
    EXPECT_FALSE(acpi_for_memory(bytes, 2 * gib)) << row.what;
  }
}

TEST(AcpiTables, refuse_a_table_of_another_length) {
  Bytes bytes = captured("qemu7.2_smp2_2G").tables;
  bytes.insert(bytes.begin() + 8446, 4, std::byte{0});
  bytes.resize(acpi_tables_size);
  poke(bytes, 8206, 248, 4);
  const auto refused = decode_acpi_tables(bytes);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unsupported);
  EXPECT_EQ(refused.error().text(), "etc/acpi/tables: length at 8206: FACP of 248 bytes, not 244");
}

TEST(AcpiTables, refuse_memory_the_rules_are_not_for) {
  const Bytes tables = captured("qemu7.2_smp2_2G").tables;
  const auto text = [&](std::uint64_t memory) {
    const auto files = acpi_for_memory(tables, memory);
    if (files) return std::string("accepted");
    EXPECT_EQ(files.error().code, ErrorCode::unsupported);
    return files.error().text();
  };
  EXPECT_EQ(text(63 * mib), "memory of 66060288 bytes: less than 64 MiB");
  EXPECT_EQ(text(2 * gib + 4096), "memory of 2147487744 bytes: not a multiple of 1 MiB");
  EXPECT_EQ(text(1010 * gib), "accepted");
  EXPECT_EQ(text(1010 * gib + mib),
            "memory of 1084480290816 bytes: where it lies beyond 1012 GiB is not known");
  EXPECT_EQ(text(UINT64_MAX - mib + 1),
            "memory of 18446744073708503040 bytes: where it lies beyond 1012 GiB is not known");
}

TEST(AcpiTables, refuse_files_that_are_not_of_the_tables) {
  AcpiBlobs loader = captured("qemu7.2_smp2_2G");
  loader.loader[260] ^= std::byte{1};
  auto refused = acpi_from_files(loader);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::mismatch);
  EXPECT_EQ(refused.error().text(), "etc/table-loader at 260: is not the one of etc/acpi/tables");
  AcpiBlobs rsdp = captured("qemu7.2_smp2_2G");
  rsdp.rsdp.push_back(std::byte{0});
  refused = acpi_from_files(rsdp);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::mismatch);
  EXPECT_EQ(refused.error().text(), "etc/acpi/rsdp: 21 bytes, not 20");
}

}  // namespace
}  // namespace etalon::measure
