// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/diff.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "references/eventlog/event.hpp"
#include "references/eventlog/expectation.hpp"
#include "references/eventlog/log_codec.hpp"
#include "references/eventlog/untrusted_log.hpp"
#include "tests/support/fixtures.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"

namespace etalon::eventlog {
namespace {

constexpr RegisterId pcr4 = RegisterId::pcr<4>();
constexpr RegisterId pcr9 = RegisterId::pcr<9>();
constexpr std::array two_banks = {HashAlg::sha256, HashAlg::sha384};

Event event(RegisterId reg, std::string_view what, std::span<const HashAlg> banks = two_banks) {
  return {.reg = reg,
          .type = EventType::ipl,
          .digests = hash_all(banks, as_bytes(what)),
          .data = to_bytes(what)};
}

Event free_event(RegisterId reg) {
  return {.reg = reg, .type = EventType::ipl};
}

Expectation expect(Expectation::Status status) {
  return {.status = status};
}

LogDifference diff(const PredictedLog& predicted, const EventLog& observed) {
  auto difference = diff_logs(predicted, observed);
  EXPECT_TRUE(difference.has_value()) << difference.error().text();
  return difference.value_or(LogDifference{});
}

TEST(Diff, finds_equal_logs_equal) {
  const EventLog log = {event(pcr4, "a"), event(pcr9, "x"), event(pcr4, "b")};
  const LogDifference difference = diff({.events = log}, log);
  EXPECT_TRUE(difference.registers.empty());
  EXPECT_EQ(difference.equal, (std::vector{pcr4, pcr9}));
  EXPECT_TRUE(difference.unstated.empty());
}

TEST(Diff, names_the_one_event_that_changed_as_the_sole_cause) {
  const EventLog predicted = {event(pcr9, "x"), event(pcr4, "a"), event(pcr4, "b"),
                              event(pcr4, "c")};
  const EventLog observed = {event(pcr4, "a"), event(pcr4, "B"), event(pcr9, "x"),
                             event(pcr4, "c")};
  const LogDifference difference = diff({.events = predicted}, observed);
  ASSERT_EQ(difference.registers.size(), 1U);
  const RegisterDifference& found = difference.registers[0];
  EXPECT_EQ(found.reg, pcr4);
  EXPECT_EQ(found.first.pairing, Pairing::changed);
  EXPECT_EQ(found.first.index, 1U);
  EXPECT_EQ(found.first.expected, 2U);
  EXPECT_EQ(found.first.observed, 1U);
  EXPECT_EQ(found.count, 1U);
  EXPECT_TRUE(found.sole_cause);
  EXPECT_EQ(difference.equal, std::vector{pcr9});
}

TEST(Diff, proves_a_missing_and_an_additional_event) {
  const EventLog all = {event(pcr4, "a"), event(pcr4, "b"), event(pcr4, "c")};
  const EventLog fewer = {all[0], all[2]};
  const LogDifference missing = diff({.events = all}, fewer);
  ASSERT_EQ(missing.registers.size(), 1U);
  EXPECT_EQ(missing.registers[0].first.pairing, Pairing::missing);
  EXPECT_EQ(missing.registers[0].first.observed, std::nullopt);
  EXPECT_TRUE(missing.registers[0].sole_cause);
  const LogDifference extra = diff({.events = fewer}, all);
  ASSERT_EQ(extra.registers.size(), 1U);
  EXPECT_EQ(extra.registers[0].first.pairing, Pairing::extra);
  EXPECT_EQ(extra.registers[0].first.expected, std::nullopt);
  EXPECT_EQ(extra.registers[0].first.observed, 1U);
  EXPECT_TRUE(extra.registers[0].sole_cause);
}

TEST(Diff, denies_a_sole_cause_where_two_events_changed) {
  const EventLog predicted = {event(pcr4, "a"), event(pcr4, "b"), event(pcr4, "c")};
  const EventLog observed = {event(pcr4, "A"), event(pcr4, "b"), event(pcr4, "C")};
  const LogDifference difference = diff({.events = predicted}, observed);
  ASSERT_EQ(difference.registers.size(), 1U);
  EXPECT_EQ(difference.registers[0].count, 2U);
  EXPECT_EQ(difference.registers[0].first.index, 0U);
  EXPECT_FALSE(difference.registers[0].sole_cause);
}

TEST(Diff, denies_a_sole_cause_where_only_the_order_changed) {
  const EventLog predicted = {event(pcr4, "a"), event(pcr4, "b")};
  const EventLog observed = {event(pcr4, "b"), event(pcr4, "a")};
  const LogDifference difference = diff({.events = predicted}, observed);
  ASSERT_EQ(difference.registers.size(), 1U);
  EXPECT_FALSE(difference.registers[0].sole_cause);
}

TEST(Diff, lets_a_free_event_be_anything_and_folds_what_it_was) {
  PredictedLog predicted{.events = {event(pcr4, "a"), free_event(pcr4), event(pcr4, "c")}};
  EXPECT_TRUE(
      diff(predicted, {event(pcr4, "a"), event(pcr4, "any"), event(pcr4, "c")}).registers.empty());
  const LogDifference changed =
      diff(predicted, {event(pcr4, "a"), event(pcr4, "any"), event(pcr4, "C")});
  ASSERT_EQ(changed.registers.size(), 1U);
  EXPECT_EQ(changed.registers[0].first.index, 2U);
  EXPECT_TRUE(changed.registers[0].sole_cause);
  const LogDifference absent = diff(predicted, {event(pcr4, "a"), event(pcr4, "c")});
  ASSERT_EQ(absent.registers.size(), 1U);
  EXPECT_EQ(absent.registers[0].first.pairing, Pairing::missing);
  EXPECT_TRUE(absent.registers[0].sole_cause);
  // with another one wrong, what the free event would have been is not known
  predicted.events[0] = event(pcr4, "A");
  const LogDifference both = diff(predicted, {event(pcr4, "a")});
  ASSERT_EQ(both.registers.size(), 1U);
  EXPECT_FALSE(both.registers[0].sole_cause);
}

TEST(Diff, holds_zero_registers_to_zero_and_leaves_unpredictable_ones) {
  PredictedLog predicted{.events = {event(pcr4, "a")},
                         .registers = {{pcr9, expect(Expectation::Status::zero)}}};
  EXPECT_EQ(diff(predicted, {event(pcr4, "a")}).equal, (std::vector{pcr4, pcr9}));
  const LogDifference touched = diff(predicted, {event(pcr4, "a"), event(pcr9, "x")});
  ASSERT_EQ(touched.registers.size(), 1U);
  EXPECT_EQ(touched.registers[0].reg, pcr9);
  EXPECT_EQ(touched.registers[0].first.pairing, Pairing::extra);
  EXPECT_TRUE(touched.registers[0].sole_cause);
  predicted.registers.at(pcr9) = expect(Expectation::Status::unpredictable);
  predicted.events.push_back(event(pcr9, "y"));
  const LogDifference left = diff(predicted, {event(pcr4, "a"), event(pcr9, "x")});
  EXPECT_TRUE(left.registers.empty());
  EXPECT_EQ(left.unstated, std::vector{pcr9});
}

TEST(Diff, lists_what_the_prediction_does_not_state) {
  const LogDifference difference =
      diff({.events = {event(pcr4, "a")}}, {event(pcr4, "a"), event(pcr9, "x")});
  EXPECT_TRUE(difference.registers.empty());
  EXPECT_EQ(difference.unstated, std::vector{pcr9});
}

TEST(Diff, notes_another_type_with_the_right_digest) {
  EventLog observed = {event(pcr4, "a"), event(pcr4, "b")};
  observed[1].type = EventType::efi_action;
  const LogDifference difference = diff({.events = {event(pcr4, "a"), event(pcr4, "b")}}, observed);
  EXPECT_TRUE(difference.registers.empty());
  ASSERT_EQ(difference.relabelled.size(), 1U);
  EXPECT_EQ(difference.relabelled[0].observed, 1U);
}

TEST(Diff, starts_pcr_0_at_the_observed_locality) {
  const RegisterId pcr0 = RegisterId::pcr<0>();
  Event locality{.reg = pcr0, .type = EventType::no_action};
  locality.data = to_bytes(std::string_view("StartupLocality\0\3", 17));
  const LogDifference difference =
      diff({.events = {event(pcr0, "a")}}, {locality, event(pcr0, "b")});
  ASSERT_EQ(difference.registers.size(), 1U);
  EXPECT_EQ(difference.registers[0].first.observed, 1U);
  EXPECT_TRUE(difference.registers[0].sole_cause);
}

TEST(Diff, compares_the_banks_that_both_have) {
  constexpr std::array one = {HashAlg::sha256};
  const LogDifference difference = diff({.events = {event(pcr4, "a"), event(pcr4, "b")}},
                                        {event(pcr4, "a", one), event(pcr4, "B", one)});
  ASSERT_EQ(difference.registers.size(), 1U);
  EXPECT_TRUE(difference.registers[0].sole_cause);
}

TEST(Diff, refuses_logs_without_a_common_bank) {
  const auto difference = diff_logs({.events = {event(pcr4, "a", std::array{HashAlg::sha1})}},
                                    EventLog{event(pcr4, "a", std::array{HashAlg::sha256})});
  ASSERT_FALSE(difference.has_value());
  EXPECT_EQ(difference.error().code, ErrorCode::mismatch);
  EXPECT_EQ(difference.error().message,
            "no bank in which all events of pcr4 have digests in both logs");
}

TEST(Diff, refuses_a_log_of_another_kind_of_machine) {
  const auto difference =
      diff_logs({.events = {event(pcr4, "a")}}, EventLog{event(RegisterId::rtmr<1>(), "a")});
  ASSERT_FALSE(difference.has_value());
  EXPECT_EQ(difference.error().code, ErrorCode::mismatch);
  EXPECT_EQ(difference.error().message,
            "the prediction says nothing about rtmr1 or any register like it: it is for another "
            "kind of machine");
}

TEST(Diff, refuses_a_prediction_that_states_nothing) {
  const EventLog observed = {event(pcr4, "a")};
  const PredictedLog vague{.events = {},
                           .registers = {{pcr4, expect(Expectation::Status::unpredictable)}}};
  for (const PredictedLog& predicted : {PredictedLog{}, vague}) {
    const auto difference = diff_logs(predicted, observed);
    ASSERT_FALSE(difference.has_value());
    EXPECT_EQ(difference.error().code, ErrorCode::mismatch);
    EXPECT_EQ(difference.error().message, "the prediction states no register of this log");
  }
}

TEST(Diff, tells_which_variants_predict_what_was_observed) {
  const EventLog observed = {event(pcr4, "B"), event(pcr9, "X")};
  const std::vector<Variant> variants = {
      {.name = "stub 254", .log = {.events = {event(pcr4, "B"), event(pcr9, "x")}}},
      {.name = "other disk", .log = {.events = {event(pcr4, "C"), event(pcr9, "X")}}},
      {.name = "nothing of pcr9", .log = {.events = {event(pcr4, "B")}}}};
  const auto difference =
      diff_logs({.events = {event(pcr4, "b"), event(pcr9, "x")}}, observed, variants);
  ASSERT_TRUE(difference.has_value());
  ASSERT_EQ(difference->registers.size(), 2U);
  EXPECT_EQ(difference->registers[0].matches,
            (std::vector<std::string>{"stub 254", "nothing of pcr9"}));
  EXPECT_EQ(difference->registers[1].matches, std::vector<std::string>{"other disk"});
}

// Pairs of real boots. What differs between the two is in tests/data/eventlog/README.md.
EventLog captured(std::string_view name) {
  const auto bytes = test::test_data("eventlog/" + std::string(name) + ".tcg");
  EXPECT_TRUE(bytes.has_value());
  const auto log = decode_log(*bytes);
  EXPECT_TRUE(log.has_value());
  return to_events(*log).value_or(EventLog{});
}

struct Found {
  std::string reg;
  Pairing pairing;
  std::size_t index;
  std::size_t count;
  bool sole;

