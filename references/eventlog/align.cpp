// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/align.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "references/eventlog/event.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"

namespace etalon::eventlog {
namespace {

using Events = std::span<const Event* const>;

constexpr std::uint32_t unpaired_cost = 4;

// What it costs to call the two one event that changed; at least twice unpaired_cost where that
// would be absurd.
std::uint32_t change_cost(const Event& expected, const Event& observed) {
  if (expected.type != observed.type) return 2 * unpaired_cost + 1;
  // the data names what is measured where it is not itself the measured thing: a section, a file
  return !expected.data.empty() && equal(expected.data, observed.data) ? 3 : 5;
}

std::uint32_t pair_cost(const Event& expected, const Event& observed) {
  if (!same_measurement(expected, observed)) return change_cost(expected, observed);
  // a free event must not take the place of one that is known
  return expected.digests.empty() ? 1 : 0;
}

bool certainly_equal(const Event& expected, const Event& observed) {
  return pair_cost(expected, observed) == 0;
}

// cost[i][j]: of aligning what follows place i of the one list with what follows j of the other.
class CostTable {
 public:
  CostTable(Events expected, Events observed)
      : width_(observed.size() + 1), cells_((expected.size() + 1) * width_) {
    for (std::size_t i = expected.size() + 1; i-- > 0;) {
      for (std::size_t j = width_; j-- > 0;)
        cells_[i * width_ + j] = least(expected, observed, i, j);
    }
  }

  std::uint32_t at(std::size_t i, std::size_t j) const { return cells_[i * width_ + j]; }

 private:
  std::uint32_t least(Events expected, Events observed, std::size_t i, std::size_t j) const {
    const bool more_expected = i < expected.size();
    const bool more_observed = j < observed.size();
    if (!more_expected && !more_observed) return 0;
    if (!more_expected) return at(i, j + 1) + unpaired_cost;
    if (!more_observed) return at(i + 1, j) + unpaired_cost;
    return std::min({at(i + 1, j + 1) + pair_cost(*expected[i], *observed[j]),
                     at(i + 1, j) + unpaired_cost, at(i, j + 1) + unpaired_cost});
  }

  std::size_t width_;
  std::vector<std::uint32_t> cells_;
};

// Appends pairs; `base` is the place of both lists' first event.
class Pairs {
 public:
  Pairs(Events expected, Events observed) : expected_(expected), observed_(observed) {}

  void both() {
    const bool same = same_measurement(*expected_[i_], *observed_[j_]);
    pairs_.push_back({same ? Pairing::equal : Pairing::changed, i_++, j_++});
  }

  void missing() { pairs_.push_back({Pairing::missing, i_++, std::nullopt}); }

  void extra() { pairs_.push_back({Pairing::extra, std::nullopt, j_++}); }

  std::vector<AlignedPair> take() { return std::move(pairs_); }

 private:
  Events expected_;
  Events observed_;
  std::size_t i_ = 0;
  std::size_t j_ = 0;
  std::vector<AlignedPair> pairs_;
};

void pair_by_cost(Events expected, Events observed, Pairs& pairs) {
  const CostTable cost(expected, observed);
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < expected.size() || j < observed.size()) {
    const bool more = i < expected.size() && j < observed.size();
    if (more && cost.at(i, j) == cost.at(i + 1, j + 1) + pair_cost(*expected[i], *observed[j])) {
      pairs.both();
      ++i;
      ++j;
    } else if (i < expected.size() && cost.at(i, j) == cost.at(i + 1, j) + unpaired_cost) {
      pairs.missing();
      ++i;
    } else {
      pairs.extra();
      ++j;
    }
  }
}

void pair_by_place(Events expected, Events observed, Pairs& pairs) {
  const std::size_t common = std::min(expected.size(), observed.size());
  for (std::size_t i = 0; i < common; ++i)
    pairs.both();
  for (std::size_t i = common; i < expected.size(); ++i)
    pairs.missing();
  for (std::size_t i = common; i < observed.size(); ++i)
    pairs.extra();
}

std::size_t equal_beginning(Events expected, Events observed) {
  const std::size_t most = std::min(expected.size(), observed.size());
  std::size_t count = 0;
  while (count < most && certainly_equal(*expected[count], *observed[count]))
    ++count;
  return count;
}

std::size_t equal_end(Events expected, Events observed) {
  const std::size_t most = std::min(expected.size(), observed.size());
  std::size_t count = 0;
  while (count < most && certainly_equal(*expected[expected.size() - 1 - count],
                                         *observed[observed.size() - 1 - count])) {
    ++count;
  }
  return count;
}

}  // namespace

std::string_view name(Pairing pairing) {
  switch (pairing) {
    case Pairing::equal:
      return "equal";
    case Pairing::changed:
      return "changed";
    case Pairing::missing:
      return "missing";
    case Pairing::extra:
      return "extra";
  }
  return "unknown";
}

bool same_measurement(const Event& expected, const Event& observed) {
  if (expected.digests.empty()) return expected.type == observed.type;
  bool compared = false;
  for (const auto& [alg, digest] : expected.digests) {
    const AnyDigest* const other = observed.digests.find(alg);
    if (other == nullptr) continue;
    if (*other != digest) return false;
    compared = true;
  }
  return compared;
}

std::vector<AlignedPair> align(Events expected, Events observed) {
  Pairs pairs(expected, observed);
  const std::size_t begin = equal_beginning(expected, observed);
  const Events left = expected.subspan(begin);
  const Events right = observed.subspan(begin);
  const std::size_t end = equal_end(left, right);
  const Events middle_left = left.first(left.size() - end);
  const Events middle_right = right.first(right.size() - end);
  for (std::size_t i = 0; i < begin; ++i)
    pairs.both();
  // neither length is beyond max_records, so the product cannot overflow
  if ((middle_left.size() + 1) * (middle_right.size() + 1) <= max_align_cells)
    pair_by_cost(middle_left, middle_right, pairs);
  else
    pair_by_place(middle_left, middle_right, pairs);
  for (std::size_t i = 0; i < end; ++i)
    pairs.both();
  return pairs.take();
}

}  // namespace etalon::eventlog
