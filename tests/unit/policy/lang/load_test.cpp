// SPDX-License-Identifier: Apache-2.0
// Whole files, as kernels 6.1, 6.12 and 7.2 took them: all three gave the same answers.
#include "policy/lang/load.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "policy/lang/facts.hpp"
#include "policy/lang/parse.hpp"
#include "tests/unit/policy/lang/captured_kernel.hpp"

namespace etalon::policy {
namespace {

using std::string_literals::operator""s;

const std::string bprm = "measure func=BPRM_CHECK";
const std::string two = bprm + "\nmeasure func=MMAP_CHECK mask=MAY_EXEC\n";

// A rule of `size` bytes.
std::string rule_of(std::size_t size) {
  const std::string head = bprm + " fsname=";
  return head + std::string(size - head.size(), 'x');
}

std::string repeat(const std::string& text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i)
    out += text;
  return out;
}

struct FileCase {
  const char* name;
  std::string text;
  const char* lines;  // why refused when written; "" accepted
  const char* path;   // why refused by path
};

class PolicyFile : public testing::TestWithParam<FileCase> {};

TEST_P(PolicyFile, is_taken_or_refused_as_a_kernel_does) {
  for (const char* version : {"6.1", "6.12", "7.2"}) {
    const JudgedPolicy judged = judge_policy(GetParam().text, test::captured_kernel(version));
    const auto accepted = [](const char* why) {
      return *why == '\0' ? Accepted::yes : Accepted::no;
    };
    EXPECT_EQ(judged.lines.accepted, accepted(GetParam().lines)) << version;
    EXPECT_EQ(judged.lines.reason, GetParam().lines) << version;
    EXPECT_EQ(judged.path.accepted, accepted(GetParam().path)) << version;
    EXPECT_EQ(judged.path.reason, GetParam().path) << version;
  }
}

constexpr const char* no_rule = "there is no rule in it";
constexpr const char* no_newline =
    "the last line does not end in a newline, which the path form needs";
constexpr const char* return_1 = "line 1: a carriage return stands at the end of the line";

INSTANTIATE_TEST_SUITE_P(
    All, PolicyFile,
    testing::Values(FileCase{"two_rules", two, "", ""},
                    FileCase{"no_final_newline", bprm, "", no_newline},
                    FileCase{"crlf", bprm + "\r\n", return_1, return_1},
                    FileCase{"only_a_carriage_return", "\r\n" + two, return_1, return_1},
                    FileCase{"empty", "", no_rule, "the file is empty"},
                    FileCase{"only_newlines", "\n\n", no_rule, no_rule},
                    FileCase{"only_comments", "# only\n", no_rule, no_rule},
                    FileCase{"blanks", "\n  \t\n \tmeasure\tfunc=BPRM_CHECK  uid=0 \n", "", ""},
                    FileCase{"indented_comment", "  # é\n" + two, "", ""},
                    FileCase{"byte_order_mark", "\xEF\xBB\xBF" + two,
                             "line 1: unknown word '\\xef\\xbb\\xbfmeasure'",
                             "line 1: unknown word '\\xef\\xbb\\xbfmeasure'"},
                    FileCase{"form_feed", "measure\ffunc=BPRM_CHECK\n",
                             "line 1: unknown word 'measure\\x0cfunc=BPRM_CHECK'",
                             "line 1: unknown word 'measure\\x0cfunc=BPRM_CHECK'"},
                    FileCase{"continuation", "measure \\\nfunc=BPRM_CHECK\n",
                             "line 1: unknown word '\\x5c'", "line 1: unknown word '\\x5c'"},
                    FileCase{"nul", "measure\0 func=BPRM_CHECK\n"s,
                             "line 1: no action: one of measure, dont_measure, appraise, ...",
                             "line 1: a NUL byte"},
                    FileCase{"line_of_4095", rule_of(4095) + "\n", "", ""},
                    FileCase{"line_of_4096", rule_of(4096) + "\n", "", ""},
                    FileCase{"line_of_4097", rule_of(4097) + "\n", "line 1: unknown word 'x'", ""},
                    FileCase{"bad_third_line", two + "bogus\n", "line 3: unknown word 'bogus'",
                             "line 3: unknown word 'bogus'"},
                    FileCase{"thousand_rules", repeat(two, 500), "", ""},
                    FileCase{"path_in_it", "/etc/ima/other\n",
                             "line 1: a line that begins with / is taken for the path of a policy",
                             "line 1: unknown word '/etc/ima/other'"}),
    [](const auto& row) { return row.param.name; });

TEST(PolicyFileForm, is_open_when_a_line_is) {
  const KernelFacts kernel(KernelVersion{.version = 6, .patchlevel = 12}, std::nullopt);
  const JudgedPolicy judged = judge_policy("measure func=KEY_CHECK\n" + bprm + "\n", kernel);
  EXPECT_EQ(judged.lines.accepted, Accepted::unknown);
  EXPECT_EQ(judged.lines.reason, "line 1: depends on CONFIG_IMA_MEASURE_ASYMMETRIC_KEYS");
  EXPECT_EQ(judged.path.accepted, Accepted::unknown);
  const JudgedPolicy refused = judge_policy("measure func=KEY_CHECK\nbogus\n", kernel);
  EXPECT_EQ(refused.lines.accepted, Accepted::no);
}

TEST(PolicyFileForm, lists_the_rules_with_their_lines) {
  const JudgedPolicy judged =
      judge_policy("# x\n\n" + bprm + "\nbogus\n", test::captured_kernel("6.12"));
  ASSERT_EQ(judged.rules.size(), 2U);
  EXPECT_EQ(judged.rules[0].number, 3U);
  EXPECT_EQ(judged.rules[0].text, bprm);
  EXPECT_EQ(judged.rules[0].verdict.accepted, Accepted::yes);
  EXPECT_EQ(judged.rules[1].number, 4U);
  EXPECT_EQ(judged.rules[1].verdict.accepted, Accepted::no);
}

TEST(NextWrite, swallows_the_byte_behind_a_full_page) {
  const std::string rule = rule_of(4096);
  const std::string text = rule + "\n";
  const Write write = next_write(text);
  EXPECT_EQ(write.line, rule.substr(0, max_write));
  EXPECT_EQ(write.taken, 4096U);
  EXPECT_EQ(next_write("measure").taken, 8U);
  EXPECT_EQ(next_write("measure\0x"s).taken, 8U);
}

}  // namespace
}  // namespace etalon::policy
