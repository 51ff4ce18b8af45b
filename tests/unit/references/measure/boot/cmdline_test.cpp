// SPDX-License-Identifier: Apache-2.0
#include "references/measure/boot/cmdline.hpp"

#include <gtest/gtest.h>

#include "references/measure/profiles/stub.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure {
namespace {

TEST(MangleCmdline, makes_control_characters_blanks_and_cuts_the_end) {
  for (const auto leading : {LeadingBlanks::kept, LeadingBlanks::cut, LeadingBlanks::unknown}) {
    EXPECT_EQ(mangle_cmdline("a\tb\n", leading), "a b");
    EXPECT_EQ(mangle_cmdline("a  b \x1f", leading), "a  b");  // blanks are not joined
    EXPECT_EQ(mangle_cmdline("", leading), "");
    EXPECT_EQ(mangle_cmdline(" \n", leading), "");
    EXPECT_EQ(mangle_cmdline("\xc3\xa4=1", leading), "\xc3\xa4=1");
    EXPECT_EQ(mangle_cmdline("a\xf0\x9f\x98\x80z", leading), "az");  // outside 16 bits
  }
}

TEST(MangleCmdline, treats_leading_blanks_as_the_version_does) {
  EXPECT_EQ(mangle_cmdline("\n quiet", LeadingBlanks::kept), "  quiet");
  EXPECT_EQ(mangle_cmdline("\n quiet", LeadingBlanks::cut), "quiet");
  const auto unknown = mangle_cmdline(" quiet", LeadingBlanks::unknown);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::unsupported);
  EXPECT_EQ(unknown.error().text(),
            "begins with a blank, and what this stub makes of it is not known: remove it");
}

TEST(MangleCmdline, refuses_what_is_not_utf8) {
  const auto line = mangle_cmdline("a\xff", LeadingBlanks::cut);
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().code, ErrorCode::malformed);
  EXPECT_EQ(line.error().message, "not UTF-8");
}

TEST(SetsConsole, looks_at_whole_words) {
  EXPECT_TRUE(sets_console("console=ttyS0"));
  EXPECT_TRUE(sets_console("quiet console=ttyS0"));
  EXPECT_FALSE(sets_console("netconsole=1 quiet"));
  EXPECT_FALSE(sets_console(""));
}

TEST(Cmdline, passes_unchanged_without_control_characters_and_blanks_at_the_ends) {
  for (const std::string_view text : {"", "a", "a  b", "console=ttyS0 quiet"})
    EXPECT_TRUE(passes_unchanged(text)) << text;
  for (const std::string_view text : {" a", "a ", "a\tb", "a\n", " "})
    EXPECT_FALSE(passes_unchanged(text)) << text;
}

}  // namespace
}  // namespace etalon::measure
