// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/align.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "references/eventlog/event.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/registers.hpp"

namespace etalon::eventlog {
namespace {

constexpr std::array bank = {HashAlg::sha256};

// "name" or "name:content"; an event of EV_IPL, or EV_SEPARATOR for "|", free for "name:*".
Event event(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view data = text.substr(0, colon);
  const std::string_view content = colon == text.npos ? text : text.substr(colon + 1);
  Event result{.reg = RegisterId::pcr<11>(),
               .type = text == "|" ? EventType::separator : EventType::ipl,
               .data = to_bytes(data)};
  if (content != "*") result.digests = hash_all(bank, as_bytes(content));
  return result;
}

EventLog log(std::string_view words) {
  EventLog events;
  while (!words.empty()) {
    const std::size_t space = words.find(' ');
    events.push_back(event(words.substr(0, space)));
    words.remove_prefix(space == words.npos ? words.size() : space + 1);
  }
  return events;
}

std::vector<const Event*> pointers(const EventLog& events) {
  std::vector<const Event*> result;
  for (const Event& each : events)
    result.push_back(&each);
  return result;
}

// "=" equal, "~" changed, "-" missing, "+" extra.
std::string shape(std::string_view expected, std::string_view observed) {
  const EventLog left = log(expected);
  const EventLog right = log(observed);
  std::string text;
  std::size_t i = 0;
  std::size_t j = 0;
  for (const AlignedPair& pair : align(pointers(left), pointers(right))) {
    if (pair.expected) EXPECT_EQ(*pair.expected, i++);
    if (pair.observed) EXPECT_EQ(*pair.observed, j++);
    const bool both = pair.pairing == Pairing::equal || pair.pairing == Pairing::changed;
    EXPECT_EQ(pair.expected.has_value(), both || pair.pairing == Pairing::missing);
    EXPECT_EQ(pair.observed.has_value(), both || pair.pairing == Pairing::extra);
    text += "=~-+"[static_cast<std::size_t>(pair.pairing)];
  }
  EXPECT_EQ(i, left.size());
  EXPECT_EQ(j, right.size());
  return text;
}

struct Case {
  std::string_view expected;
  std::string_view observed;
  std::string_view shape;
};

class Align : public testing::TestWithParam<Case> {};

TEST_P(Align, pairs_at_the_least_cost) {
  EXPECT_EQ(shape(GetParam().expected, GetParam().observed), GetParam().shape);
}

INSTANTIATE_TEST_SUITE_P(
    Lists, Align,
    testing::Values(Case{"", "", ""}, Case{"a b c", "a b c", "==="}, Case{"a b c", "a c", "=-="},
                    Case{"a c", "a b c", "=+="}, Case{"a b:1 c", "a b:2 c", "=~="},
                    Case{"", "a b", "++"}, Case{"a b", "", "--"},
                    // the one of the same name changed, whichever end it is at
                    Case{"a b:1", "b:2", "-~"}, Case{"a b:1 c", "b:2 x c", "~~="},
                    // of two equal events either could be the missing one: the later is left out
                    Case{"a a", "a", "=-"},
                    // events of different types never are one event that changed
                    Case{"a | b", "a x b", "=-+="},
                    // as many changes as possible, at the beginning
                    Case{"a:1 b:1", "x:2", "~-"}, Case{"a:1 b c d:1", "a:2 b c d:2 e", "~==~+"},
                    Case{"a b c d e f", "a c d x e", "=-==+=-"}));

TEST(AlignFree, equals_any_event_of_its_type) {
  EXPECT_EQ(shape("a b:* c", "a b:9 c"), "===");
  EXPECT_EQ(shape("a b:* c", "a c"), "=-=");
  EXPECT_EQ(shape("a b:*", "a |"), "=-+");
}

TEST(AlignBanks, compare_those_both_have) {
  const std::array two = {HashAlg::sha1, HashAlg::sha256};
  Event both = event("a");
  both.digests = hash_all(two, as_bytes("a"));
  EXPECT_TRUE(same_measurement(event("a"), both));
  both.digests.set(AnyDigest::zero(HashAlg::sha1));
  EXPECT_TRUE(same_measurement(event("a"), both));
  Event other = both;
  other.digests.set(AnyDigest::zero(HashAlg::sha256));
  EXPECT_FALSE(same_measurement(both, other));
  Event sha1_only = both;
  sha1_only.digests = hash_all(std::array{HashAlg::sha1}, as_bytes("a"));
  EXPECT_FALSE(same_measurement(event("a"), sha1_only)) << "nothing was compared";
}

TEST(AlignLong, pairs_by_place_beyond_the_cap) {
  const EventLog left = log("same");
  const std::size_t many = 2100;
  ASSERT_GT(many * many, max_align_cells);
  std::vector<const Event*> expected(many, nullptr);
  std::vector<const Event*> observed(many - 1, nullptr);
  const Event one = event("x:1");
  const Event two = event("x:2");
  for (const Event*& each : expected)
    each = &one;
  for (const Event*& each : observed)
    each = &two;
  const auto pairs = align(expected, observed);
  ASSERT_EQ(pairs.size(), many);
  EXPECT_EQ(pairs[many - 2].pairing, Pairing::changed);
  EXPECT_EQ(pairs[many - 1].pairing, Pairing::missing);
}

TEST(PairingName, says_what_happened) {
  EXPECT_EQ(name(Pairing::equal), "equal");
  EXPECT_EQ(name(Pairing::changed), "changed");
  EXPECT_EQ(name(Pairing::missing), "missing");
  EXPECT_EQ(name(Pairing::extra), "extra");
}

}  // namespace
}  // namespace etalon::eventlog
