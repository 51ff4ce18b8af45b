// SPDX-License-Identifier: Apache-2.0
#include "references/measure/profiles/sd_boot.hpp"

#include <gtest/gtest.h>

#include "references/eventlog/event.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure {
namespace {

using eventlog::Basis;

TEST(SdBootProfiles, cover_252_to_262_once_each) {
  unsigned next = 252;
  for (const SdBootProfile& each : sd_boot_profiles()) {
    EXPECT_EQ(each.first, next);
    EXPECT_GE(each.last, each.first);
    EXPECT_FALSE(each.source.empty()) << each.rule;
    next = each.last + 1;
  }
  EXPECT_EQ(next, 263U);
  EXPECT_EQ(find_sd_boot(251), nullptr);
  EXPECT_EQ(find_sd_boot(263), nullptr);
}

TEST(SdBootProfiles, pass_the_command_line_until_they_measure_loader_conf) {
  for (unsigned version = 252; version <= 262; ++version) {
    EXPECT_EQ(find_sd_boot(version)->passes_cmdline, version < 255) << version;
    EXPECT_EQ(find_sd_boot(version)->loader_conf, version >= 255) << version;
    EXPECT_EQ(find_sd_boot(version)->loader_conf_cc, version >= 261) << version;
  }
}

TEST(SdBootProfiles, claim_a_boot_only_for_what_was_booted) {
  for (unsigned version = 252; version <= 262; ++version) {
    const bool booted = version == 252 || version == 254 || version == 257 || version == 262;
    EXPECT_EQ(find_sd_boot(version)->basis == Basis::boot, booted) << version;
  }
}

TEST(SelectSdBoot, refuses_a_version_without_rules_and_names_the_way_out) {
  const auto unknown = select_sd_boot(263, {});
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, ErrorCode::unsupported);
  EXPECT_EQ(
      unknown.error().message,
      "systemd-boot 263 has no rules; boot_loader.assume takes those of a version of 252..262");
  const auto none = select_sd_boot(0, {});
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().message,
            "no systemd-boot version in .sdmagic; boot_loader.assume takes those of a version of "
            "252..262");
  const auto bad = select_sd_boot(263, 300);
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error().code, ErrorCode::usage);
  EXPECT_EQ(bad.error().message, "boot_loader.assume 300: there are rules for 252..262 only");
}

TEST(SelectSdBoot, takes_the_assumed_row_only_where_there_is_none) {
  EXPECT_FALSE(select_sd_boot(257, 252)->assumed);
  const auto assumed = select_sd_boot(263, 262);
  ASSERT_TRUE(assumed.has_value());
  EXPECT_TRUE(assumed->assumed);
  EXPECT_EQ(assumed->rule, "systemd-boot 262");
  EXPECT_EQ(assumed->basis, Basis::source);
}

}  // namespace
}  // namespace etalon::measure
