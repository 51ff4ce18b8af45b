// SPDX-License-Identifier: Apache-2.0
#include "references/measure/profiles/stub.hpp"

#include <algorithm>
#include <string_view>

#include <gtest/gtest.h>

#include "references/eventlog/event.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure {
namespace {

using eventlog::Basis;

bool measures(unsigned version, std::string_view section) {
  const StubProfile* stub = find_stub(version);
  return stub != nullptr && std::ranges::find(stub->measured, section) != stub->measured.end();
}

bool carries(unsigned version, std::string_view section) {
  const StubProfile* stub = find_stub(version);
  return stub != nullptr &&
         std::ranges::find(stub->initrd, section, &InitrdMember::section) != stub->initrd.end();
}

TEST(StubProfiles, cover_252_to_262_once_each) {
  unsigned next = 252;
  for (const StubProfile& each : stub_profiles()) {
    EXPECT_EQ(each.first, next);
    EXPECT_GE(each.last, each.first);
    EXPECT_FALSE(each.source.empty()) << each.rule;
    next = each.last + 1;
  }
  EXPECT_EQ(next, 263U);
  EXPECT_EQ(find_stub(251), nullptr);
  EXPECT_EQ(find_stub(263), nullptr);
}

TEST(StubProfiles, measure_more_sections_with_each_version) {
  EXPECT_FALSE(measures(253, ".uname"));
  EXPECT_FALSE(measures(253, ".sbat"));
  EXPECT_TRUE(measures(254, ".uname"));
  EXPECT_TRUE(measures(254, ".sbat"));
  EXPECT_FALSE(measures(255, ".ucode"));
  EXPECT_TRUE(measures(256, ".ucode"));
  EXPECT_FALSE(measures(256, ".profile"));
  EXPECT_TRUE(measures(257, ".profile"));
  EXPECT_TRUE(measures(257, ".hwids"));
  EXPECT_FALSE(measures(257, ".dtbauto"));
  for (unsigned version = 252; version <= 262; ++version) {
    EXPECT_FALSE(measures(version, ".pcrsig")) << version;
    EXPECT_TRUE(measures(version, ".pcrpkey")) << version;
  }
}

TEST(StubProfiles, add_the_os_release_to_the_initrd_from_257_on) {
  EXPECT_FALSE(carries(256, ".osrel"));
  EXPECT_TRUE(carries(257, ".osrel"));
  EXPECT_TRUE(carries(252, ".pcrsig"));
  EXPECT_FALSE(carries(255, ".ucode"));
  EXPECT_TRUE(carries(256, ".ucode"));
}

TEST(StubProfiles, use_the_cc_protocol_from_256_on) {
  for (const StubProfile& each : stub_profiles()) {
    EXPECT_EQ(each.cc, each.first >= 256) << each.rule;
    EXPECT_EQ(each.boot_secret, each.first >= 261) << each.rule;
    EXPECT_EQ(each.console, each.first >= 261) << each.rule;
    EXPECT_EQ(each.efifw, each.first >= 258) << each.rule;
    EXPECT_EQ(each.confext, each.first >= 256) << each.rule;
    const Addons after_254 = each.first == 254 ? Addons::by_folder : Addons::together;
    EXPECT_EQ(each.addons, each.first < 254 ? Addons::ignored : after_254) << each.rule;
  }
}

TEST(StubProfiles, secure_boot_was_seen_with_three_versions) {
  for (const StubProfile& each : stub_profiles()) {
    const bool booted = each.first == 252 || each.first == 257 || each.first == 262;
    EXPECT_EQ(each.secure_boot_basis == Basis::boot, booted) << each.rule;
  }
}

TEST(StubProfiles, inner_kernel_follows_secure_boot_and_shim) {
  const StubProfile& old = *find_stub(257);
  const StubProfile& own = *find_stub(258);
  EXPECT_TRUE(inner_kernel_measured(old, false, Shim::none).measured);
  EXPECT_FALSE(inner_kernel_measured(old, true, Shim::none).measured);
  EXPECT_FALSE(inner_kernel_measured(old, true, Shim::before_16).measured);
  EXPECT_EQ(inner_kernel_measured(old, true, Shim::none).basis, Basis::boot);
  EXPECT_TRUE(inner_kernel_measured(old, true, Shim::since_16).measured);
  EXPECT_EQ(inner_kernel_measured(old, true, Shim::since_16).basis, Basis::source);
  for (const Shim shim : {Shim::none, Shim::before_16, Shim::since_16}) {
    EXPECT_FALSE(inner_kernel_measured(own, true, shim).measured);
    EXPECT_FALSE(inner_kernel_measured(own, false, shim).measured);
  }
}

TEST(SelectStub, refuses_an_unknown_version_and_names_the_option) {
  const auto newer = select_stub(263, std::nullopt);
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, ErrorCode::unsupported);
  EXPECT_EQ(newer.error().text(),
            "systemd-stub 263 has no rules; --assume-stub takes those of a version of 252..262");
  const auto none = select_stub(0, std::nullopt);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::unsupported);
  EXPECT_EQ(none.error().text(),
            "no systemd-stub version in .sdmagic; --assume-stub takes those of a version of "
            "252..262");
}

TEST(SelectStub, takes_the_assumed_version_only_for_an_unknown_one) {
  EXPECT_EQ(select_stub(252, 257)->rule, "systemd-stub 252");
  const auto assumed = select_stub(263, 257);
  ASSERT_TRUE(assumed);
  EXPECT_EQ(assumed->rule, "systemd-stub 257");
  EXPECT_EQ(assumed->basis, Basis::source);
  EXPECT_EQ(assumed->secure_boot_basis, Basis::source);
  const auto wrong = select_stub(263, 251);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::usage);
  EXPECT_EQ(wrong.error().text(), "--assume-stub 251: there are rules for 252..262 only");
}

}  // namespace
}  // namespace etalon::measure
