// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/describe.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "policy/lang/facts.hpp"
#include "policy/lang/file_system_types.hpp"
#include "policy/lang/parse.hpp"
#include "tests/unit/policy/lang/captured_kernel.hpp"

namespace etalon::policy {
namespace {

std::string described(const std::string& text) {
  const Verdict verdict =
      judge_rule(text, KernelFacts(last_known_kernel, std::nullopt, Labels::loaded));
  return verdict.rule ? describe_rule(*verdict.rule) : "refused: " + verdict.reason;
}

TEST(DescribeRule, says_what_it_does_to_what_and_when) {
  EXPECT_EQ(described("measure func=BPRM_CHECK uid=1001"),
            "Measures programs and #! scripts that are executed, for processes of user 1001.");
  EXPECT_EQ(described("dont_measure fsmagic=0x01021994"),
            "Does not measure any file that is opened, executed, mapped to execute or read by "
            "the kernel, on devtmpfs, tmpfs.");
  EXPECT_EQ(described("measure func=FILE_CHECK mask=^MAY_READ euid>999 egid=5 fowner<3 fgroup=4"),
            "Measures files opened for reading, for processes of effective users above 999, "
            "effective group 5, owned by users below 3, owned by group 4.");
  EXPECT_EQ(described("measure func=MODULE_CHECK pcr=11 template=ima-modsig"),
            "Measures kernel modules loaded from a file, into PCR 11, with template ima-modsig.");
  EXPECT_EQ(described("measure func=KEY_CHECK keyrings=.ima|.evm"),
            "Measures keys added to a keyring, to keyring .ima or .evm.");
  EXPECT_EQ(described("measure func=CRITICAL_DATA label=selinux"),
            "Measures critical data of the kernel, labelled selinux.");
  EXPECT_EQ(described("measure func=BPRM_CHECK digest_type=verity permit_directio"),
            "Measures programs and #! scripts that are executed, by its fs-verity digest, also "
            "when opened for direct I/O.");
  EXPECT_EQ(described("appraise func=MODULE_CHECK appraise_type=imasig"),
            "Refuses access unless it can verify kernel modules loaded from a file, by the "
            "signature in security.ima.");
  EXPECT_EQ(described("measure func=BPRM_CHECK mask=MAY_WRITE"),
            "Measures programs and #! scripts that are executed (which no access ever matches).");
}

TEST(DescribeRule, prints_on_one_line_whatever_it_names) {
  EXPECT_EQ(described("measure obj_type=a\x01 fsname=\xff"),
            "Measures every file that is opened, executed, mapped to execute or read by the "
            "kernel, with obj_type a\\x01, on file systems of type \\xff.");
  EXPECT_EQ(described("measure fsmagic=0x7"),
            "Measures every file that is opened, executed, mapped to execute or read by the "
            "kernel, on file systems with magic 0x7.");
}

TEST(DescribeRule, has_words_for_every_rule_a_kernel_takes) {
  const KernelFacts kernel = test::captured_kernel("7.2");
  for (const test::CapturedRule& row : test::captured_rules("7.2")) {
    const Verdict verdict = judge_rule(row.rule.substr(0, row.rule.find('\n')), kernel);
    if (!verdict.rule) continue;
    const std::string text = describe_rule(*verdict.rule);
    EXPECT_TRUE(text.ends_with('.')) << text;
    EXPECT_EQ(text.find("  "), std::string::npos) << text;
    EXPECT_EQ(text.find(", ,"), std::string::npos) << text;
    EXPECT_TRUE(std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; })) << text;
  }
}

TEST(FileSystems, are_found_by_name_and_by_magic) {
  EXPECT_EQ(magic_of("tmpfs"), std::optional<std::uint64_t>(tmpfs_magic));
  EXPECT_EQ(magic_of("nosuchfs"), std::nullopt);
  EXPECT_EQ(names_of(0xef53), "ext2, ext3, ext4");
  EXPECT_EQ(names_of(ramfs_magic), "ramfs");
  EXPECT_EQ(names_of(0x137f), "minix");
  EXPECT_EQ(names_of(7), "");
  EXPECT_TRUE(std::ranges::is_sorted(file_system_types(), {}, &FileSystemType::name));
}

}  // namespace
}  // namespace etalon::policy
