// SPDX-License-Identifier: Apache-2.0
#include "policy/sim/builtin.hpp"

#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "policy/lang/facts.hpp"
#include "policy/lang/load.hpp"
#include "policy/sim/simulate.hpp"

namespace etalon::policy {
namespace {

constexpr KernelVersion v6_12{.version = 6, .patchlevel = 12};
constexpr KernelVersion v7_2{.version = 7, .patchlevel = 2};

Decision decide(const std::string& text, KernelVersion kernel, Touch touch, std::uint64_t magic) {
  const JudgedPolicy judged = judge_policy(text, KernelFacts(kernel, std::nullopt));
  EXPECT_EQ(judged.path.accepted, Accepted::yes) << judged.path.reason;
  return Simulator(judged).decide({.uid = 0, .gid = 0},
                                  {.name = "rootfs", .magic = magic, .uuid = ""}, touch);
}

// Booted: a root in the initramfs as tmpfs has a list of one entry up to 6.12, as ramfs a full one;
// 7.2 measures executables there and no plain reads.
TEST(BuiltinPolicy, tcb_measures_an_initramfs_as_booted_kernels_do) {
  constexpr std::uint64_t tmpfs = 0x01021994;
  constexpr std::uint64_t ramfs = 0x858458f6;
  constexpr Touch exec{.func = Func::bprm_check, .mask = may_exec};
  constexpr Touch reading{.func = Func::file_check, .mask = may_read};
  const std::string old = builtin_policy("tcb", v6_12).text;
  EXPECT_EQ(decide(old, v6_12, exec, tmpfs).measured, Measured::no);
  EXPECT_EQ(decide(old, v6_12, exec, ramfs).measured, Measured::yes);
  EXPECT_EQ(decide(old, v6_12, reading, ramfs).measured, Measured::conditional);
  const std::string now = builtin_policy("tcb", v7_2).text;
  EXPECT_EQ(decide(now, v7_2, exec, tmpfs).measured, Measured::yes);
  EXPECT_EQ(decide(now, v7_2, reading, tmpfs).measured, Measured::no);
}

TEST(BuiltinPolicy, the_first_tcb_wins_and_lists_keep_their_order) {
  const std::string both = builtin_policy("critical_data|ima_tcb tcb", v6_12).text;
  EXPECT_EQ(both, builtin_policy("ima_tcb\ncritical_data", v6_12).text);
  EXPECT_NE(both, builtin_policy("tcb|critical_data", v6_12).text);
  EXPECT_TRUE(both.ends_with("measure func=FIRMWARE_CHECK\nmeasure func=CRITICAL_DATA\n"));
}

TEST(BuiltinPolicy, lists_that_appraise_measure_nothing) {
  const auto policy = builtin_policy("appraise_tcb|secure_boot|fail_securely", v6_12);
  EXPECT_EQ(policy.text, "");
  EXPECT_TRUE(policy.unknown.empty());
}

TEST(BuiltinPolicy, names_words_the_kernel_does_not_know) {
  const auto policy = builtin_policy("tbc|tcb", v6_12);
  EXPECT_EQ(policy.unknown, std::vector<std::string>{"tbc"});
  EXPECT_EQ(policy.text, builtin_policy("tcb", v6_12).text);
}

}  // namespace
}  // namespace etalon::policy
