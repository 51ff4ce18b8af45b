// SPDX-License-Identifier: Apache-2.0
// A predicted log against an observed one, register by register: the first event that differs, and
// whether it alone explains the register. That is proven, not guessed: the predicted events with
// only this one replaced, left out or put in are folded and must give the register's observed value
// in every bank both logs have.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "references/eventlog/align.hpp"
#include "references/eventlog/event.hpp"
#include "references/eventlog/expectation.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"

namespace etalon::eventlog {

struct PredictedLog {
  EventLog events{};
  // What is expected of each register, where that is known: `zero` forbids every event; one that is
  // `unpredictable` is not compared. Without an entry the events decide.
  std::map<RegisterId, Expectation> registers{};
};

// The same boot by other rules or with other inputs, and what to call it.
struct Variant {
  std::string name{};
  PredictedLog log{};
};

struct EventDifference {
  Pairing pairing = Pairing::changed;
  std::size_t index =
      0;  // among the events that extend the register, from 0, the same on both sides
  // Places in the logs compared.
  std::optional<std::size_t> expected{};
  std::optional<std::size_t> observed{};
};

struct RegisterDifference {
  RegisterId reg;
  EventDifference first{};
  std::size_t count = 1;  // of events that differ, with the first
  bool sole_cause = false;
  std::vector<std::string> matches{};  // variants that predict what was observed
};

// An event that is logged under another type than predicted. Registers do not cover the type.
struct Relabelled {
  RegisterId reg = RegisterId::mrtd();
  std::size_t expected = 0;
  std::size_t observed = 0;
};

struct LogDifference {
  std::vector<RegisterDifference> registers{};
  std::vector<RegisterId> equal{};
  std::vector<RegisterId> unstated{};  // observed, and the prediction says nothing about it
  std::vector<Relabelled> relabelled{};
};

// All lists are in the order of the registers. Events of EV_NO_ACTION extend nothing and are not
// compared. Mismatch error when no register, or of a register's events no bank, can be compared:
// that is another machine or another configuration, and no list of events would tell.
Result<LogDifference> diff_logs(const PredictedLog& predicted, std::span<const Event> observed,
                                std::span<const Variant> variants = {});

}  // namespace etalon::eventlog
