// SPDX-License-Identifier: Apache-2.0
// What a verifier may accept for one register. `exact` holds alternatives, each with the condition
// under which it is right; conditions are correlated over registers: one assignment of `when` must
// fit them all. `replay` frees only the named events. A register without an Expectation is not
// stated, which is never the same as "anything".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "references/eventlog/event.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"
#include "tools/codec/json.hpp"

namespace etalon::eventlog {

// Condition name -> value, e.g. {"memory":"2G","vcpus":"2"}. Empty: unconditional.
using When = std::map<std::string, std::string>;

struct Alternative {
  When when{};
  DigestSet values{};  // per bank
  Basis basis = Basis::source;

  bool operator==(const Alternative&) const = default;
};

// An event of a `replay` expectation whose digest may be anything.
struct FreeEvent {
  std::string event{};   // the event's summary, as in the predicted log
  std::string reason{};  // why nobody can know it at build time

  bool operator==(const FreeEvent&) const = default;
};

struct Expectation {
  enum class Status : std::uint8_t { exact, zero, replay, unpredictable };

  Status status = Status::unpredictable;
  std::vector<Alternative> any{};  // exact: one or more
  std::vector<FreeEvent> free{};   // replay: one or more
  std::string reason{};            // unpredictable: why
  std::string advice{};            // unpredictable: what would make it predictable

  bool operator==(const Expectation&) const = default;
};

std::string_view name(Expectation::Status status);

// {"status":…,"any":[{"when":…,"values":{"sha384":hex},"basis":…}],"free":[…],"reason":…}
Json expectation_json(const Expectation& expectation);
// The inverse. Members it does not know are ignored; a status it does not know, an exact
// expectation without alternatives and a replay one without free events are refused, because
// reading them leniently would widen what is accepted.
Result<Expectation> parse_expectation(const Json& json);

}  // namespace etalon::eventlog
