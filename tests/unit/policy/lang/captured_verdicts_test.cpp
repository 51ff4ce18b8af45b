// SPDX-License-Identifier: Apache-2.0
// Every rule that was put to a real kernel gets that kernel's verdict, errno and length.
#include <algorithm>
#include <cstddef>
#include <iostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "policy/lang/facts.hpp"
#include "policy/lang/load.hpp"
#include "policy/lang/parse.hpp"
#include "tests/unit/policy/lang/captured_kernel.hpp"

namespace etalon::policy {
namespace {

// As the table writes it: what the kernel would answer to one write of the rule.
test::CapturedRule answer(const std::string& rule, const KernelFacts& kernel) {
  const Write write = next_write(rule);
  const Verdict verdict = judge_rule(write.line, kernel);
  switch (verdict.accepted) {
    case Accepted::yes:
      return {.verdict = "accept", .taken = std::to_string(write.taken), .rule = rule};
    case Accepted::no:
      return {
          .verdict = "reject", .code = verdict.code == Errno::erange ? "34" : "22", .rule = rule};
    case Accepted::unknown:
      return {.verdict = "unknown: " + verdict.reason, .rule = rule};
  }
  return {};
}

class CapturedVerdicts : public testing::TestWithParam<const char*> {};

TEST_P(CapturedVerdicts, are_the_parsers) {
  const KernelFacts kernel = test::captured_kernel(GetParam());
  const std::vector<test::CapturedRule> rows = test::captured_rules(GetParam());
  ASSERT_GE(rows.size(), 100U);
  std::size_t agreed = 0;
  for (const test::CapturedRule& row : rows) {
    const test::CapturedRule ours = answer(row.rule, kernel);
    const bool same =
        ours.verdict == row.verdict && ours.code == row.code && ours.taken == row.taken;
    EXPECT_TRUE(same) << row.rule.substr(0, 200) << "\n  kernel " << row.verdict << " " << row.code
                      << " " << row.taken << "\n  ours   " << ours.verdict << " " << ours.code
                      << " " << ours.taken;
    agreed += same ? 1 : 0;
  }
  std::cout << "Linux " << GetParam() << ": " << agreed << " of " << rows.size()
            << " verdicts agree\n";
}

INSTANTIATE_TEST_SUITE_P(All, CapturedVerdicts, testing::Values("6.1", "6.12", "7.2"),
                         [](const auto& row) {
                           std::string name = row.param;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace etalon::policy
