// SPDX-License-Identifier: Apache-2.0
#include "mkosi/uki/uki.hpp"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/fake_uki.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::uki {
namespace {

using test::fake_uki;
using test::FakePe;

std::string text_of(const Uki& uki, std::string_view name, std::size_t profile = 0) {
  const Content* content = uki.find(name, profile);
  return content == nullptr ? "(absent)" : text(*content);
}

TEST(Uki, finds_sections_and_the_stub) {
  FakePe fake = fake_uki();
  fake.add(".osrel", "ID=demo\n").add(".cmdline", std::string("console=ttyS0\0\0", 15));
  fake.sections.push_back({.name = ".dtb", .data = to_bytes("x"), .virtual_size = 0});
  const Bytes file = fake.build();
  const auto uki = decode_uki(file);
  ASSERT_TRUE(uki) << uki.error().text();
  EXPECT_EQ(uki->stub, (StubVersion{.number = 257, .text = "257.13-1~deb13u1"}));
  EXPECT_EQ(text_of(*uki, ".cmdline"), "console=ttyS0");
  EXPECT_EQ(uki->find(".cmdline")->size(), 15U);
  EXPECT_EQ(text_of(*uki, ".dtb"), "(absent)");   // VirtualSize 0
  EXPECT_EQ(text_of(*uki, ".text"), "(absent)");  // not a section of a UKI
  EXPECT_TRUE(uki->profiles.empty());
}

TEST(Uki, reads_the_version_of_the_program_asked_for) {
  constexpr std::string_view boot = "#### LoaderInfo: systemd-boot 262.1-1 ####";
  EXPECT_EQ(parse_sdmagic(boot, "systemd-boot")->number, 262U);
  EXPECT_EQ(parse_sdmagic(boot, "systemd-boot")->text, "262.1-1");
  EXPECT_EQ(parse_sdmagic(boot), std::nullopt);
  EXPECT_EQ(parse_sdmagic(boot, "systemd"), std::nullopt);
}

TEST(Uki, reads_the_version_in_sdmagic) {
  const auto number = [](std::string_view text) {
    const auto version = parse_sdmagic(text);
    return version ? version->number : 0U;
  };
  EXPECT_EQ(number("#### LoaderInfo: systemd-stub 252.39-1~deb12u2 ####"), 252U);
  EXPECT_EQ(number("#### LoaderInfo: systemd-stub 262~rc1 ####"), 262U);
  EXPECT_EQ(number("#### LoaderInfo: systemd-boot 257 ####"), 0U);
  EXPECT_EQ(number("#### LoaderInfo: systemd-stub 257"), 0U);
  EXPECT_EQ(number("#### LoaderInfo: systemd-stub unknown ####"), 0U);
  EXPECT_EQ(number("#### LoaderInfo: systemd-stub 99999999999 ####"), 0U);
  EXPECT_EQ(number(""), 0U);
}

TEST(Uki, profiles_override_the_shared_sections) {
  FakePe fake = fake_uki();
  fake.add(".cmdline", "shared").add(".osrel", "os");
  fake.add(".profile", "ID=main").add(".profile", "ID=debug").add(".cmdline", "debug");
  const Bytes file = fake.build();
  const auto uki = decode_uki(file);
  ASSERT_TRUE(uki) << uki.error().text();
  ASSERT_EQ(uki->profiles.size(), 2U);
  EXPECT_EQ(text_of(*uki, ".cmdline", 0), "shared");
  EXPECT_EQ(text_of(*uki, ".cmdline", 1), "debug");
  EXPECT_EQ(text_of(*uki, ".osrel", 1), "os");
  EXPECT_EQ(text_of(*uki, ".profile", 0), "ID=main");
  EXPECT_EQ(text_of(*uki, ".profile", 1), "ID=debug");
}

TEST(Uki, refuses_a_section_twice_in_one_profile) {
  FakePe fake = fake_uki();
  fake.add(".initrd", "a").add(".initrd", "b");
  const Bytes file = fake.build();
  const auto uki = decode_uki(file);
  ASSERT_FALSE(uki);
  EXPECT_EQ(uki.error().code, ErrorCode::malformed);
  EXPECT_EQ(uki.error().text(), "UKI: section .initrd occurs twice in one profile");
}

TEST(Uki, lets_alternatives_of_hardware_repeat) {
  FakePe fake = fake_uki();
  fake.add(".dtbauto", "a").add(".dtbauto", "b");
  const Bytes file = fake.build();
  const auto uki = decode_uki(file);
  ASSERT_TRUE(uki) << uki.error().text();
  EXPECT_EQ(text_of(*uki, ".dtbauto"), "a");
}

TEST(Uki, passes_on_what_is_wrong_with_the_image) {
  FakePe fake = fake_uki();
  fake.sections.push_back({.name = ".initrd", .data = {}, .virtual_size = 0xffffffff});
  const Bytes file = fake.build();
  EXPECT_EQ(decode_uki(file).error().text(),
            "UKI: section .initrd: 4294967295 bytes of memory beyond its raw data, at most "
            "67108864 are read");
  EXPECT_EQ(decode_uki(ByteView(file).first(100)).error().text(),
            "UKI: PE: bytes before the PE header at 0: need 128 bytes, 100 left");
}

}  // namespace
}  // namespace etalon::uki
