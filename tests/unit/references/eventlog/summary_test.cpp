// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/summary.hpp"

#include <ostream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "references/eventlog/event.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/guid.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/utf16.hpp"
#include "tools/base/writer.hpp"

namespace etalon::eventlog {
namespace {

using namespace std::string_view_literals;

Bytes utf16(std::string_view text) {
  return *utf16le_from_utf8(text, Terminator::nul);
}

Bytes variable(std::string_view name, std::string_view value, std::uint64_t value_size) {
  const Bytes characters = *utf16le_from_utf8(name, Terminator::none);
  ByteWriter out;
  out.bytes(Guid::literal("8be4df61-93ca-11d2-aa0d-00e098032b8c").view());
  out.u64(characters.size() / 2).u64(value_size).bytes(characters).text(value);
  return out.take();
}

Bytes image_load(ByteView path) {
  return ByteWriter{}.u64(0x7e00018).u64(4096).u64(0).u64(path.size()).bytes(path).take();
}

Bytes tagged(std::uint32_t id, ByteView payload) {
  return ByteWriter{}.u32(id).u32(static_cast<std::uint32_t>(payload.size())).bytes(payload).take();
}

// One 128-byte entry named `esp`.
Bytes gpt(std::uint64_t count) {
  ByteWriter out;
  out.text("EFI PART").fill(48).bytes(Guid::literal("12345678-1234-5678-1234-567812345678").view());
  out.u64(2).u32(128).u32(128).u32(0).u64(count);
  const Bytes name = utf16("esp");
  out.fill(56, std::byte{1}).bytes(name).fill(72 - name.size());
  return out.take();
}

struct Row {
  EventType type = EventType::no_action;
  Bytes data{};
  std::string line{};
};

std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.line;
}

const std::string global = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
const Bytes fw_blob = ByteWriter{}.u64(0x820000).u64(917504).take();

class Summary : public testing::TestWithParam<Row> {};

TEST_P(Summary, says_in_one_line) {
  EXPECT_EQ(summarize(GetParam().type, GetParam().data), GetParam().line);
}

INSTANTIATE_TEST_SUITE_P(
    Actions, Summary,
    testing::Values(
        Row{EventType::efi_action, to_bytes("Exit Boot Services Invocation"),
            "Exit Boot Services Invocation"},
        Row{EventType::efi_action, {}, "no data"},
        Row{EventType::efi_action, to_bytes("a\nb\x01"), "610a6201"},
        Row{EventType::action, to_bytes("a\nb"), "a\\x0ab"},
        Row{EventType::separator, Bytes(4), "separator 00000000"},
        Row{EventType::separator, Bytes(4, std::byte{0xff}), "separator ffffffff"},
        Row{EventType::separator, *from_hex("01000000"), "separator after an error"},
        Row{EventType::separator, Bytes(5), "malformed separator: 0000000000"},
        Row{EventType::s_crtm_version, utf16("2025.02-8"), "firmware version '2025.02-8'"},
        Row{EventType::s_crtm_version, Bytes(2), "firmware version ''"},
        Row{EventType::s_crtm_version, *from_hex("01ff"), "01ff"},
        Row{EventType::platform_config_flags, to_bytes("ACPI DATA"), "ACPI DATA"},
        Row{EventType::platform_config_flags, to_bytes("QEMU FW CFG\0BootMenu\0\0\0"sv),
            "QEMU FW CFG BootMenu"},
        Row{EventType::no_action, to_bytes("StartupLocality\0\x03"sv), "StartupLocality, 03"},
        Row{EventType::no_action, to_bytes("SP800-155 Event\0"sv), "SP800-155 Event"},
        Row{EventType::no_action, *from_hex("0102"), "0102"},
        Row{EventType{0xdeadbeef}, to_bytes("text"), "74657874"},
        Row{EventType{0xdeadbeef}, Bytes(65), std::string(128, '0') + "... (65 bytes)"}));

INSTANTIATE_TEST_SUITE_P(
    Structures, Summary,
    testing::Values(
        Row{EventType::efi_variable_driver_config, variable("SecureBoot", "\x01", 1),
            "SecureBoot " + global + ", 1 byte: on"},
        Row{EventType::efi_variable_boot, variable("PK", "", 0), "PK " + global + ", 0 bytes"},
        Row{EventType::efi_variable_authority, variable("db", std::string(17, 'x'), 17),
            "db " + global +
                ", 17 bytes: certificate with SHA-256 "
                "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881 of owner "
                "78787878-7878-7878-7878-787878787878"},
        Row{EventType::efi_variable_authority, variable("SbatLevel", std::string(17, 'x'), 17),
            "SbatLevel " + global + ", 17 bytes"},
        Row{EventType::efi_variable_driver_config, variable("db", std::string(17, 'x'), 17),
            "db " + global + ", 17 bytes"},
        Row{EventType::efi_variable_boot, variable("BootOrder", "\x01\x02", 2),
            "BootOrder " + global + ", 2 bytes: 0201"},
        Row{EventType::efi_boot_services_application, image_load(*from_hex("7fff0500")),
            "image of 4096 bytes at 0x7e00018, malformed device path 7fff0500"},
        Row{EventType::efi_boot_services_application, image_load(*from_hex("0101060000017fff0400")),
            "image of 4096 bytes at 0x7e00018, Pci(0x1,0x0)"},
        Row{EventType::efi_variable_boot2, variable("db", "", 1),
            "malformed variable: " + to_hex(variable("db", "", 1))},
        Row{EventType::efi_variable_boot2, variable("db", "xy", 1),
            "malformed variable: " + to_hex(variable("db", "xy", 1))},
        Row{EventType::efi_variable_boot2, Bytes(31),
            "malformed variable: " + std::string(62, '0')},
        Row{EventType::efi_boot_services_application, image_load(*from_hex("7fff0400")),
            "image of 4096 bytes at 0x7e00018, no device path"},
        Row{EventType::efi_boot_services_driver, Bytes(8),
            "malformed image load event: 0000000000000000"},
        Row{EventType::efi_gpt_event, gpt(1),
            "GPT of disk 12345678-1234-5678-1234-567812345678, 1 partition: 'esp'"},
        Row{EventType::efi_gpt_event, Bytes(8), "malformed GPT: 0000000000000000"},
        Row{EventType::event_tag, tagged(0x8f3b22ed, as_bytes("LOADED_IMAGE::LoadOptions\0"sv)),
            "tag 0x8f3b22ed LOADED_IMAGE::LoadOptions"},
        Row{EventType::event_tag, tagged(0xf5bc582a, utf16("loader.conf")),
            "tag 0xf5bc582a loader.conf"},
        Row{EventType::event_tag, tagged(0, *from_hex("01")), "tag 0x0 01"},
        Row{EventType::event_tag, *from_hex("0100000002000000ff"),
            "malformed tagged event: 0100000002000000ff"},
        Row{EventType::ipl, utf16(".linux"), ".linux"},
        Row{EventType::ipl, to_bytes("grub_cmd: linux /vmlinuz\0"sv), "grub_cmd: linux /vmlinuz"},
        Row{EventType::ipl, to_bytes(std::string(257, 'a')),
            std::string(256, 'a') + "... (257 bytes)"},
        Row{EventType::efi_platform_firmware_blob, fw_blob, "firmware of 917504 bytes at 0x820000"},
        Row{EventType::efi_platform_firmware_blob, Bytes(15),
            "malformed firmware blob: " + std::string(30, '0')},
        Row{EventType::efi_platform_firmware_blob2,
            ByteWriter{}.u8(6).text("Fv(X)").u8(0).bytes(fw_blob).take(),
            "Fv(X) of 917504 bytes at 0x820000"},
        Row{EventType::efi_platform_firmware_blob2, Bytes(1), "malformed firmware blob: 00"},
        Row{EventType::efi_handoff_tables,
            ByteWriter{}
                .u64(1)
                .bytes(Guid::literal("f2fd1544-9794-4a2c-992e-e5bbcf20e394").view())
                .u64(0x1000)
                .take(),
            "1 table: f2fd1544-9794-4a2c-992e-e5bbcf20e394 at 0x1000"},
        Row{EventType::efi_handoff_tables, ByteWriter{}.u64(~std::uint64_t{0}).take(),
            "malformed handoff tables: ffffffffffffffff"},
        Row{EventType::efi_handoff_tables2,
            ByteWriter{}
                .u8(9)
                .text("TdxTable\0"sv)
                .u64(1)
                .bytes(Guid::literal("93bb96af-b9f2-4eb8-9462-e0ba74564236").view())
                .u64(0x809000)
                .take(),
            "TdxTable, 1 table: 93bb96af-b9f2-4eb8-9462-e0ba74564236 at 0x809000"}));

// A certificate alone, and a byte behind the structure.
TEST(SummaryOfAuthority, reads_what_old_shims_log) {
  const auto line = [](std::string_view vendor) {
    ByteWriter out;
    out.bytes(Guid::literal(vendor).view()).u64(4).u64(5);
    out.bytes(*utf16le_from_utf8("Shim", Terminator::none)).bytes(*from_hex("3082000101")).u8(7);
    return summarize(EventType::efi_variable_authority, out.view());
  };
  EXPECT_EQ(line("605dab50-e046-4300-abb6-3dd810dd8b23"),
            "Shim 605dab50-e046-4300-abb6-3dd810dd8b23, 5 bytes: certificate with SHA-256 " +
                sha256(*from_hex("3082000101")).hex());
  EXPECT_TRUE(line(global).starts_with("malformed variable: "));
}

TEST(SummaryOfGpt, refuses_a_count_that_does_not_fit) {
  EXPECT_EQ(summarize(EventType::efi_gpt_event, gpt(2)).substr(0, 15), "malformed GPT: ");
  EXPECT_EQ(summarize(EventType::efi_gpt_event, gpt(0)).substr(0, 15), "malformed GPT: ");
  EXPECT_EQ(summarize(EventType::efi_gpt_event, gpt(~std::uint64_t{0})).substr(0, 15),
            "malformed GPT: ");
}

}  // namespace
}  // namespace etalon::eventlog
