// SPDX-License-Identifier: Apache-2.0
// Every rule that was put to a real kernel gets that kernel's verdict, errno and length.
#include <algorithm>
#include <cstddef>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "policy/lang/facts.hpp"
#include "policy/lang/load.hpp"
#include "policy/lang/parse.hpp"
#include "tests/support/source_files.hpp"
#include "tests/unit/policy/lang/captured_kernel.hpp"
#include "tools/base/bytes.hpp"

namespace etalon::policy {
namespace {

std::string text_file(const std::string& name) {
  const Bytes bytes = test::source_file("tests/data/ima-policy/" + name);
  return std::string(as_text(bytes));
}

struct Row {
  std::string verdict{};
  std::string code{};
  std::string taken{};
  std::string rule{};
};

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && i + 1 < text.size();
    if (escape && text[i + 1] == 'n') {
      out += '\n';
    } else if (escape && text[i + 1] == 't') {
      out += '\t';
    } else {
      out += text[i];
      continue;
    }
    ++i;
  }
  return out;
}

std::vector<Row> read_rows(const std::string& name) {
  std::vector<Row> rows;
  const std::string text = text_file("rules-" + name + ".tsv");
  std::string_view rest = text;
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.empty() || line.front() == '#') continue;
    std::vector<std::string_view> fields;
    for (int i = 0; i < 3; ++i) {
      const std::size_t tab = line.find('\t');
      fields.push_back(line.substr(0, tab));
      line.remove_prefix(tab + 1);
    }
    rows.push_back({.verdict = std::string(fields[0]),
                    .code = std::string(fields[1]),
                    .taken = std::string(fields[2]),
                    .rule = unescape(line)});
  }
  return rows;
}

// As the table writes it: what the kernel would answer to one write of the rule.
Row answer(const std::string& rule, const KernelFacts& kernel) {
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
  const std::vector<Row> rows = read_rows(GetParam());
  ASSERT_GE(rows.size(), 100U);
  std::size_t agreed = 0;
  for (const Row& row : rows) {
    const Row ours = answer(row.rule, kernel);
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
