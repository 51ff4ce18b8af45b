// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/lint.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

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
};

class LintPolicy : public testing::TestWithParam<Case> {};

TEST_P(LintPolicy, finds_what_is_there_and_nothing_else) {
  const std::string& text = GetParam().text;
  const auto findings = lint_policy(text, judge_policy(text, test::captured_kernel("6.12")));
  if (*GetParam().id == '\0') {
    EXPECT_TRUE(findings.empty()) << findings.front().id;
    return;
  }
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings.front().id, GetParam().id);
  EXPECT_EQ(findings.front().severity, GetParam().severity);
  EXPECT_EQ(findings.front().line, GetParam().line);
  EXPECT_FALSE(findings.front().message.empty());
  EXPECT_FALSE(findings.front().fix.empty());
}

const std::string good = "measure func=BPRM_CHECK\n";
const std::string tmpfs = "dont_measure fsmagic=0x01021994";

INSTANTIATE_TEST_SUITE_P(
    All, LintPolicy,
    testing::Values(Case{"good", good, ""},
                    Case{"no_final_newline", "measure func=BPRM_CHECK", "no-final-newline"},
                    Case{"line_that_just_fits",
                         good + "# " + std::string(9000, 'x') + "\n" +
                             "measure fsname=" + std::string(4080, 'x') + "\n",
                         ""},
                    Case{"long_line", "measure fsname=" + std::string(4081, 'x') + "\n",
                         "long-line", Severity::error, 1},
                    Case{"last_pcr", "measure pcr=23\n", ""},
                    Case{"pcr_beyond", good + "measure pcr=24\n", "pcr-beyond-tpm", Severity::error,
                         2},
                    Case{"tmpfs", tmpfs + "\n" + good, "tmpfs-excluded", Severity::warning, 1},
                    Case{"tmpfs_of_reads", tmpfs + " func=FILE_CHECK\n" + good, ""},
                    Case{"tmpfs_of_a_user", tmpfs + " uid=7\n" + good, ""},
                    Case{"tmpfs_behind", good + tmpfs + "\n", ""},
                    Case{"other_file_system", "dont_measure fsmagic=0x9fa0\n" + good, ""},
                    Case{"refused", "audit func=BPRM_CHECK\nbogus\n", ""},
                    Case{"nothing_measured", "audit func=BPRM_CHECK\n", "nothing-measured"}),
    [](const auto& row) { return row.param.name; });

TEST(LintPolicySeverity, has_a_name) {
  EXPECT_EQ(name(Severity::error), "error");
  EXPECT_EQ(name(Severity::warning), "warning");
}

}  // namespace
}  // namespace etalon::policy
