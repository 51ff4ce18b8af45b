// SPDX-License-Identifier: Apache-2.0
// Pairs the events of two lists that extend one register, so that a difference is told as what
// happened: an event that changed, one that is missing, or one too many. The pairing is the one of
// least cost, where equal digests cost nothing and a change costs less than a missing and an
// additional event, least when both claim to measure the same thing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "references/eventlog/event.hpp"

namespace etalon::eventlog {

enum class Pairing : std::uint8_t {
  equal,    // the same digest in every bank that both have
  changed,  // the same place in the boot, another digest
  missing,  // predicted and not observed
  extra,    // observed and not predicted
};

std::string_view name(Pairing pairing);

// Positions in the two lists; a missing event has none in the observed one, an extra event none in
// the predicted one.
struct AlignedPair {
  Pairing pairing = Pairing::equal;
  std::optional<std::size_t> expected{};
  std::optional<std::size_t> observed{};

  bool operator==(const AlignedPair&) const = default;
};

// The pairing of least cost needs a table of both lengths, without the equal beginning and end.
// Beyond this many cells events are paired by their place instead.
inline constexpr std::size_t max_align_cells = std::size_t{1} << 22U;

// A predicted event without digests is free: it equals any event of its type.
bool same_measurement(const Event& expected, const Event& observed);

// Every event of both lists once, in order. Of pairings that cost the same, the one that changes
// events early and leaves late ones out.
std::vector<AlignedPair> align(std::span<const Event* const> expected,
                               std::span<const Event* const> observed);

}  // namespace etalon::eventlog
