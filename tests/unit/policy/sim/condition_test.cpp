// SPDX-License-Identifier: Apache-2.0
#include "policy/sim/condition.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "policy/lang/rule.hpp"

namespace etalon::policy {
namespace {

constexpr std::uint32_t last_id = 4294967294U;

Condition on(Subject subject, Compare compare, std::uint32_t id) {
  Condition condition;
  EXPECT_TRUE(condition.add(subject, {.id = id, .compare = compare}));
  return condition;
}

TEST(Condition, reads_as_the_policy_spells_it) {
  EXPECT_EQ(Condition().text(), "");
  EXPECT_EQ(on(Subject::uid, Compare::equal, 1001).text(), "uid=1001");
  EXPECT_EQ(on(Subject::egid, Compare::above, 99).text(), "egid>99");
  Condition two = on(Subject::uid, Compare::below, 100);
  EXPECT_TRUE(two.add(Subject::fowner, {.id = 0}));
  two.add_unknown(4);
  EXPECT_EQ(two.text(), "uid<100 and fowner=0 and line 4 matches");
}

TEST(Condition, refuses_what_no_id_fulfils) {
  Condition condition;
  EXPECT_FALSE(condition.add(Subject::uid, {.id = 0, .compare = Compare::below}));
  EXPECT_FALSE(condition.add(Subject::uid, {.id = last_id, .compare = Compare::above}));
  EXPECT_TRUE(condition.always());
}

TEST(Condition, implies_what_is_wider) {
  const Condition root = on(Subject::uid, Compare::equal, 0);
  EXPECT_TRUE(root.implies(Condition()));
  EXPECT_FALSE(Condition().implies(root));
  EXPECT_TRUE(root.implies(on(Subject::uid, Compare::below, 10)));
  EXPECT_FALSE(on(Subject::uid, Compare::below, 10).implies(root));
  EXPECT_FALSE(root.implies(on(Subject::gid, Compare::equal, 0)));
  Condition unknown = root;
  unknown.add_unknown(2);
  EXPECT_TRUE(unknown.implies(root));
  EXPECT_FALSE(root.implies(unknown));
}

TEST(Condition, excludes_another_id_of_the_same_process) {
  const Condition root = on(Subject::uid, Compare::equal, 0);
  EXPECT_TRUE(root.excludes(on(Subject::uid, Compare::above, 0)));
  EXPECT_FALSE(root.excludes(on(Subject::uid, Compare::below, 1)));
  EXPECT_FALSE(root.excludes(on(Subject::gid, Compare::equal, 5)));
  // euid= asks for several ids of a process at once.
  EXPECT_FALSE(on(Subject::euid, Compare::equal, 0).excludes(on(Subject::euid, Compare::equal, 5)));
}

TEST(CoverAll, needs_every_id_of_one_subject) {
  const auto covers = [](const std::vector<Condition>& conditions) {
    return cover_all(conditions);
  };
  EXPECT_FALSE(covers({}));
  EXPECT_TRUE(covers({Condition()}));
  EXPECT_TRUE(covers({on(Subject::uid, Compare::above, 0), on(Subject::uid, Compare::equal, 0)}));
  EXPECT_FALSE(covers({on(Subject::uid, Compare::above, 1), on(Subject::uid, Compare::equal, 0)}));
  EXPECT_FALSE(covers({on(Subject::uid, Compare::above, 0), on(Subject::gid, Compare::equal, 0)}));
  EXPECT_TRUE(covers({on(Subject::gid, Compare::below, 7), on(Subject::uid, Compare::equal, 0),
                      on(Subject::gid, Compare::above, 5)}));
  Condition unknown;
  unknown.add_unknown(3);
  EXPECT_FALSE(covers({unknown}));
}

}  // namespace
}  // namespace etalon::policy
