// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/explain.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "policy/lang/facts.hpp"
#include "policy/lang/load.hpp"
#include "policy/lang/order.hpp"
#include "policy/lang/parse.hpp"

namespace etalon::policy {
namespace {

Explanation explained(const std::string& text) {
  return explain_policy(
      judge_each_line(text, KernelFacts(last_known_kernel, std::nullopt, Labels::loaded)));
}

const Coverage& subject(const Explanation& explanation, std::string_view id,
                        std::size_t action_class = 0) {
  static const Coverage none;
  const auto& subjects = explanation.classes.at(action_class).subjects;
  const auto found = std::ranges::find(subjects, id, &Coverage::id);
  EXPECT_NE(found, subjects.end()) << id;
  return found == subjects.end() ? none : *found;
}

bool has_gap(const Explanation& explanation, std::string_view part) {
  return std::ranges::any_of(explanation.gaps, [part](const std::string& gap) {
    return gap.find(part) != std::string::npos;
  });
}

// What is executed by a user is measured; what it maps, reads and loads is not.
TEST(ExplainPolicy, says_what_a_users_programs_do_unseen) {
  const Explanation explanation =
      explained("dont_measure func=BPRM_CHECK uid=0\nmeasure func=BPRM_CHECK uid=1001\n");
  const Coverage& executed = subject(explanation, "executed");
  EXPECT_EQ(executed.covered, Covered::part);
  ASSERT_EQ(executed.decisions.size(), 2U);
  EXPECT_FALSE(executed.decisions.at(0).covered);
  EXPECT_EQ(executed.decisions.at(0).which, "for processes of user 0");
  EXPECT_TRUE(executed.decisions.at(1).covered);
  EXPECT_TRUE(executed.rest);
  for (const char* id : {"mapped", "read", "modules"}) {
    EXPECT_EQ(subject(explanation, id).covered, Covered::no) << id;
    EXPECT_TRUE(subject(explanation, id).decisions.empty()) << id;
  }
  ASSERT_FALSE(explanation.gaps.empty());
  EXPECT_EQ(explanation.gaps.front(),
            "line 2 measures what is executed for processes of user 1001; of the same processes no "
            "rule measures: libraries and other files mapped to execute; files that are read: "
            "scripts run as `sh FILE`, configuration, data; kernel modules loaded from a file; "
            "firmware that drivers load");
  EXPECT_TRUE(has_gap(explanation, "never measured: kernel modules loaded from a file"));
}

TEST(ExplainPolicy, sees_what_is_measured_for_that_user_after_all) {
  const Explanation explanation = explained(
      "measure func=BPRM_CHECK uid=1001\nmeasure func=MMAP_CHECK\nmeasure func=MODULE_CHECK uid=0\n"
      "measure func=FILE_CHECK uid=1001\nmeasure func=FIRMWARE_CHECK uid>1000\n");
  ASSERT_FALSE(explanation.gaps.empty());
  EXPECT_EQ(explanation.gaps.front(),
            "line 1 measures what is executed for processes of user 1001; of the same processes no "
            "rule measures: kernel modules loaded from a file");
}

TEST(ExplainPolicy, knows_yes_from_part) {
  const Explanation explanation = explained(
      "dont_measure fsmagic=0x9fa0\nmeasure func=BPRM_CHECK uid=0\nmeasure func=BPRM_CHECK uid>0\n"
      "measure func=MODULE_CHECK\n");
  EXPECT_EQ(subject(explanation, "executed").covered, Covered::part);
  EXPECT_FALSE(subject(explanation, "executed").rest);
  const Explanation whole = explained(
      "measure func=BPRM_CHECK uid=0\nmeasure func=BPRM_CHECK uid>0\ndont_measure "
      "func=BPRM_CHECK\n");
  EXPECT_EQ(subject(whole, "executed").covered, Covered::yes);
  EXPECT_EQ(subject(whole, "executed").decisions.size(), 2U);
  EXPECT_EQ(subject(explained("measure\n"), "executed").decisions.front().which, "all");
  EXPECT_EQ(subject(explained("measure func=BPRM_CHECK uid=3\nmeasure\n"), "executed")
                .decisions.back()
                .which,
            "all others");
}

TEST(ExplainPolicy, says_when_only_some_ways_are_seen) {
  const Explanation explanation = explained("measure func=FILE_CHECK mask=MAY_READ\n");
  const Coverage& read = subject(explanation, "read");
  EXPECT_EQ(read.covered, Covered::part);
  EXPECT_EQ(read.decisions.front().which, "all, by some of the ways");
  EXPECT_EQ(subject(explanation, "read-written").covered, Covered::no);
}

TEST(ExplainPolicy, does_not_miss_what_another_hook_sees) {
  EXPECT_FALSE(has_gap(explained("measure func=CREDS_CHECK\n"), "programs and #! scripts"));
  EXPECT_FALSE(has_gap(explained("measure func=MMAP_CHECK_REQPROT\n"), "mapped to execute ("));
  EXPECT_TRUE(has_gap(explained("measure func=MMAP_CHECK\n"), "programs and #! scripts"));
}

TEST(ExplainPolicy, keeps_classes_apart) {
  const Explanation explanation =
      explained("appraise func=MODULE_CHECK appraise_type=imasig\naudit func=BPRM_CHECK\n");
  ASSERT_EQ(explanation.classes.size(), 3U);
  EXPECT_EQ(explanation.classes.at(0).action_class, ActionClass::measure);
  EXPECT_EQ(explanation.classes.at(1).action_class, ActionClass::appraise);
  EXPECT_EQ(explanation.classes.at(2).action_class, ActionClass::audit);
  EXPECT_EQ(subject(explanation, "modules").covered, Covered::no);
  EXPECT_EQ(subject(explanation, "modules", 1).covered, Covered::yes);
  EXPECT_EQ(subject(explanation, "executed", 2).covered, Covered::yes);
}

TEST(ExplainPolicy, tells_of_rules_that_are_refused_or_open) {
  const Explanation explanation =
      explained("# comment\nmeasure bogus\nmeasure func=KEY_CHECK\nmeasure obj_type=a\n");
  ASSERT_EQ(explanation.rules.size(), 3U);
  EXPECT_EQ(explanation.rules.at(0).accepted, Accepted::no);
  EXPECT_EQ(explanation.rules.at(0).text, "measure bogus");
  EXPECT_TRUE(explanation.rules.at(0).meaning.empty());
  EXPECT_EQ(explanation.rules.at(0).reason, "unknown word 'bogus'");
  EXPECT_EQ(explanation.rules.at(1).accepted, Accepted::unknown);
  EXPECT_EQ(explanation.rules.at(1).meaning, "Measures keys added to a keyring.");
  EXPECT_EQ(explanation.rules.at(1).reason, "depends on CONFIG_IMA_MEASURE_ASYMMETRIC_KEYS");
  EXPECT_EQ(explanation.rules.at(2).reason, "depends on CONFIG_IMA_LSM_RULES");
  EXPECT_EQ(subject(explanation, "keys").covered, Covered::yes);
}

TEST(ExplainPolicy, has_a_name_for_how_much_is_covered) {
  EXPECT_EQ(name(Covered::no), "no");
  EXPECT_EQ(name(Covered::part), "part");
  EXPECT_EQ(name(Covered::yes), "yes");
  EXPECT_FALSE(explained("measure\n").limits.empty());
}

}  // namespace
}  // namespace etalon::policy
