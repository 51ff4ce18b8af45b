// SPDX-License-Identifier: Apache-2.0
#include "policy/sim/simulate.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "kernel/config/kconfig.hpp"
#include "policy/lang/facts.hpp"
#include "policy/lang/load.hpp"
#include "policy/sim/file_facts.hpp"

namespace etalon::policy {
namespace {

constexpr KernelVersion v6_12{.version = 6, .patchlevel = 12};

const FileSystem rootfs{.name = "rootfs", .magic = 0x01021994, .uuid = ""};
const FileSystem ext4{.name = "ext4", .magic = 0xef53, .uuid = std::nullopt};
const FileSystem foreign{.name = "ext4", .magic = std::nullopt, .uuid = ""};

constexpr Touch exec{.func = Func::bprm_check, .mask = may_exec};
constexpr Touch mapping{.func = Func::mmap_check, .mask = may_exec};
constexpr Touch reading{.func = Func::file_check, .mask = may_read};
constexpr Touch rewriting{.func = Func::file_check, .mask = may_read | may_write};

Simulator simulator_of(std::string_view policy) {
  const JudgedPolicy judged = judge_policy(policy, KernelFacts(v6_12, std::nullopt));
  EXPECT_EQ(judged.lines.accepted, Accepted::yes) << judged.lines.reason;
  return Simulator(judged);
}

Decision decide(std::string_view policy, Touch touch, const FileSystem& fs = rootfs,
                std::optional<std::uint32_t> owner = 0) {
  return simulator_of(policy).decide({.path = "/usr/bin/true", .uid = owner, .gid = 0}, fs, touch);
}

TEST(Simulate, measures_nothing_without_a_rule_that_matches) {
  const Decision decision = decide("measure func=MMAP_CHECK\n", exec);
  EXPECT_EQ(decision.measured, Measured::no);
  EXPECT_TRUE(decision.rules.empty());
  EXPECT_EQ(decision.excluding_line, std::nullopt);
}

TEST(Simulate, names_the_first_rule_its_template_and_register) {
  const Decision decision = decide(
      "# executables\nmeasure func=BPRM_CHECK pcr=11 template=ima-sig\nmeasure func=BPRM_CHECK\n",
      exec);
  EXPECT_EQ(decision.measured, Measured::yes);
  ASSERT_EQ(decision.rules.size(), 1U);
  EXPECT_EQ(decision.rules[0].line, 2U);
  EXPECT_EQ(decision.rules[0].templ, "ima-sig");
  EXPECT_EQ(decision.rules[0].pcr, 11U);
  EXPECT_EQ(decision.rules[0].text(), "");
  EXPECT_EQ(decision.reached, std::vector<std::size_t>{2});
}

TEST(Simulate, does_not_decide_what_a_label_decides) {
  const auto config = kconfig::Config::parse(
      "CONFIG_IMA_LSM_RULES=y\nCONFIG_SECURITY_APPARMOR=y\nCONFIG_LSM=\"apparmor\"\n");
  const JudgedPolicy judged =
      judge_policy("dont_measure subj_role=unconfined\nmeasure\n", KernelFacts(v6_12, *config));
  ASSERT_EQ(judged.lines.accepted, Accepted::yes);
  const Decision decision =
      Simulator(judged).decide({.path = "/usr/bin/true", .uid = 0, .gid = 0}, rootfs, exec);
  EXPECT_EQ(decision.measured, Measured::unknown);
}

TEST(Simulate, other_classes_decide_nothing_about_measuring) {
  const Decision decision = decide("audit func=BPRM_CHECK\ndont_appraise\nmeasure\n", exec);
  EXPECT_EQ(decision.measured, Measured::yes);
  EXPECT_EQ(decision.rules.at(0).line, 3U);
}

TEST(Simulate, an_exclusion_in_front_says_no) {
  const Decision decision = decide("dont_measure fsmagic=0x01021994\nmeasure\n", exec);
  EXPECT_EQ(decision.measured, Measured::no);
  EXPECT_EQ(decision.excluding_line, 1U);
  EXPECT_EQ(decide("dont_measure fsmagic=0x858458f6\nmeasure\n", exec).measured, Measured::yes);
  EXPECT_EQ(decide("dont_measure fsname=tmpfs\nmeasure\n", exec).measured, Measured::yes);
  EXPECT_EQ(decide("dont_measure fsname=rootfs\nmeasure\n", exec).measured, Measured::no);
}

TEST(Simulate, masks_ask_for_all_of_the_access_or_for_a_part) {
  constexpr std::string_view exact = "measure func=FILE_CHECK mask=MAY_READ\n";
  constexpr std::string_view part = "measure func=FILE_CHECK mask=^MAY_READ\n";
  EXPECT_EQ(decide(exact, reading).measured, Measured::yes);
  EXPECT_EQ(decide(exact, rewriting).measured, Measured::no);
  EXPECT_EQ(decide(part, rewriting).measured, Measured::yes);
  EXPECT_EQ(decide("measure mask=MAY_EXEC\n", mapping).measured, Measured::yes);
}

// The example every reader of such a policy gets wrong.
TEST(Simulate, a_user_s_executables_are_not_the_user_s_libraries) {
  constexpr std::string_view policy =
      "dont_measure func=BPRM_CHECK uid=0\nmeasure func=BPRM_CHECK uid=1001\n";
  const Decision run = decide(policy, exec);
  EXPECT_EQ(run.measured, Measured::conditional);
  ASSERT_EQ(run.rules.size(), 1U);
  EXPECT_EQ(run.rules[0].line, 2U);
  EXPECT_EQ(run.rules[0].text(), "uid=1001");  // that it is not 0 goes without saying
  EXPECT_EQ(decide(policy, mapping).measured, Measured::no);
}

TEST(Simulate, says_what_an_earlier_rule_takes_away) {
  const Decision decision = decide("dont_measure uid=1001\nmeasure gid=5 pcr=11\nmeasure\n", exec);
  EXPECT_EQ(decision.measured, Measured::conditional);
  ASSERT_EQ(decision.rules.size(), 2U);
  EXPECT_EQ(decision.rules[0].text(), "gid=5 and not (uid=1001)");
  EXPECT_EQ(decision.rules[1].text(), "not (uid=1001) and not (gid=5)");
}

TEST(Simulate, rules_that_together_leave_nobody_out_say_yes) {
  const Decision decision = decide("measure uid=0 pcr=11\nmeasure uid>0\ndont_measure\n", exec);
  EXPECT_EQ(decision.measured, Measured::yes);
  ASSERT_EQ(decision.rules.size(), 2U);
  EXPECT_EQ(decision.rules[0].text(), "uid=0");
  EXPECT_EQ(decision.rules[1].text(), "uid>0");
  EXPECT_EQ(decision.reached, (std::vector<std::size_t>{1, 2}));
}

TEST(Simulate, a_rule_behind_one_that_takes_all_of_it_decides_nothing) {
  const Decision decision = decide("measure uid<100\ndont_measure uid=0\n", exec);
  EXPECT_EQ(decision.measured, Measured::conditional);
  EXPECT_EQ(decision.reached, std::vector<std::size_t>{1});
}

TEST(Simulate, the_owner_decides_where_it_is_known) {
  constexpr std::string_view policy = "measure fowner=0\n";
  EXPECT_EQ(decide(policy, exec, rootfs, 0).measured, Measured::yes);
  EXPECT_EQ(decide(policy, exec, rootfs, 7).measured, Measured::no);
  const Decision unknown = decide(policy, exec, rootfs, std::nullopt);
  EXPECT_EQ(unknown.measured, Measured::conditional);
  EXPECT_EQ(unknown.rules.at(0).text(), "fowner=0");
}

TEST(Simulate, does_not_guess_what_a_file_system_is) {
  EXPECT_EQ(decide("measure fsmagic=0xef53\n", exec, foreign).measured, Measured::unknown);
  constexpr std::string_view by_uuid = "measure fsuuid=00112233-4455-6677-8899-aabbccddeeff\n";
  EXPECT_EQ(decide(by_uuid, exec, ext4).measured, Measured::unknown);
  EXPECT_EQ(decide(by_uuid, exec, rootfs).measured, Measured::no);
  // Whatever the first rule does, the second measures nothing more than it excludes.
  const Decision behind =
      decide("dont_measure fsuuid=00112233-4455-6677-8899-aabbccddeeff\nmeasure\n", exec, ext4);
  EXPECT_EQ(behind.measured, Measured::unknown);
  EXPECT_EQ(behind.rules.at(0).text(), "not (line 1 matches)");
  // No answer to it changes this one.
  EXPECT_EQ(
      decide("dont_measure fsuuid=00112233-4455-6677-8899-aabbccddeeff\n", exec, ext4).measured,
      Measured::no);
}

TEST(Simulate, a_fuse_subtype_is_none_of_an_image_s_file_systems) {
  const JudgedPolicy judged = judge_policy(
      "measure fs_subtype=sshfs\n", KernelFacts({.version = 7, .patchlevel = 2}, std::nullopt));
  ASSERT_EQ(judged.lines.accepted, Accepted::yes);
  EXPECT_EQ(Simulator(judged).decide({}, rootfs, exec).measured, Measured::no);
}

std::vector<FileFacts> two_files() {
  return {{.path = "/a", .inode = 0, .uid = 0, .gid = 0, .touches = {exec, reading}},
          {.path = "/b c", .inode = 1, .uid = 5, .gid = 0, .touches = {reading}}};
}

TEST(SimulateFiles, gives_each_file_the_best_of_its_touches) {
  const Simulator simulator = simulator_of("measure func=BPRM_CHECK\nmeasure uid=3 fowner=5\n");
  const auto files = two_files();
  const auto simulated = simulate(simulator, files, std::vector{rootfs});
  ASSERT_EQ(simulated.size(), 2U);
  EXPECT_EQ(simulated[0].measured, Measured::yes);
  EXPECT_EQ(simulated[0].touches.at(1).decision.measured, Measured::no);
  EXPECT_EQ(simulated[1].measured, Measured::conditional);
}

TEST(BoundList, counts_an_entry_per_file_and_register) {
  const auto files = two_files();
  const auto bound = [&files](std::string_view policy) {
    const auto simulated = simulate(simulator_of(policy), files, std::vector{rootfs});
    return bound_list(files, simulated, {.templ = "ima-ng", .hash = "sha256"});
  };
  EXPECT_EQ(bound("dont_measure\n").entries, 1U);  // the boot aggregate
  EXPECT_EQ(bound("measure\n").entries, 3U);
  EXPECT_EQ(bound("measure func=BPRM_CHECK pcr=11\nmeasure\n").entries, 4U);
  EXPECT_GT(bound("measure\n").bytes, bound("dont_measure\n").bytes + 2 * 80);
  EXPECT_GT(bound("measure template=ima-sig\n").bytes, bound("measure\n").bytes);
}

TEST(BoundList, counts_the_names_of_one_file_once) {
  auto files = two_files();
  files[1].inode = 0;
  const auto simulated = simulate(simulator_of("measure\n"), files, std::vector{rootfs});
  EXPECT_EQ(bound_list(files, simulated, {.templ = "ima-ng", .hash = "sha256"}).entries, 2U);
}

}  // namespace
}  // namespace etalon::policy
