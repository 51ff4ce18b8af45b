// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/event_fields.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "references/eventlog/event.hpp"
#include "references/eventlog/log_codec.hpp"
#include "references/eventlog/untrusted_log.hpp"
#include "tests/support/eventlog_fields.hpp"
#include "tests/support/fixtures.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/guid.hpp"
#include "tools/base/utf16.hpp"
#include "tools/base/writer.hpp"

namespace etalon::eventlog {
namespace {

using namespace std::string_view_literals;
using test::captured;
using test::captured_lines;
using test::field_lines;

// The first line of what is shown of data that does not fit.
std::string refusal(EventType type, ByteView data) {
  const Fields fields = event_fields(type, data);
  EXPECT_EQ(fields.size(), 2U);
  if (fields.size() != 2) return "";
  EXPECT_EQ(fields[0].name, "malformed");
  EXPECT_EQ(fields[1].name, "data");
  return fields[0].value;
}

TEST(EventFields, tells_where_an_image_came_from) {
  EXPECT_EQ(captured_lines("uki-257", 27),
            "address: 0x3960c018\n"
            "size: 43383808 bytes\n"
            "link base: 0x14df90000\n"
            "path: PciRoot(0x0)/Pci(0x2,0x0)/HD(1,GPT,87654321-4321-8765-4321-876543218765,0x800,"
            "0x20000)/\\EFI\\BOOT\\BOOTX64.EFI\n");
}

TEST(EventFields, refuses_images_that_do_not_fit) {
  constexpr auto type = EventType::efi_boot_services_driver;
  Bytes data = captured("uki-257", 27).data;
  EXPECT_EQ(refusal(type, ByteView(data).first(143)), "path at 32: need 112 bytes, 111 left");
  data.push_back(std::byte{0});
  EXPECT_EQ(refusal(type, data), "image at 144: 1 trailing bytes");
  EXPECT_EQ(field_lines(type, ByteWriter{}.fill(24).u64(1).u8(7).view()),
            "address: 0x0\nsize: 0 bytes\nlink base: 0x0\n"
            "malformed: the path is no device path\ndata: 07\n");
  EXPECT_EQ(field_lines(type, Bytes(32)),
            "address: 0x0\nsize: 0 bytes\nlink base: 0x0\npath: none\n");
}

TEST(EventFields, lists_the_partitions) {
  EXPECT_EQ(captured_lines("uki-257", 26),
            "disk: 12345678-1234-5678-1234-567812345678\n"
            "header: block 0x1\n"
            "alternate header: block 0x20fff\n"
            "usable blocks: 0x800 to 0x20fde\n"
            "partition: 'esp' 87654321-4321-8765-4321-876543218765, type "
            "c12a7328-f81f-11d2-ba4b-00a0c93ec93b (EFI system partition), blocks 0x800 to "
            "0x207ff\n");
}

// A table of `count` entries that says it has `claimed`.
Bytes gpt(std::uint64_t claimed, std::uint64_t count, std::uint32_t entry_size = 128) {
  ByteWriter out;
  out.fill(84).u32(entry_size).u32(0).u64(claimed);
  for (std::uint64_t i = 0; i < count; ++i)
    out.fill(entry_size);
  return out.take();
}

TEST(EventFields, caps_the_list_of_partitions) {
  const Fields fields = event_fields(EventType::efi_gpt_event, gpt(67, 67));
  EXPECT_EQ(fields.size(), 4 + max_listed + 1);
  EXPECT_EQ(fields.back(), (Field{"more partitions", "3"}));
  EXPECT_EQ(event_fields(EventType::efi_gpt_event, gpt(64, 64)).back().name, "partition");
}

TEST(EventFields, refuses_partition_tables_that_do_not_fit) {
  constexpr auto type = EventType::efi_gpt_event;
  EXPECT_EQ(refusal(type, gpt(2, 1)), "entry at 228: need 128 bytes, 0 left");
  EXPECT_EQ(refusal(type, gpt(1, 2)), "GPT at 228: 128 trailing bytes");
  EXPECT_EQ(refusal(type, gpt(~std::uint64_t{0}, 1)), "entry at 228: need 128 bytes, 0 left");
  EXPECT_EQ(refusal(type, gpt(1, 1, 127)), "name at 156: need 72 bytes, 71 left");
  EXPECT_EQ(refusal(type, gpt(~std::uint64_t{0}, 0, 0)),
            "partition type at 100: need 16 bytes, 0 left");
  EXPECT_EQ(refusal(type, Bytes(8)), "GPT header at 0: need 24 bytes, 8 left");
  Bytes surrogate = gpt(1, 1);
  surrogate[100 + 57] = std::byte{0xd8};
  EXPECT_NE(refusal(type, surrogate).find("UTF-16"), std::string::npos);
}

TEST(EventFields, names_tags) {
  EXPECT_EQ(captured_lines("uki-257", 41),
            "tag: 0x8f3b22ed (load options of the kernel)\ntext: LOADED_IMAGE::LoadOptions\n");
  EXPECT_EQ(captured_lines("uki-257", 42),
            "tag: 0x8f3b22ec (initrd of the kernel)\ntext: Linux initrd\n");
  const Bytes text = *utf16le_from_utf8("smbios:type1", Terminator::nul);
  EXPECT_EQ(
      field_lines(EventType::event_tag, ByteWriter{}.u32(0xd5cb7cbc).u32(26).bytes(text).view()),
      "tag: 0xd5cb7cbc (SMBIOS type 1)\ntext: smbios:type1\n");
  EXPECT_EQ(field_lines(EventType::event_tag, ByteWriter{}.u32(7).u32(1).u8(1).view()),
            "tag: 0x7\ndata: 01\n");
}

TEST(EventFields, refuses_tags_that_do_not_fit) {
  constexpr auto type = EventType::event_tag;
  EXPECT_EQ(refusal(type, ByteWriter{}.u32(7).u32(2).u8(1).view()),
            "tagged data at 8: need 2 bytes, 1 left");
  EXPECT_EQ(refusal(type, ByteWriter{}.u32(7).u32(0).u8(1).view()),
            "tagged event at 8: 1 trailing bytes");
}

TEST(EventFields, tells_the_place_of_firmware) {
  EXPECT_EQ(captured_lines("uki-257", 2), "address: 0x820000\nsize: 917504 bytes\n");
  EXPECT_EQ(refusal(EventType::efi_platform_firmware_blob, Bytes(15)),
            "size at 8: need 8 bytes, 7 left");
  EXPECT_EQ(refusal(EventType::efi_platform_firmware_blob, Bytes(17)),
            "firmware blob at 16: 1 trailing bytes");
}

// The next two are from the log of a TDX guest on Google's cloud (COS 113).
TEST(EventFields, tells_the_name_of_a_firmware_volume) {
  const Bytes volume = *from_hex(
      "2946762834384442354531372d373037432d343732442d393143442d313631334537"
      "45463531423029000000e0ff000000000000020000000000");
  EXPECT_EQ(field_lines(EventType::efi_platform_firmware_blob2, volume),
            "description: Fv(48DB5E17-707C-472D-91CD-1613E7EF51B0)\n"
            "address: 0xffe00000\n"
            "size: 131072 bytes\n");
  constexpr auto type = EventType::efi_platform_firmware_blob2;
  EXPECT_EQ(refusal(type, ByteView(volume).first(20)), "description at 1: need 41 bytes, 19 left");
  EXPECT_EQ(refusal(type, ByteView(volume).first(57)), "size at 50: need 8 bytes, 7 left");
  EXPECT_EQ(refusal(type, *from_hex("0101")), "the description is no text");
}

TEST(EventFields, names_tables) {
  const Bytes tables = *from_hex(
      "095464785461626c65000100000000000000af96bb93f2b9b84e9462e0ba7456423600"
      "90800000000000");
  EXPECT_EQ(field_lines(EventType::efi_handoff_tables2, tables),
            "description: TdxTable\n"
            "table: 93bb96af-b9f2-4eb8-9462-e0ba74564236 (TD hand-off blocks) at 0x809000\n");
  EXPECT_EQ(field_lines(EventType::efi_handoff_tables, ByteView(tables).subspan(10)),
            "table: 93bb96af-b9f2-4eb8-9462-e0ba74564236 (TD hand-off blocks) at 0x809000\n");
  EXPECT_EQ(refusal(EventType::efi_handoff_tables2, ByteView(tables).first(41)),
            "table address at 34: need 8 bytes, 7 left");
  EXPECT_EQ(refusal(EventType::efi_handoff_tables, ByteWriter{}.u64(0).u8(0).view()),
            "tables at 8: 1 trailing bytes");
  EXPECT_EQ(refusal(EventType::efi_handoff_tables, ByteWriter{}.u64(~std::uint64_t{0}).view()),
            "table GUID at 8: need 16 bytes, 0 left");
}

TEST(EventFields, caps_the_list_of_tables) {
  const Bytes tables = ByteWriter{}.u64(66).fill(std::size_t{66} * 24).take();
  EXPECT_EQ(event_fields(EventType::efi_handoff_tables, tables).back(),
            (Field{"more tables", "2"}));
}

TEST(EventFields, shows_texts) {
  EXPECT_EQ(captured_lines("uki-257", 28), "text: .linux\n");
  EXPECT_EQ(captured_lines("uki-257", 18), "text: Calling EFI Application from Boot Option\n");
  EXPECT_EQ(captured_lines("uki-257", 1), "version: 2025.02-8+deb13u1\n");
  EXPECT_EQ(captured_lines("uki-6.12-sb", 1), "version: empty\n");
  EXPECT_EQ(field_lines(EventType::ipl, *from_hex("01ff")), "data: 01ff\n");
  EXPECT_EQ(field_lines(EventType::efi_action, {}), "data: no data\n");
  EXPECT_EQ(field_lines(EventType::ipl, to_bytes(std::string(2049, 'a'))),
            "text: " + std::string(2048, 'a') + "... (2049 bytes)\n");
  EXPECT_EQ(field_lines(EventType{0xdeadbeef}, to_bytes("text")), "data: 74657874\n");
}

TEST(EventFields, tells_separators) {
  EXPECT_EQ(captured_lines("uki-257", 9), "value: 00000000\n");
  EXPECT_EQ(field_lines(EventType::separator, *from_hex("ffffffff")), "value: ffffffff\n");
  EXPECT_EQ(field_lines(EventType::separator, *from_hex("01000000")),
            "value: 01000000 (after an error)\n");
  EXPECT_EQ(refusal(EventType::separator, Bytes(5)), "a separator has 4 bytes");
  EXPECT_EQ(refusal(EventType::separator, *from_hex("00000001")),
            "a separator is 00000000, ffffffff or 01000000");
}

TEST(EventFields, tells_post_codes_from_blobs) {
  EXPECT_EQ(field_lines(EventType::post_code, to_bytes("ACPI DATA")), "text: ACPI DATA\n");
  EXPECT_EQ(field_lines(EventType::post_code, to_bytes("sixteen letters!")),
            "text: sixteen letters!\n");
  const Bytes blob = ByteWriter{}.u64(0xff000000).u64(4096).take();
  EXPECT_EQ(field_lines(EventType::post_code, blob), "address: 0xff000000\nsize: 4096 bytes\n");
  EXPECT_EQ(field_lines(EventType::s_crtm_contents, blob),
            "address: 0xff000000\nsize: 4096 bytes\n");
  EXPECT_EQ(field_lines(EventType::post_code, ByteView(blob).first(15)),
            "data: 000000ff00000000001000000000"
            "00\n");
}

TEST(EventFields, tells_where_configuration_comes_from) {
  EXPECT_EQ(captured_lines("uki-257", 10), "text: ACPI DATA\n");
  EXPECT_EQ(field_lines(EventType::platform_config_flags, to_bytes("QEMU FW CFG\0BootMenu\0\0"sv)),
            "source: QEMU firmware configuration\nitem: BootMenu\n");
  EXPECT_EQ(field_lines(EventType::platform_config_flags, to_bytes("QEMU FW CFG\0\1"sv)),
            "source: QEMU firmware configuration\ndata: 01\n");
}

// Manufacturer 11129 and a manifest.
ByteWriter platform_id(std::string_view signature) {
  ByteWriter out;
  out.text(signature).u32(11129);
  out.bytes(Guid::literal("12345678-1234-5678-1234-567812345678").view());
  return out;
}

constexpr std::string_view first_lines =
    "manufacturer number: 11129\nreference manifest: 12345678-1234-5678-1234-567812345678\n";

void add_platform(ByteWriter& out) {
  out.u8(2).text("A\0"sv).u8(1).text("B").u8(0).u8(1).text("D").u32(5).u8(2).text("E\0"sv);
}

constexpr std::string_view platform_lines =
    "platform manufacturer: A\nplatform model: B\nplatform version: no data\n"
    "firmware manufacturer: D\nfirmware manufacturer number: 5\nfirmware version: E\n";

TEST(EventFields, reads_announcements_of_the_platform) {
  const ByteWriter first = platform_id("SP800-155 Event\0"sv);
  EXPECT_EQ(field_lines(EventType::no_action, first.view()),
            "signature: SP800-155 Event\n" + std::string(first_lines));
  ByteWriter second = platform_id("SP800-155 Event2");
  add_platform(second);
  EXPECT_EQ(
      field_lines(EventType::no_action, second.view()),
      "signature: SP800-155 Event2\n" + std::string(first_lines) + std::string(platform_lines));
  ByteWriter third = platform_id("SP800-155 Event3");
  add_platform(third);
  third.u32(1).u32(10).text("https://a/").u32(0).u32(2).u8(0).u8(1);
  EXPECT_EQ(field_lines(EventType::no_action, third.view()),
            "signature: SP800-155 Event3\n" + std::string(first_lines) +
                std::string(platform_lines) +
                "manifest locator: https://a/\n"
                "platform certificate locator: kind 0, 0001\n");
}

TEST(EventFields, refuses_announcements_that_do_not_fit) {
  constexpr auto type = EventType::no_action;
  EXPECT_EQ(refusal(type, ByteWriter(platform_id("SP800-155 Event\0"sv)).u8(0).view()),
            "platform identifier at 36: 1 trailing bytes");
  EXPECT_EQ(refusal(type, platform_id("SP800-155 Event2").view()),
            "platform manufacturer at 36: need 1 bytes, 0 left");
  ByteWriter third = platform_id("SP800-155 Event3");
  add_platform(third);
  EXPECT_EQ(refusal(type, third.u32(1).u32(~std::uint32_t{0}).view()),
            "manifest locator at 59: need 4294967295 bytes, 0 left");
  EXPECT_EQ(refusal(type, to_bytes("StartupLocality\0"sv)), "locality at 16: need 1 bytes, 0 left");
  EXPECT_EQ(refusal(type, to_bytes("StartupLocality\0\3\3"sv)),
            "startup locality at 17: 1 trailing bytes");
}

TEST(EventFields, reads_other_announcements) {
  EXPECT_EQ(field_lines(EventType::no_action, to_bytes("StartupLocality\0\3"sv)),
            "signature: StartupLocality\nlocality: 3\n");
  EXPECT_EQ(field_lines(EventType::no_action, to_bytes("H-CRTM Event\0\0\0\0"sv)),
            "signature: H-CRTM Event\n");
  EXPECT_EQ(field_lines(EventType::no_action, to_bytes("H-CRTM Event\0\0\0\0\1"sv)),
            "signature: H-CRTM Event\ndata: 01\n");
  EXPECT_EQ(field_lines(EventType::no_action, *from_hex("0102")), "data: 0102\n");
  EXPECT_EQ(field_lines(EventType::no_action, Bytes(17)), "data: " + std::string(34, '0') + "\n");
}

bool is_printable(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

// What is shown of any prefix of the event's data is printable.
void expect_printable(const UntrustedRecord& record) {
  const ByteView data = record.data;
  for (std::size_t size = 0; size <= data.size(); size += 1 + data.size() / 64) {
    for (const Field& field : event_fields(record.type, data.first(size))) {
      EXPECT_TRUE(is_printable(field.name)) << record.offset;
      EXPECT_TRUE(is_printable(field.value)) << record.offset << ' ' << field.name;
    }
  }
}

bool is_malformed(const UntrustedRecord& record) {
  const Fields fields = event_fields(record.type, record.data);
  return std::ranges::find(fields, "malformed", &Field::name) != fields.end();
}

void expect_fields(ByteView bytes, std::ptrdiff_t malformed) {
  const auto log = decode_log(bytes);
  ASSERT_TRUE(log.has_value()) << log.error().text();
  std::ranges::for_each(log->records, expect_printable);
  EXPECT_EQ(std::ranges::count_if(log->records, is_malformed), malformed);
}

TEST(EventFields, reads_all_events_of_real_boots) {
  for (const std::string name :
       {"uki-252", "uki-254", "uki-257", "uki-ima", "uki-6.1-exec", "uki-6.12-sb",
        "uki-6.12-stub257-tis", "ovmf2025-6.12-exec", "sd-6.1-exec", "sd-6.1-exec2"}) {
    const auto log = test::test_data("eventlog/" + name + ".tcg");
    ASSERT_TRUE(log.has_value()) << log.error().text();
    expect_fields(*log, 0);
  }
}

TEST(EventFields, reads_all_events_of_cloud_guests) {
  ETALON_PUBLIC_FIXTURE(gce, "tdx/google__go-tdx-guest/testing/testdata/ccel/ccel_data.dat");
  expect_fields(gce, 0);
  ETALON_PUBLIC_FIXTURE(
      grub, "tdx/confidential-containers__trustee/deps/eventlog/test_data/CCEL_data_grub");
  expect_fields(grub, 0);
}

TEST(EventFields, reads_all_events_of_a_direct_boot) {
  ETALON_PUBLIC_FIXTURE(
      ovmf, "tdx/confidential-containers__trustee/deps/eventlog/test_data/CCEL_data_ovmf");
  expect_fields(ovmf, 0);
}

// Its five image events without a path have 9 bytes behind the structure.
TEST(EventFields, reads_all_but_five_events_of_a_laptop) {
  ETALON_PUBLIC_FIXTURE(log, "ima/ima-evm-utils/sample-binary_bios_measurements-pcrs-8-9");
  expect_fields(log, 5);
}

}  // namespace
}  // namespace etalon::eventlog
