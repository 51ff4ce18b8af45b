// SPDX-License-Identifier: Apache-2.0
#include "references/measure/profiles/kernel.hpp"

#include <gtest/gtest.h>

#include "references/eventlog/event.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure {
namespace {

using eventlog::Basis;

TEST(KernelProfiles, cover_6_1_to_7_2_in_order) {
  KernelVersion before;
  for (const KernelProfile& each : kernel_profiles()) {
    EXPECT_LT(before, each.first) << each.rule;
    EXPECT_LE(each.first, each.last) << each.rule;
    EXPECT_EQ(each.cc, each.first >= (KernelVersion{6, 9})) << each.rule;
    EXPECT_EQ(each.cc_basis, Basis::source) << each.rule;
    EXPECT_FALSE(each.source.empty()) << each.rule;
    before = each.last;
  }
  EXPECT_EQ(find_kernel({6, 0}), nullptr);
  EXPECT_EQ(find_kernel({6, 12})->rule, "Linux 6.12");
  EXPECT_EQ(find_kernel({6, 19})->rule, "Linux 6.13..7.1");
  EXPECT_EQ(find_kernel({7, 3}), nullptr);
}

TEST(SelectKernel, refuses_an_unknown_version_and_names_the_option) {
  const auto newer = select_kernel("7.3.1", std::nullopt);
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, ErrorCode::unsupported);
  EXPECT_EQ(newer.error().text(),
            "Linux '7.3.1' has no rules; --assume-kernel takes those of a version of 6.1..7.2");
}

TEST(SelectKernel, takes_the_assumed_version_only_for_an_unknown_one) {
  EXPECT_EQ(select_kernel("6.1.0", "6.12")->rule, "Linux 6.1");
  const auto assumed = select_kernel("7.3.1", "6.12");
  ASSERT_TRUE(assumed);
  EXPECT_EQ(assumed->rule, "Linux 6.12");
  EXPECT_EQ(assumed->basis, Basis::source);
  const auto wrong = select_kernel("7.3.1", "5.10");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::usage);
  EXPECT_EQ(wrong.error().text(), "--assume-kernel 5.10: there are rules for 6.1..7.2 only");
}

}  // namespace
}  // namespace etalon::measure
