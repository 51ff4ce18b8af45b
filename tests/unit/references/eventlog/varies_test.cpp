// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/varies.hpp"

#include <string_view>

#include <gtest/gtest.h>

#include "references/eventlog/event.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/registers.hpp"

namespace etalon::eventlog {
namespace {

using namespace std::string_view_literals;

std::string_view of(RegisterId reg, EventType type, std::string_view data) {
  return varies_with({.reg = reg, .type = type, .data = to_bytes(data)});
}

TEST(Varies, tells_the_initrd_tag_from_the_command_line_tag) {
  const auto tag = [](std::string_view data) {
    return of(RegisterId::rtmr<2>(), EventType::event_tag, data);
  };
  EXPECT_EQ(tag("\xed\x22\x3b\x8f\x1a\0\0\0"sv), "the kernel's command line");
  EXPECT_TRUE(tag("\xec\x22\x3b\x8f\x0d\0\0\0"sv).starts_with("the initrd"));
  EXPECT_EQ(tag("\x2a\x58\xbc\xf5"sv), "loader.conf on the EFI system partition");
  EXPECT_EQ(tag("\x01\x02\x03\x04"sv), "");
}

TEST(Varies, tells_acpi_tables_from_other_configuration) {
  const auto flags = [](std::string_view data) {
    return of(RegisterId::rtmr<0>(), EventType::platform_config_flags, data);
  };
  EXPECT_TRUE(flags("ACPI DATA").starts_with("ACPI tables"));
  EXPECT_TRUE(flags("QEMU FW CFG\0bootorder"sv).starts_with("boot order"));
  EXPECT_EQ(flags("td_payload_info"), "the platform's configuration");
}

TEST(Varies, tells_registers_apart_where_one_type_serves_several) {
  EXPECT_EQ(of(RegisterId::pcr<11>(), EventType::ipl, ".linux"), "the section of the UKI");
  EXPECT_EQ(of(RegisterId::pcr<14>(), EventType::ipl, "MokList"),
            "shim's lists of machine owner keys");
  EXPECT_TRUE(of(RegisterId::rtmr<2>(), EventType::ipl, ".linux").starts_with("sections"));
  EXPECT_TRUE(of(RegisterId::rtmr<0>(), EventType::efi_platform_firmware_blob2, "")
                  .starts_with("the firmware file's variable store"));
  EXPECT_EQ(of(RegisterId::pcr<0>(), EventType::efi_platform_firmware_blob2, ""), "firmware build");
  EXPECT_TRUE(of(RegisterId::rtmr<0>(), EventType::efi_handoff_tables2, "\x09TdxTable\0"sv)
                  .starts_with("memory size"));
}

TEST(Varies, says_nothing_of_unknown_types) {
  EXPECT_EQ(of(RegisterId::pcr<4>(), EventType{0x12345}, ""), "");
}

}  // namespace
}  // namespace etalon::eventlog
