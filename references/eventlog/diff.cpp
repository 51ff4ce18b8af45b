// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/diff.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "references/eventlog/align.hpp"
#include "references/eventlog/event.hpp"
#include "references/eventlog/expectation.hpp"
#include "references/eventlog/replay.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"

namespace etalon::eventlog {
namespace {

// The events that extend one register, with their places in the log.
struct Chain {
  std::vector<const Event*> events{};
  std::vector<std::size_t> places{};
};

using Chains = std::map<RegisterId, Chain>;

Chains chains_of(std::span<const Event> log) {
  Chains chains;
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (log[i].type == EventType::no_action) continue;
    Chain& chain = chains[log[i].reg];
    chain.events.push_back(&log[i]);
    chain.places.push_back(i);
  }
  return chains;
}

const Chain& chain_of(const Chains& chains, RegisterId reg) {
  static const Chain empty;
  const auto at = chains.find(reg);
  return at == chains.end() ? empty : at->second;
}

const Expectation* expectation_of(const PredictedLog& predicted, RegisterId reg) {
  const auto at = predicted.registers.find(reg);
  return at == predicted.registers.end() ? nullptr : &at->second;
}

// Whether the prediction says which events extend the register: it lists some, or says none do.
bool states(const PredictedLog& predicted, const Chains& chains, RegisterId reg) {
  const Expectation* const expectation = expectation_of(predicted, reg);
  if (expectation == nullptr) return chains.contains(reg);
  if (expectation->status == Expectation::Status::unpredictable) return false;
  return expectation->status == Expectation::Status::zero || chains.contains(reg);
}

std::set<HashAlg> common_banks(const Chain& expected, const Chain& observed) {
  std::set<HashAlg> banks;
  for (const HashAlg alg : all_hash_algs) {
    const auto has = [alg](const Event* event) { return event->digests.find(alg) != nullptr; };
    const auto has_or_free = [&has](const Event* event) {
      return event->digests.empty() || has(event);
    };
    if (std::ranges::all_of(expected.events, has_or_free) &&
        std::ranges::all_of(observed.events, has)) {
      banks.insert(alg);
    }
  }
  return banks;
}

// What replay() needs of an event.
Event extend_by(const Event& event, const std::set<HashAlg>& banks) {
  Event bare{.reg = event.reg, .type = event.type};
  for (const auto& [alg, digest] : event.digests) {
    if (banks.contains(alg)) bare.digests.set(digest);
  }
  return bare;
}

// The observed log's EV_NO_ACTION events say where PCR 0 starts.
EventLog beginning_of(std::span<const Event> observed, RegisterId reg) {
  EventLog log;
  for (const Event& event : observed) {
    if (event.reg == reg && event.type == EventType::no_action) log.push_back(event);
  }
  return log;
}

// One register on both sides.
struct Comparison {
  RegisterId reg;
  const Chain& expected;
  const Chain& observed;
  std::span<const Event> observed_log;
  std::vector<AlignedPair> pairs;
};

// The predicted events with `cause` as it was observed; free events are as observed too.
EventLog substituted(const Comparison& sides, const AlignedPair& cause,
                     const std::set<HashAlg>& banks) {
  EventLog log = beginning_of(sides.observed_log, sides.reg);
  for (const AlignedPair& pair : sides.pairs) {
    const Event* event = pair.expected ? sides.expected.events[*pair.expected] : nullptr;
    const bool free = event != nullptr && event->digests.empty() && pair.observed.has_value();
    if (pair == cause || free)
      event = pair.observed ? sides.observed.events[*pair.observed] : nullptr;
    if (event != nullptr) log.push_back(extend_by(*event, banks));
  }
  return log;
}

// A free event that was not observed leaves nothing to fold.
bool can_fold(const Comparison& sides, const AlignedPair& cause) {
  return std::ranges::all_of(sides.pairs, [&](const AlignedPair& pair) {
    return !pair.expected || pair.observed || pair == cause ||
           !sides.expected.events[*pair.expected]->digests.empty();
  });
}

Result<bool> is_sole_cause(const Comparison& sides, const AlignedPair& cause) {
  if (!can_fold(sides, cause)) return false;
  const std::set<HashAlg> banks = common_banks(sides.expected, sides.observed);
  EventLog observed = beginning_of(sides.observed_log, sides.reg);
  for (const Event* event : sides.observed.events)
    observed.push_back(extend_by(*event, banks));
  TRY_ASSIGN(const RegisterValues reached, replay(substituted(sides, cause, banks)));
  TRY_ASSIGN(const RegisterValues wanted, replay(observed));
  return reached == wanted;
}

Result<RegisterDifference> describe(const Comparison& sides) {
  const auto differs = [](const AlignedPair& pair) { return pair.pairing != Pairing::equal; };
  const auto first = std::ranges::find_if(sides.pairs, differs);
  const AlignedPair& cause = *first;
  EventDifference event{.pairing = cause.pairing,
                        .index = static_cast<std::size_t>(first - sides.pairs.begin())};
  if (cause.expected) event.expected = sides.expected.places[*cause.expected];
  if (cause.observed) event.observed = sides.observed.places[*cause.observed];
  TRY_ASSIGN(const bool sole, is_sole_cause(sides, cause));
  return RegisterDifference{
      .reg = sides.reg,
      .first = event,
      .count = static_cast<std::size_t>(std::ranges::count_if(sides.pairs, differs)),
      .sole_cause = sole};
}

bool all_equal(const std::vector<AlignedPair>& pairs) {
  return std::ranges::all_of(
      pairs, [](const AlignedPair& pair) { return pair.pairing == Pairing::equal; });
}

void note_relabelled(const Comparison& sides, std::vector<Relabelled>& relabelled) {
  for (const AlignedPair& pair : sides.pairs) {
    if (pair.pairing != Pairing::equal || !pair.expected || !pair.observed) continue;
    const std::size_t expected = *pair.expected;
    const std::size_t observed = *pair.observed;
    if (sides.expected.events[expected]->type == sides.observed.events[observed]->type) continue;
    relabelled.push_back({.reg = sides.reg,
                          .expected = sides.expected.places[expected],
                          .observed = sides.observed.places[observed]});
  }
}

Status check_banks(const Comparison& sides) {
  if (sides.expected.events.empty() || sides.observed.events.empty()) return {};
  if (!common_banks(sides.expected, sides.observed).empty()) return {};
  return fail(ErrorCode::mismatch,
              "no bank in which all events of " + sides.reg.text() + " have digests in both logs");
}

struct NamedChains {
  std::string name{};
  const PredictedLog& log;
  Chains chains{};
};

struct Sides {
  Chains expected{};
  Chains observed{};
  std::span<const Event> observed_log{};
  std::vector<NamedChains> variants{};
};

Sides sides_of(const PredictedLog& predicted, std::span<const Event> observed,
               std::span<const Variant> variants) {
  Sides sides{.expected = chains_of(predicted.events),
              .observed = chains_of(observed),
              .observed_log = observed};
  for (const Variant& variant : variants)
    sides.variants.push_back({variant.name, variant.log, chains_of(variant.log.events)});
  return sides;
}

// TPM logs and TD logs have no register in common.
Status check_registers(const PredictedLog& predicted, const Sides& sides) {
  if (sides.observed.empty() || (sides.expected.empty() && predicted.registers.empty())) return {};
  const RegisterId first = sides.observed.begin()->first;
  const auto like_first = [first](const auto& each) { return each.first.kind() == first.kind(); };
  if (std::ranges::any_of(sides.expected, like_first) ||
      std::ranges::any_of(predicted.registers, like_first)) {
    return {};
  }
  return fail(ErrorCode::mismatch,
              "the prediction says nothing about " + first.text() +
                  " or any register like it: it is for another kind of machine");
}

// Those with events on one side; without events on either there is nothing to compare.
std::set<RegisterId> registers_of(const PredictedLog& predicted, const Sides& sides) {
  std::set<RegisterId> registers;
  for (const auto& each : sides.observed)
    registers.insert(each.first);
  for (const auto& each : sides.expected) {
    if (states(predicted, sides.expected, each.first)) registers.insert(each.first);
  }
  for (const auto& [reg, expectation] : predicted.registers) {
    if (expectation.status == Expectation::Status::zero) registers.insert(reg);
  }
  return registers;
}

std::vector<std::string> variants_that_match(const Sides& sides, RegisterId reg) {
  std::vector<std::string> names;
  for (const NamedChains& variant : sides.variants) {
    if (!states(variant.log, variant.chains, reg)) continue;
    const Chain& expected = chain_of(variant.chains, reg);
    if (all_equal(align(expected.events, chain_of(sides.observed, reg).events)))
      names.push_back(variant.name);
  }
  return names;
}

Status compare_register(const Sides& sides, RegisterId reg, LogDifference& difference) {
  const Chain& expected = chain_of(sides.expected, reg);
  const Chain& observed = chain_of(sides.observed, reg);
  const Comparison comparison{reg, expected, observed, sides.observed_log,
                              align(expected.events, observed.events)};
  TRY(check_banks(comparison));
  note_relabelled(comparison, difference.relabelled);
  if (all_equal(comparison.pairs)) {
    difference.equal.push_back(reg);
    return {};
  }
  TRY_ASSIGN(RegisterDifference found, describe(comparison));
  found.matches = variants_that_match(sides, reg);
  difference.registers.push_back(std::move(found));
  return {};
}

}  // namespace

Result<LogDifference> diff_logs(const PredictedLog& predicted, std::span<const Event> observed,
                                std::span<const Variant> variants) {
  const Sides sides = sides_of(predicted, observed, variants);
  TRY(check_registers(predicted, sides));
  LogDifference difference;
  for (const RegisterId reg : registers_of(predicted, sides)) {
    if (states(predicted, sides.expected, reg))
      TRY(compare_register(sides, reg, difference));
    else
      difference.unstated.push_back(reg);
  }
  if (difference.registers.empty() && difference.equal.empty())
    return fail(ErrorCode::mismatch, "the prediction states no register of this log");
  return difference;
}

}  // namespace etalon::eventlog