  bool operator==(const Found&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Found& found) {
  return out << found.reg << ' ' << name(found.pairing) << ' ' << found.index << ' ' << found.count
             << (found.sole ? " sole" : "");
}

std::vector<Found> differences(std::string_view one, std::string_view other) {
  std::vector<Found> found;
  for (const RegisterDifference& each :
       diff({.events = captured(one)}, captured(other)).registers) {
    found.push_back(
        {each.reg.text(), each.first.pairing, each.first.index, each.count, each.sole_cause});
  }
  return found;
}

TEST(DiffCaptured, two_boots_of_one_input_differ_in_the_time_in_the_uki_header) {
  EXPECT_EQ(differences("sd-6.1-exec", "sd-6.1-exec2"),
            (std::vector<Found>{{"pcr4", Pairing::changed, 2, 1, true}}));
}

TEST(DiffCaptured, stub_254_measures_uname_and_sbat_as_well) {
  EXPECT_EQ(differences("uki-252", "uki-254"),
            (std::vector<Found>{{"pcr4", Pairing::changed, 2, 1, true},
                                {"pcr11", Pairing::extra, 8, 4, false}}));
}

TEST(DiffCaptured, stub_257_adds_to_the_initrd) {
  EXPECT_EQ(differences("uki-254", "uki-257"),
            (std::vector<Found>{{"pcr4", Pairing::changed, 2, 1, true},
                                {"pcr9", Pairing::changed, 1, 1, true},
                                {"pcr11", Pairing::changed, 11, 1, true}}));
}

TEST(DiffCaptured, secure_boot_changes_more_than_one_event) {
  const auto found = differences("uki-6.12-sb", "uki-6.12-stub257-tis");
  const auto pcr7 = std::ranges::find(found, std::string("pcr7"), &Found::reg);
  ASSERT_NE(pcr7, found.end());
  EXPECT_EQ(pcr7->index, 0U);
  EXPECT_EQ(pcr7->count, 6U);
  EXPECT_FALSE(pcr7->sole);
}

}  // namespace
}  // namespace etalon::eventlog
