// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/scope.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "policy/lang/facts.hpp"
#include "policy/lang/load.hpp"
#include "policy/lang/order.hpp"
#include "policy/lang/rule.hpp"

namespace etalon::policy {
namespace {

std::vector<OrderedRule> ordered(const std::string& text) {
  return order_rules(
      judge_policy(text, KernelFacts(last_known_kernel, std::nullopt, Labels::loaded)));
}

// The lines that decide nothing.
std::set<std::size_t> idle(const std::string& text) {
  std::set<std::size_t> lines;
  for (const OrderedRule& rule : ordered(text))
    if (rule.decides.parts.empty()) lines.insert(rule.line);
  return lines;
}

TEST(ValueSet, is_a_set_of_intervals) {
  const ValueSet low(0, 9);
  const ValueSet high(20, ValueSet::max);
  EXPECT_FALSE(low.meets(high));
  EXPECT_TRUE(low.meets(ValueSet(9, 9)));
  EXPECT_EQ(ValueSet::all().minus(low).minus(high), ValueSet(10, 19));
  EXPECT_EQ(ValueSet(5, 30).intersect(high), ValueSet(20, 30));
  EXPECT_TRUE(low.minus(ValueSet::all()).empty());
  EXPECT_EQ(ValueSet::all().minus(ValueSet()), ValueSet::all());
  EXPECT_TRUE(ValueSet::of({7, 3, 7}).minus(ValueSet(3, 3)).minus(ValueSet(7, 7)).empty());
}

TEST(Situations, are_those_the_kernel_passes) {
  const auto count = [](const std::string& text) {
    return __builtin_popcount(ordered(text + "\n").front().scope.when);
  };
  EXPECT_EQ(count("measure"), 17);  // neither keys, critical data nor security.ima
  EXPECT_EQ(count("measure mask=MAY_EXEC"), 5);
  EXPECT_EQ(count("measure func=FILE_CHECK"), 7);
  EXPECT_EQ(count("measure func=FILE_CHECK mask=MAY_READ"), 1);
  EXPECT_EQ(count("measure func=FILE_CHECK mask=^MAY_READ"), 4);
  EXPECT_EQ(count("measure func=BPRM_CHECK mask=MAY_READ"), 0);
  EXPECT_EQ(count("measure func=CRITICAL_DATA"), 1);
}

TEST(OrderedRules, first_match_decides_within_a_class) {
  EXPECT_EQ(idle("measure\nmeasure func=BPRM_CHECK\naudit func=BPRM_CHECK\n"),
            (std::set<std::size_t>{2}));
  EXPECT_EQ(idle("dont_measure func=BPRM_CHECK uid=0\nmeasure func=BPRM_CHECK uid=0\n"),
            (std::set<std::size_t>{2}));
  EXPECT_TRUE(idle("dont_measure func=BPRM_CHECK uid=0\nmeasure func=BPRM_CHECK\n").empty());
  EXPECT_EQ(idle("appraise func=SETXATTR_CHECK appraise_algos=sha1\n"
                 "appraise func=SETXATTR_CHECK appraise_algos=sha1\n"),
            (std::set<std::size_t>{2}));
}

TEST(OrderedRules, several_rules_together_shadow_one) {
  EXPECT_EQ(idle("measure uid=0\nmeasure uid>0\nmeasure func=BPRM_CHECK\n"),
            (std::set<std::size_t>{3}));
  EXPECT_EQ(idle("measure mask=MAY_EXEC uid<5\nmeasure func=BPRM_CHECK uid>4\n"
                 "dont_measure func=BPRM_CHECK fowner=3\n"),
            (std::set<std::size_t>{3}));
  EXPECT_TRUE(idle("measure uid=0\nmeasure uid>1\nmeasure func=BPRM_CHECK\n").empty());
  EXPECT_TRUE(idle("measure fsname=a\nmeasure fsname=b\nmeasure\n").empty());
}

// A process with CAP_SETUID matches euid=0 by its real id too; one without does not.
TEST(OrderedRules, uid_and_euid_are_not_each_other) {
  EXPECT_TRUE(idle("measure func=BPRM_CHECK euid=0\nmeasure func=BPRM_CHECK uid=0\n").empty());
  EXPECT_TRUE(idle("measure func=BPRM_CHECK uid=0\nmeasure func=BPRM_CHECK euid=0\n").empty());
  EXPECT_EQ(idle("measure func=BPRM_CHECK euid<3\nmeasure func=BPRM_CHECK euid=2\n"),
            (std::set<std::size_t>{2}));
}

TEST(OrderedRules, keyrings_and_labels_are_lists) {
  EXPECT_EQ(idle("measure func=KEY_CHECK keyrings=a|b\nmeasure func=KEY_CHECK keyrings=b|a\n"),
            (std::set<std::size_t>{2}));
  EXPECT_TRUE(
      idle("measure func=KEY_CHECK keyrings=a|b\nmeasure func=KEY_CHECK keyrings=a|c\n").empty());
  EXPECT_TRUE(idle("measure func=KEY_CHECK\nmeasure func=CRITICAL_DATA\n").empty());
  EXPECT_EQ(idle("measure obj_type=a\nmeasure obj_type=a subj_type=b\nmeasure obj_type=b\n"),
            (std::set<std::size_t>{2}));
}

TEST(OrderedRules, too_many_parts_hide_nothing) {
  std::string text;
  for (int i = 1; i < 200; ++i)
    text += "measure uid=" + std::to_string(2 * i) + " gid=" + std::to_string(2 * i) + "\n";
  const auto rules = ordered(text + "measure\n");
  EXPECT_FALSE(rules.back().decides.whole);
  EXPECT_FALSE(rules.back().decides.parts.empty());
}

// One access, and the kernel's own walk over it: ima_match_rules() without what is not generated.
struct Concrete {
  Situation situation{};
  std::uint64_t fsmagic = 0;
  std::uint32_t uid = 0;
  std::uint32_t fowner = 0;
};

bool satisfies(std::uint32_t id, const std::optional<Owner>& owner) {
  if (!owner) return true;
  if (owner->compare == Compare::equal) return id == owner->id;
  return owner->compare == Compare::above ? id > owner->id : id < owner->id;
}

bool walk_matches(const Rule& rule, const Concrete& access) {
  constexpr std::array bits = {may_exec, may_write, may_read, may_append};
  if (rule.func && *rule.func != access.situation.func) return false;
  if (!rule.func &&
      (access.situation.func == Func::key_check || access.situation.func == Func::critical_data ||
       access.situation.func == Func::setxattr_check))
    return false;
  if (rule.mask) {
    const unsigned bit = bits.at(static_cast<std::size_t>(rule.mask->access));
    if (rule.mask->contained ? (access.situation.access & bit) == 0
                             : access.situation.access != bit)
      return false;
  }
  if (rule.fsmagic && *rule.fsmagic != access.fsmagic) return false;
  return satisfies(access.uid, rule.user) && satisfies(access.fowner, rule.fowner);
}

class RandomPolicy {
 public:
  explicit RandomPolicy(unsigned seed) : random_(seed) {}

