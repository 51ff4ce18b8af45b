// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/device_path.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::eventlog {
namespace {

constexpr std::string_view end = "7fff0400";

std::string text(const std::string& hex) {
  const auto bytes = from_hex(hex);
  EXPECT_TRUE(bytes.has_value()) << hex;
  return device_path_text(*bytes).value_or("none");
}

struct Case {
  std::string_view node;
  std::string_view text;
};

class DevicePathNode : public testing::TestWithParam<Case> {};

TEST_P(DevicePathNode, has_the_text_of_the_specification) {
  EXPECT_EQ(text(std::string(GetParam().node) + std::string(end)), GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Nodes, DevicePathNode,
    testing::Values(
        Case{"010106000001", "Pci(0x1,0x0)"}, Case{"02010c00d041030a00000000", "PciRoot(0x0)"},
        Case{"02010c00d041080a01000000", "PcieRoot(0x1)"},
        Case{"02010c00d041040602000000", "Acpi(PNP0604,0x2)"},
        Case{"02010c00112233440a000000", "Acpi(0x44332211,0xa)"},
        Case{"010318000b000000001000000000000000200000000000"
             "00",
             "MemoryMapped(0xb,0x1000,0x2000)"},
        Case{"04031400f8d1c555cd04b5468a20e56cbb3052d0",
             "VenMedia(55c5d1f8-04cd-46b5-8a20-e56cbb3052d0)"},
        Case{"01041600f8d1c555cd04b5468a20e56cbb3052d0abcd",
             "VenHw(55c5d1f8-04cd-46b5-8a20-e56cbb3052d0,abcd)"},
        Case{"04071400c9bdb87cebf8344faaea3ee4af6516a1",
             "Fv(7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1)"},
        Case{"0406140021aa2c4614760345836e8ab6f4662331",
             "FvFile(462caa21-7614-4503-836e-8ab6f4662331)"},
        Case{"04012a0001000000000800000000000000d8010000000000aaaaaaaabbbbcc4c8dddeeeeeeeeeeee0202",
             "HD(1,GPT,aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee,0x800,0x1d800)"},
        Case{"04012a0002000000000800000000000000d8010000000000785634120000000000000000000000000101",
             "HD(2,MBR,0x12345678,0x800,0x1d800)"},
        Case{"04012a0002000000000800000000000000d8010000000000785634120000000000000000000000000100",
             "HD(2,0,78563412000000000000000000000000,0x800,0x1d800)"},
        Case{"040408005c004100", "Path(4,4,5c004100)"},  // no NUL
        Case{"03020800010002"
             "00",
             "Scsi(0x1,0x2)"},
        Case{"03120a0001000000ffff", "Sata(0x1,0x0,0xffff)"}, Case{"030506000102", "USB(0x1,0x2)"},
        Case{"0317100001000000efcdab8967452301", "NVMe(0x1,01-23-45-67-89-ab-cd-ef)"},
        Case{"030b2500525400123456"
             "0000000000000000000000000000000000000000000000000000"
             "01",
             "MAC(525400123456,0x1)"},
        Case{"03180a00687474703a2f", "Uri(http:/)"},
        Case{"0408180000000000001000000000000000200000000000"
             "00",
             "Offset(0x1000,0x2000)"},
        Case{"05010800aabbccdd", "Path(5,1,aabbccdd)"}, Case{"0101050000", "Path(1,1,00)"},
        Case{"010107000001ff", "Path(1,1,0001ff)"}));

TEST(DevicePath, joins_nodes_and_keeps_backslashes) {
  EXPECT_EQ(text("02010c00d041030a00000000"
                 "010106000001"
                 "04040e005c0041005c0042000000"
                 "7fff0400"),
            "PciRoot(0x0)/Pci(0x1,0x0)/\\A\\B");
}

TEST(DevicePath, makes_names_printable) {
  EXPECT_EQ(text("040408000a000000"
                 "7fff0400"),
            "\\x0a");
  EXPECT_EQ(text("04040800e9000000"
                 "7fff0400"),
            "\\xc3\\xa9");
}

TEST(DevicePath, separates_instances) {
  EXPECT_EQ(text("010106000001"
                 "7f010400"
                 "010106000002"
                 "7fff0400"),
            "Pci(0x1,0x0),Pci(0x2,0x0)");
}

TEST(DevicePath, of_nothing_is_empty) {
  EXPECT_EQ(device_path_text({}), "");
  EXPECT_EQ(text("7fff0400"), "");
}

TEST(DevicePath, refuses_what_is_none) {
  EXPECT_EQ(text("010106000001"), "none") << "no end";
  EXPECT_EQ(text("0101"), "none") << "half a header";
  EXPECT_EQ(text("01010300"
                 "7fff0400"),
            "none")
      << "shorter than its header";
  EXPECT_EQ(text("0101ff000001"
                 "7fff0400"),
            "none")
      << "longer than what is left";
  EXPECT_EQ(text("7fff0400"
                 "00"),
            "none")
      << "bytes behind the end";
  EXPECT_EQ(text("7fff050000"), "none") << "an end with data";
}

TEST(DevicePath, has_at_most_so_many_nodes) {
  std::string hex;
  for (std::size_t i = 0; i + 1 < max_path_nodes; ++i)
    hex += "010106000001";
  EXPECT_NE(text(hex + std::string(end)), "none");
  EXPECT_EQ(text(hex + "010106000001" + std::string(end)), "none");
}

TEST(DevicePath, cuts_long_unknown_nodes) {
  std::string node = "05014501" + std::string(std::size_t{2} * 0x141, '0') + std::string(end);
  EXPECT_EQ(text(node), "Path(5,1," + std::string(128, '0') + "...)");
}

}  // namespace
}  // namespace etalon::eventlog
