// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/lint.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "kernel/config/kconfig.hpp"
#include "policy/lang/facts.hpp"
#include "policy/lang/load.hpp"
#include "tests/unit/policy/lang/captured_kernel.hpp"

namespace etalon::policy {
namespace {

struct Case {
  const char* name;
  std::string text;
  const char* id;  // of the only finding; "" none
  Severity severity = Severity::warning;
  std::optional<std::size_t> line{};
  Machine machine{};
  const char* kernel = "6.12";
};

std::string ids(const std::vector<LintFinding>& findings) {
  std::string text;
  for (const LintFinding& finding : findings)
    text += finding.id + " ";
  return text;
}

class LintPolicy : public testing::TestWithParam<Case> {};

TEST_P(LintPolicy, finds_what_is_there_and_nothing_else) {
  const Case& row = GetParam();
  const KernelFacts kernel = test::captured_kernel(row.kernel);
  const auto findings = lint_policy(row.text, judge_policy(row.text, kernel), kernel, row.machine);
  if (*row.id == '\0') {
    EXPECT_TRUE(findings.empty()) << ids(findings);
    return;
  }
  ASSERT_EQ(findings.size(), 1U) << ids(findings);
  EXPECT_EQ(findings.front().id, row.id);
  EXPECT_EQ(findings.front().severity, row.severity);
  EXPECT_EQ(findings.front().line, row.line);
  EXPECT_FALSE(findings.front().message.empty());
  EXPECT_FALSE(findings.front().fix.empty());
}

const std::string bprm = "measure func=BPRM_CHECK\n";
const std::string modules = "measure func=MODULE_CHECK\n";
const std::string good = bprm + "measure func=MMAP_CHECK\n" + modules;
// Whose programs do not matter, so that nothing is said to be missing.
const std::string policies = "measure func=POLICY_CHECK\n";
const std::string tmpfs = "dont_measure fsmagic=0x01021994";

Machine on(Root root, const std::vector<std::string>& cmdline) {
  return {.root = root, .cmdline = cmdline};
}

std::string test_name(const testing::TestParamInfo<Case>& row) {
  return row.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    Text, LintPolicy,
    testing::Values(
        Case{"good", good, ""},
        Case{"no_final_newline", good + "measure func=FIRMWARE_CHECK", "no-final-newline"},
        Case{"line_that_just_fits",
             good + "# " + std::string(9000, 'x') + "\n" +
                 "measure fsname=" + std::string(4080, 'x') + "\n",
             ""},
        Case{"long_line", good + "measure fsname=" + std::string(4081, 'x') + "\n", "long-line",
             Severity::error, 4},
        Case{"leading_blanks", good + "\t  measure func=FIRMWARE_CHECK\n  # x\n", "leading-blanks",
             Severity::warning, 4},
        Case{"trailing_blanks", good + "measure func=FIRMWARE_CHECK  \n", ""},
        Case{"joined_rules", "measure func=BPRM_CHECK measure func=MMAP_CHECK\n", "joined-rules",
             Severity::error, 1},
        Case{"action_in_a_comment",
             good + "measure func=FIRMWARE_CHECK # measure\n",
             "",
             Severity::warning,
             std::nullopt,
             {},
             "7.2"},
        Case{"broken_rule", bprm + "mask=MAY_EXEC func=MMAP_CHECK\n", "broken-rule",
             Severity::error, 2},
        Case{"refused_otherwise", bprm + "bogus\n", ""},
        Case{"fsname_twice", good + "measure fsname=a fsname=b mask=MAY_EXEC\n", "fsname-twice",
             Severity::warning, 4},
        Case{"uid_and_euid", bprm + "measure uid=0 euid=0\n", "uid-and-euid", Severity::error, 2},
        Case{"uid_and_gid", good + "measure func=FIRMWARE_CHECK uid=0 egid=0\n", ""},
        Case{"lsm_label", bprm + "measure obj_type=bin_t func=MMAP_CHECK\n", "lsm-label-early",
             Severity::error, 2},
        Case{"lsm_label_and_more", bprm + "measure obj_type=bin_t func=BOGUS\n", ""}),
    test_name);

INSTANTIATE_TEST_SUITE_P(
    Rules, LintPolicy,
    testing::Values(
        Case{"last_pcr", good + "measure func=FIRMWARE_CHECK pcr=23\n", ""},
        Case{"pcr_beyond", good + "measure func=FIRMWARE_CHECK pcr=24\n", "pcr-beyond-tpm",
             Severity::error, 4},
        Case{"impossible_access", good + "measure func=FIRMWARE_CHECK mask=MAY_EXEC\n",
             "impossible-rule", Severity::error, 4},
        Case{"impossible_user", good + "measure func=FIRMWARE_CHECK uid<0\n", "impossible-rule",
             Severity::error, 4},
        Case{"possible_access", good + "measure func=FIRMWARE_CHECK mask=^MAY_READ\n", ""},
        Case{"unknown_magic", "dont_measure fsmagic=0x1021993\n" + good, "fsmagic-unknown",
             Severity::warning, 1},
        Case{"known_magic", "dont_measure fsmagic=EF53\n" + good, ""},
        Case{"exact_read", good + "measure func=FILE_CHECK mask=MAY_READ uid=0\n",
             "mask-read-exact", Severity::warning, 4},
        Case{"any_read", good + "measure func=FILE_CHECK mask=^MAY_READ uid=0\n", ""},
        Case{"exact_read_of_modules", "measure func=MODULE_CHECK mask=MAY_READ\n", ""},
        Case{"exact_read_excluded", "dont_measure func=FILE_CHECK mask=MAY_READ\n" + good, ""},
        Case{"everything", "measure\n", "measures-everything", Severity::warning, 1},
        Case{"everything_executed", "measure mask=MAY_EXEC\n" + modules, ""},
        Case{"everything_of_a_user", "measure uid=1000\n", ""},
        Case{"everything_on_a_disk", "measure fsmagic=0xef53\n", ""},
        Case{"broad", good + "measure func=FILE_CHECK\n", "file-check-broad", Severity::warning, 4},
        Case{"broad_with_mask", good + "measure func=FILE_CHECK mask=^MAY_READ\n", ""},
        Case{"broad_of_an_owner", good + "measure func=FILE_CHECK fowner=0\n", ""}),
    test_name);

INSTANTIATE_TEST_SUITE_P(
    Order, LintPolicy,
    testing::Values(
        Case{"shadowed", good + "dont_measure func=BPRM_CHECK uid=7\n", "shadowed-rule",
             Severity::warning, 4},
        Case{"other_class", good + "audit func=BPRM_CHECK uid=7\n", ""},
        Case{"exception_first", "dont_measure func=BPRM_CHECK uid=7\n" + good, ""},
        Case{"twice_for_nothing", "measure func=BPRM_CHECK mask=MAY_EXEC uid=0\n" + good,
             "hook-measured-twice", Severity::warning, 2},
        Case{"twice_with_an_exclusion",
             "measure func=BPRM_CHECK uid=0\ndont_measure func=BPRM_CHECK fowner=3\n" + good, ""},
        Case{"twice_in_part",
             "measure func=BPRM_CHECK uid=0 template=ima-sig\n"
             "measure func=BPRM_CHECK fowner=0\nmeasure func=MMAP_CHECK\n" +
                 modules,
             "hook-measured-twice", Severity::warning, 2},
        Case{"twice_in_part_alike",
             "measure func=BPRM_CHECK uid=0\nmeasure func=BPRM_CHECK fowner=0\n"
             "measure func=MMAP_CHECK\n" +
                 modules,
             ""},
        Case{"exception_and_rule", "measure func=BPRM_CHECK uid=0 template=ima-sig\n" + good, ""},
        Case{"two_pcrs", bprm + "measure func=MMAP_CHECK pcr=11\n" + modules, "file-in-two-pcrs",
             Severity::warning, 2},
        Case{"two_pcrs_of_two_users",
             "measure func=BPRM_CHECK uid=0\nmeasure func=MMAP_CHECK uid=1 pcr=11\n" + modules, ""},
        Case{"two_pcrs_of_other_files", good + "measure func=FIRMWARE_CHECK pcr=11\n", ""},
        Case{"verity_mixed",
             "measure func=BPRM_CHECK digest_type=verity\n"
             "measure func=MMAP_CHECK\n" +
                 modules,
             "verity-mixed", Severity::error, 2},
        Case{"verity_alone",
             "measure func=BPRM_CHECK digest_type=verity\n"
             "measure func=MMAP_CHECK digest_type=verity\n" +
                 modules,
             ""},
        Case{"verity_elsewhere",
             "measure func=BPRM_CHECK digest_type=verity fsname=a\n"
             "measure func=MMAP_CHECK fsname=b\n" +
                 modules,
             ""}),
    test_name);

INSTANTIATE_TEST_SUITE_P(
    Root, LintPolicy,
    testing::Values(Case{"tmpfs", tmpfs + "\n" + good, "tmpfs-excluded", Severity::warning, 1},
                    Case{"tmpfs_sure", tmpfs + "\n" + good, "tmpfs-excluded", Severity::error, 1,
                         on(Root::initrd, {"ima_policy=tcb", "rootfstype=tmpfs"}), "7.2"},
                    Case{"tmpfs_in_initrd",
                         tmpfs + "\n" + good,
                         "tmpfs-excluded",
                         Severity::warning,
                         1,
                         {.root = Root::initrd}},
                    Case{"tmpfs_on_ramfs", tmpfs + "\n" + good, "", Severity::warning, std::nullopt,
                         on(Root::initrd, {"ima_policy=tcb", "rootfstype=ramfs"})},
                    Case{"tmpfs_on_ramfs_by_root", tmpfs + "\n" + good, "", Severity::warning,
                         std::nullopt, on(Root::initrd, {"ima_policy=tcb", "root=/dev/ram0"})},
                    Case{"tmpfs_on_disk",
                         tmpfs + "\n" + good,
                         "",
                         Severity::warning,
                         std::nullopt,
                         {.root = Root::disk}},
                    Case{"tmpfs_of_reads", tmpfs + " func=FILE_CHECK\n" + good, ""},
                    Case{"tmpfs_executed", tmpfs + " mask=MAY_EXEC\n" + good, "tmpfs-excluded",
                         Severity::warning, 1},
                    Case{"tmpfs_of_a_user", tmpfs + " uid=7\n" + good, ""},
                    Case{"tmpfs_behind", good + tmpfs + "\n", ""},
                    Case{"rootfs",
                         "dont_measure fsname=rootfs\n" + good,
                         "root-excluded",
                         Severity::error,
                         1,
                         {.root = Root::initrd}},
                    Case{"rootfs_unsure", "dont_measure fsname=rootfs\n" + good, "root-excluded",
                         Severity::warning, 1},
                    Case{"ramfs", "dont_measure fsmagic=0x858458f6\n" + good, "root-excluded",
                         Severity::error, 1,
                         on(Root::initrd, {"ima_policy=tcb", "rootfstype=ramfs"})},
                    Case{"ramfs_beside_tmpfs",
                         "dont_measure fsmagic=0x858458f6\n" + good,
                         "",
                         Severity::warning,
                         std::nullopt,
                         {.root = Root::initrd}},
                    Case{"other_file_system", "dont_measure fsmagic=0x9fa0\n" + good, ""}),
    test_name);

INSTANTIATE_TEST_SUITE_P(
    Gaps, LintPolicy,
    testing::Values(Case{"nothing_measured", "audit func=BPRM_CHECK\n", "nothing-measured"},
                    Case{"only_comments", "# x\n", "nothing-measured"},
                    Case{"no_libraries", bprm + modules, "no-mmap-check"},
                    Case{"libraries_as_reads",
                         bprm + "measure func=FILE_CHECK mask=^MAY_READ\n" + modules, ""},
                    Case{"no_modules", bprm + "measure func=MMAP_CHECK\n", "no-module-check"},
                    Case{"no_programs", policies, ""}),
    test_name);

const std::vector<std::string> tcb = {"quiet", "ima_policy=secure_boot|tcb"};

INSTANTIATE_TEST_SUITE_P(
    Machines, LintPolicy,
    testing::Values(Case{"late", good, "loaded-late", Severity::warning, std::nullopt,
                         on(Root::disk, {"ima_policy=secure_boot"})},
                    Case{"not_late", good, "", Severity::warning, std::nullopt,
                         on(Root::disk, tcb)},
                    Case{"not_late_old_word", good, "", Severity::warning, std::nullopt,
                         on(Root::disk, {"ima_tcb"})},
                    Case{"late_on_tmpfs", good, "loaded-late", Severity::warning, std::nullopt,
                         on(Root::initrd, tcb)},
                    Case{"not_late_on_newer_tmpfs", good, "", Severity::warning, std::nullopt,
                         on(Root::initrd, tcb), "7.2"},
                    Case{"late_does_not_matter", policies, "", Severity::warning, std::nullopt,
                         on(Root::initrd, {})},
                    Case{"hash_unknown", policies, "ima-hash-unavailable", Severity::error,
                         std::nullopt, on(Root::disk, {"ima_hash=sha265", "ima_hash=sha256"})},
                    Case{"hash_there", policies, "", Severity::warning, std::nullopt,
                         on(Root::disk, {"ima_hash=sha256", "ima_hash=sha265"})},
                    Case{"padded_if_active",
                         policies,
                         "bank-padded",
                         Severity::warning,
                         std::nullopt,
                         {},
                         "6.1"},
                    Case{"padded",
                         policies,
                         "bank-padded",
                         Severity::error,
                         std::nullopt,
                         {.banks = {"sha1", "sha384"}},
                         "6.1"},
                    Case{"not_padded",
                         policies,
                         "",
                         Severity::warning,
                         std::nullopt,
                         {.banks = {"sha1", "sha256"}},
                         "6.1"},
                    Case{"not_padded_newer",
                         policies,
                         "",
                         Severity::warning,
                         std::nullopt,
                         {.banks = {"sha384"}}},
                    Case{"sha1_list",
                         policies,
                         "list-sha1-only",
                         Severity::warning,
                         std::nullopt,
                         {.banks = {"sha256"}},
                         "6.1"}),
    test_name);

// Of a kernel in which policies can be added, and one without modules.
std::string of_config(const std::string& text, const std::string& config,
                      const Machine& machine = {}) {
  const KernelFacts kernel(*known_kernel("6.12"),
                           *kconfig::Config::parse(config + "CONFIG_CRYPTO_SHA256=y\n"
                                                            "CONFIG_CRYPTO_SHA512=y\n"));
  return ids(lint_policy(text, judge_policy(text, kernel), kernel, machine));
}

TEST(LintPolicyConfig, asks_for_policy_check_where_a_second_policy_can_come) {
  EXPECT_EQ(of_config(good, "CONFIG_MODULES=y\nCONFIG_IMA_WRITE_POLICY=y\n"), "no-policy-check ");
  EXPECT_EQ(of_config(good + policies, "CONFIG_MODULES=y\nCONFIG_IMA_WRITE_POLICY=y\n"), "");
  EXPECT_EQ(of_config(good, "CONFIG_MODULES=y\n"), "");
}

TEST(LintPolicyConfig, does_not_ask_for_modules_where_there_are_none) {
  EXPECT_EQ(of_config(bprm + "measure func=MMAP_CHECK\n", ""), "");
  EXPECT_EQ(of_config(bprm + "measure func=MMAP_CHECK\n", "CONFIG_MODULES=y\n"),
            "no-module-check ");
}

TEST(LintPolicyConfig, knows_a_hash_that_is_not_built_in) {
  const Machine machine = on(Root::disk, {"ima_hash=sm3"});
  EXPECT_EQ(of_config(policies, "", machine), "ima-hash-unavailable ");
  EXPECT_EQ(of_config(policies, "CONFIG_CRYPTO_SM3=m\n", machine), "ima-hash-unavailable ");
  EXPECT_EQ(of_config(policies, "CONFIG_CRYPTO_SM3=y\n", machine), "");
}

// Without CONFIG_TMPFS the root of an initrd is a ramfs.
TEST(LintPolicyConfig, knows_what_an_initrd_is_mounted_as) {
  const Machine machine{.root = Root::initrd};
  EXPECT_EQ(of_config(tmpfs + "\n" + good, "", machine), "");
  EXPECT_EQ(of_config(tmpfs + "\n" + good, "CONFIG_TMPFS=y\n", machine), "tmpfs-excluded ");
}

TEST(LintPolicyConfig, says_nothing_of_what_it_does_not_know) {
  const KernelFacts kernel(*known_kernel("6.12"), std::nullopt);
  const std::string text = good + "measure func=KEY_CHECK\n" + policies;
  EXPECT_EQ(ids(lint_policy(text, judge_policy(text, kernel), kernel)), "");
  EXPECT_EQ(ids(lint_policy(good, judge_policy(good, kernel), kernel)), "no-policy-check ");
}

TEST(LintPolicyOrder, is_that_of_the_file) {
  const std::string text = "  measure func=BPRM_CHECK pcr=30\nmeasure fsmagic=1 mask=MAY_EXEC";
  const KernelFacts kernel = test::captured_kernel("6.12");
  EXPECT_EQ(ids(lint_policy(text, judge_policy(text, kernel), kernel)),
            "no-final-newline no-module-check leading-blanks pcr-beyond-tpm fsmagic-unknown "
            "hook-measured-twice file-in-two-pcrs ");
}

TEST(LintPolicySeverity, has_a_name) {
  EXPECT_EQ(name(Severity::error), "error");
  EXPECT_EQ(name(Severity::warning), "warning");
}

}  // namespace
}  // namespace etalon::policy