  std::string rule() {
    std::string text = pick({"measure", "dont_measure"});
    text += pick({"", "", " func=BPRM_CHECK", " func=FILE_CHECK", " func=MMAP_CHECK"});
    text += pick({"", "", " mask=MAY_EXEC", " mask=^MAY_READ", " mask=MAY_READ"});
    text += pick({"", "", " fsmagic=0x1", " fsmagic=0x2"});
    text += pick({"", "", " uid=1", " uid>1", " uid<2", " uid=0"});
    text += pick({"", "", " fowner=1", " fowner<1", " fowner>0"});
    return text + "\n";
  }

 private:
  std::string pick(const std::vector<std::string>& from) {
    return from.at(random_() % from.size());
  }

  std::mt19937 random_;
};

std::set<std::size_t> decided_by_walk(const std::vector<OrderedRule>& rules) {
  std::set<std::size_t> lines;
  for (const Situation& situation : situations()) {
    for (const std::uint64_t magic : {1U, 2U, 3U}) {
      for (const std::uint32_t uid : {0U, 1U, 2U, 3U}) {
        for (const std::uint32_t fowner : {0U, 1U, 2U}) {
          const Concrete access{situation, magic, uid, fowner};
          for (const OrderedRule& rule : rules) {
            if (!walk_matches(rule.rule, access)) continue;
            lines.insert(rule.line);
            break;
          }
        }
      }
    }
  }
  return lines;
}

TEST(OrderedRules, agree_with_a_walk_over_every_access) {
  RandomPolicy random(7);
  std::size_t shadowed = 0;
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (int i = 0; i < 7; ++i)
      text += random.rule();
    const auto rules = ordered(text);
    const auto decided = decided_by_walk(rules);
    for (const OrderedRule& rule : rules) {
      EXPECT_TRUE(rule.decides.whole) << text;
      EXPECT_EQ(rule.decides.parts.empty(), !decided.contains(rule.line))
          << text << "line " << rule.line;
      shadowed += rule.decides.parts.empty() ? 1 : 0;
    }
  }
  EXPECT_GT(shadowed, 100U);
}

}  // namespace
}  // namespace etalon::policy
