// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/variable_fields.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "references/eventlog/event.hpp"
#include "references/eventlog/event_fields.hpp"
#include "references/eventlog/log_codec.hpp"
#include "tests/support/eventlog_fields.hpp"
#include "tests/support/fixtures.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/guid.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/utf16.hpp"
#include "tools/base/writer.hpp"

namespace etalon::eventlog {
namespace {

using namespace std::string_view_literals;
using test::captured;
using test::captured_lines;
using test::field_lines;

constexpr std::string_view global = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
constexpr std::string_view database = "d719b2cb-3d3a-4596-a3bc-dad00e67656f";
constexpr std::string_view shim = "605dab50-e046-4300-abb6-3dd810dd8b23";
constexpr std::string_view x509 = "a5c059a1-94e4-4aa7-87b5-ab155c2bf072";
constexpr std::string_view owner = "12345678-1234-5678-1234-567812345678";

std::string vendor_line(std::string_view vendor, std::string_view name) {
  return "vendor: " + std::string(vendor) + " (" + std::string(name) + ")\n";
}

std::string global_line() {
  return vendor_line(global, "EFI global variable");
}

std::string database_line() {
  return vendor_line(database, "image security database");
}

std::string shim_line() {
  return vendor_line(shim, "shim");
}

Bytes variable(std::string_view vendor, std::string_view name, ByteView value) {
  const Bytes characters = *utf16le_from_utf8(name, Terminator::none);
  ByteWriter out;
  out.bytes(Guid::literal(vendor).view()).u64(characters.size() / 2).u64(value.size());
  return out.bytes(characters).bytes(value).take();
}

std::string shown(std::string_view vendor, std::string_view name, ByteView value) {
  return field_lines(EventType::efi_variable_driver_config, variable(vendor, name, value));
}

std::string authority(std::string_view vendor, std::string_view name, ByteView value) {
  return field_lines(EventType::efi_variable_authority, variable(vendor, name, value));
}

std::string named(std::string_view name, std::size_t size) {
  return "variable: " + std::string(name) + "\nsize: " + std::to_string(size) +
         (size == 1 ? " byte\n" : " bytes\n");
}

TEST(VariableFields, tells_the_secure_boot_state) {
  EXPECT_EQ(captured_lines("uki-6.12-sb", 4),
            global_line() + named("SecureBoot", 1) + "state: on\n");
  EXPECT_EQ(captured_lines("uki-257", 4),
            global_line() + named("SecureBoot", 0) + "state: absent\n");
  EXPECT_EQ(shown(global, "SecureBoot", Bytes(1)),
            global_line() + named("SecureBoot", 1) + "state: off\n");
  EXPECT_EQ(shown(global, "SecureBoot", Bytes(2)),
            global_line() + named("SecureBoot", 2) +
                "malformed: value: the value does not fit this variable\ndata: 0000\n");
}

TEST(VariableFields, reads_boot_variables) {
  EXPECT_EQ(captured_lines("uki-257", 14),
            global_line() + named("BootOrder", 6) + "order: 0000 0001 0002\n");
  EXPECT_EQ(captured_lines("uki-257", 15), global_line() + named("Boot0000", 62) +
                                               "attributes: 0x109 (active, hidden, application)\n"
                                               "description: UiApp\n"
                                               "path: Fv(7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1)/"
                                               "FvFile(462caa21-7614-4503-836e-8ab6f4662331)\n");
  EXPECT_EQ(captured_lines("uki-257", 16), global_line() + named("Boot0001", 78) +
                                               "attributes: 0x1 (active)\n"
                                               "description: UEFI Misc Device\n"
                                               "path: PciRoot(0x0)/Pci(0x2,0x0)\n"
                                               "options: entry made by the firmware itself\n");
}

TEST(VariableFields, shows_options_of_boot_entries) {
  const Bytes text = *utf16le_from_utf8("\\fwupdx64.efi", Terminator::nul);
  const Bytes head = ByteWriter{}.u32(2).u16(0).u16('a').u16(0).take();
  const std::string lines = global_line() + named("Boot00A1", 10 + text.size());
  EXPECT_EQ(shown(global, "Boot00A1", ByteWriter{}.bytes(head).bytes(text).view()),
            lines +
                "attributes: 0x2 (reconnects drivers)\ndescription: a\npath: none\n"
                "options: \\x5cfwupdx64.efi\n");
  EXPECT_EQ(shown(global, "Boot00A1", ByteWriter{}.bytes(head).u8(1).view()),
            global_line() + named("Boot00A1", 11) +
                "attributes: 0x2 (reconnects drivers)\ndescription: a\npath: none\n"
                "options: 01\n");
}

TEST(VariableFields, refuses_boot_variables_that_do_not_fit) {
  EXPECT_EQ(shown(global, "BootOrder", Bytes(3)),
            global_line() + named("BootOrder", 3) +
                "malformed: value: the value does not fit this variable\ndata: 000000\n");
  EXPECT_EQ(shown(global, "Boot0000", Bytes(5)),
            global_line() + named("Boot0000", 5) +
                "malformed: value: path size at 4: need 2 bytes, 1 left\ndata: 0000000000\n");
  EXPECT_EQ(shown(global, "Boot0000", ByteWriter{}.u32(1).u16(1).u16(0).u8(7).view()),
            global_line() + named("Boot0000", 9) +
                "malformed: value: the path is no device path\ndata: 010000000100000007\n");
}

constexpr std::string_view snakeoil =
    "certificate: SHA-256 282e8130b7070f107aaecc25d3992ca4440270860b09088792a5075fab0d13f8\n";

TEST(VariableFields, lists_keys) {
  EXPECT_EQ(captured_lines("uki-6.12-sb", 7),
            database_line() + named("db", 935) +
                "list: 1 x X.509 certificate of owner a0baa8a3-041d-48a8-bc87-c36d121b5e3d\n" +
                std::string(snakeoil));
  EXPECT_EQ(captured_lines("uki-6.12-sb", 8),
            database_line() + named("dbx", 76) +
                "list: 1 x SHA-256 digest of owner a0baa8a3-041d-48a8-bc87-c36d121b5e3d\n");
  EXPECT_EQ(captured_lines("uki-257", 5), global_line() + named("PK", 0) + "value: absent\n");
}

// A list of `count` entries of one byte.
Bytes certificates(std::uint32_t count) {
  ByteWriter out;
  out.bytes(Guid::literal(x509).view()).u32(28 + 17 * count).u32(0).u32(17);
  for (std::uint32_t i = 0; i < count; ++i)
    out.bytes(Guid::literal(owner).view()).u8(1);
  return out.take();
}

TEST(VariableFields, caps_the_list_of_certificates) {
  const Bytes data = variable(database, "db", certificates(66));
  const Fields fields = event_fields(EventType::efi_variable_boot2, data);
  EXPECT_EQ(fields.size(), 3 + 1 + max_listed + 1);
  EXPECT_EQ(fields[3].value, "66 x X.509 certificate of owner " + std::string(owner));
  EXPECT_EQ(fields.back(), (Field{"more certificates", "2"}));
}

TEST(VariableFields, caps_the_list_of_owners) {
  ByteWriter out;
  out.bytes(Guid::literal("c1c41626-504c-4092-aca9-41f936934328").view());
  out.u32(28 + 16 * 70).u32(0).u32(16);
  for (std::uint8_t i = 0; i < 70; ++i)
    out.u8(i).fill(15);
  const Bytes data = variable(database, "dbx", out.view());
  const Fields fields = event_fields(EventType::efi_variable_boot2, data);
  EXPECT_EQ(fields.size(), 3 + max_listed + 1);
  EXPECT_EQ(fields.back(), (Field{"more kinds and owners", "6"}));
}

TEST(VariableFields, refuses_keys_that_do_not_fit) {
  Bytes list = certificates(1);
  list.pop_back();
  EXPECT_EQ(shown(database, "db", list),
            database_line() + named("db", 44) +
                "malformed: value: entries at 28: need 17 bytes, 16 left\ndata: " + to_hex(list) +
                "\n");
}

TEST(VariableFields, shows_other_values) {
  EXPECT_EQ(shown(global, "Timeout", *from_hex("4100")),
            global_line() + named("Timeout", 2) + "value: 4100\n");
  EXPECT_EQ(shown(global, "Lang", as_bytes("engl"sv)),
            global_line() + named("Lang", 4) + "value: engl\n");
  EXPECT_EQ(shown(owner, "Conf", *from_hex("0102030405")),
            "vendor: " + std::string(owner) + "\n" + named("Conf", 5) + "value: 0102030405\n");
}

TEST(VariableFields, shows_empty_names) {
  EXPECT_EQ(shown(global, "", Bytes(1)), global_line() + named("empty", 1) + "value: 00\n");
}

TEST(VariableFields, refuses_variables_that_do_not_fit) {
  constexpr auto type = EventType::efi_variable_boot;
  Bytes data = captured("uki-257", 14).data;
  const auto first = [&data, type](std::size_t size) {
    return event_fields(type, ByteView(data).first(size)).front().value;
  };
  EXPECT_EQ(first(31), "data length at 24: need 8 bytes, 7 left");
  EXPECT_EQ(first(49), "name length at 32: the name is longer than the data");
  EXPECT_EQ(first(55), "data at 50: need 6 bytes, 5 left");
  data.push_back(std::byte{0});
  EXPECT_EQ(first(57), "variable at 56: 1 trailing bytes");
  data[33] = std::byte{0xd8};
  EXPECT_NE(first(56).find("UTF-16"), std::string::npos);
}

TEST(AuthorityFields, tells_the_certificate) {
  EXPECT_EQ(captured_lines("uki-6.12-sb", 22), database_line() + named("db", 907) +
                                                   "owner: a0baa8a3-041d-48a8-bc87-c36d121b5e3d\n" +
                                                   std::string(snakeoil));
}

TEST(AuthorityFields, tells_the_digest_that_allowed_an_image) {
  const Bytes value = ByteWriter{}.bytes(Guid::literal(owner).view()).fill(32).take();
  const std::string lines = authority(database, "db", value);
  EXPECT_EQ(lines, database_line() + named("db", 48) + "owner: " + std::string(owner) +
                       "\ndigest: SHA-256 " + std::string(64, '0') + "\n");
  EXPECT_EQ(authority(database, "db", ByteView(value).first(47)),
            database_line() + named("db", 47) +
                "malformed: value: neither a certificate nor a digest\ndata: " +
                to_hex(ByteView(value).first(47)) + "\n");
}

TEST(AuthorityFields, reads_the_variables_of_shim) {
  EXPECT_EQ(authority(shim, "SbatLevel", as_bytes("sbat,1,2021030218\nshim,2\n"sv)),
            shim_line() + named("SbatLevel", 25) + "level: sbat,1,2021030218\nlevel: shim,2\n");
  EXPECT_EQ(authority(shim, "SbatLevel", *from_hex("01")),
            shim_line() + named("SbatLevel", 1) +
                "malformed: value: the SBAT level is no text\ndata: 01\n");
  EXPECT_EQ(authority(shim, "MokListTrusted", *from_hex("01")),
            shim_line() + named("MokListTrusted", 1) + "value: 01\n");
}

TEST(AuthorityFields, caps_the_levels) {
  std::string levels;
  for (int i = 0; i < 66; ++i)
    levels += "a,1\n";
  const Bytes data = variable(shim, "SbatLevel", as_bytes(levels));
  const Fields fields = event_fields(EventType::efi_variable_authority, data);
  EXPECT_EQ(fields.size(), 3 + max_listed + 1);
  EXPECT_EQ(fields.back(), (Field{"more levels", "2"}));
}

TEST(AuthorityFields, takes_bytes_behind_the_variable_from_shim_alone) {
  const Bytes certificate = *from_hex("3082000101");
  const auto behind = [&certificate](std::string_view vendor) {
    Bytes data = variable(vendor, "Shim", certificate);
    data.push_back(std::byte{7});
    return field_lines(EventType::efi_variable_authority, data);
  };
  EXPECT_EQ(behind(shim), shim_line() + named("Shim", 5) + "certificate: SHA-256 " +
                              sha256(certificate).hex() + "\nbehind the variable: 07\n");
  EXPECT_TRUE(behind(database).starts_with("malformed: variable at 45: 1 trailing bytes\n"));
}

// Record 43 of the log is shim's own certificate, as shim 15 logged it.
TEST(AuthorityFields, reads_what_an_old_shim_logged) {
  ETALON_PUBLIC_FIXTURE(bytes, "ima/ima-evm-utils/sample-binary_bios_measurements-pcrs-8-9");
  const auto log = decode_log(bytes);
  ASSERT_TRUE(log.has_value() && log->records.size() > 43);
  EXPECT_EQ(field_lines(log->records[42].type, log->records[42].data),
            shim_line() + named("Shim", 1080) +
                "certificate: SHA-256 "
                "ed1fe72cb9ca31c9af5b757afcd733323d675825032e6ced7fe1ae9eb767998c\n"
                "behind the variable: 000000000000\n");
}

}  // namespace
}  // namespace etalon::eventlog
