// SPDX-License-Identifier: Apache-2.0
#include "policy/sim/condition.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/lang/rule.hpp"

namespace etalon::policy {
namespace {

// 4294967295 is no id.
constexpr std::uint32_t last_id = 4294967294U;

constexpr std::array<std::string_view, 6> subject_names = {"uid",  "euid",   "gid",
                                                           "egid", "fowner", "fgroup"};

std::string_view name(Subject subject) {
  return subject_names.at(static_cast<std::size_t>(subject));
}

// A process has one uid, but euid= asks about several ids at once.
bool is_single(Subject subject) {
  return subject != Subject::euid && subject != Subject::egid;
}

std::optional<IdRange> range_of(const Owner& owner) {
  switch (owner.compare) {
    case Compare::equal:
      return IdRange{.first = owner.id, .last = owner.id};
    case Compare::above:
      if (owner.id >= last_id) return std::nullopt;
      return IdRange{.first = owner.id + 1, .last = last_id};
    case Compare::below:
      if (owner.id == 0) return std::nullopt;
      return IdRange{.first = 0, .last = owner.id - 1};
  }
  return std::nullopt;
}

std::string text_of(Subject subject, IdRange range) {
  const std::string subject_name(name(subject));
  if (range.first == range.last) return subject_name + "=" + std::to_string(range.first);
  if (range.first == 0) return subject_name + "<" + std::to_string(range.last + 1);
  return subject_name + ">" + std::to_string(range.first - 1);
}

}  // namespace

bool Condition::add(Subject subject, const Owner& owner) {
  const auto range = range_of(owner);
  if (range) ranges_.emplace(subject, *range);
  return range.has_value();
}

bool Condition::implies(const Condition& other) const {
  if (other.unknown_line_ && other.unknown_line_ != unknown_line_) return false;
  return std::ranges::all_of(other.ranges_, [this](const auto& wanted) {
    const auto own = ranges_.find(wanted.first);
    return own != ranges_.end() && own->second.first >= wanted.second.first &&
           own->second.last <= wanted.second.last;
  });
}

bool Condition::excludes(const Condition& other) const {
  return std::ranges::any_of(other.ranges_, [this](const auto& theirs) {
    const auto own = ranges_.find(theirs.first);
    return is_single(theirs.first) && own != ranges_.end() &&
           (own->second.last < theirs.second.first || own->second.first > theirs.second.last);
  });
}

std::string Condition::text() const {
  std::string text;
  const auto add = [&text](const std::string& part) {
    if (!text.empty()) text += " and ";
    text += part;
  };
  for (const auto& [subject, range] : ranges_)
    add(text_of(subject, range));
  if (unknown_line_) add("line " + std::to_string(*unknown_line_) + " matches");
  return text;
}

bool cover_all(std::span<const Condition> conditions) {
  std::vector<std::pair<Subject, IdRange>> ranges;
  for (const Condition& condition : conditions) {
    if (condition.always()) return true;
    if (condition.unknown_line() || condition.ranges().size() != 1) continue;
    ranges.emplace_back(*condition.ranges().begin());
  }
  std::ranges::sort(ranges);
  std::optional<Subject> current;
  std::uint64_t next = 0;  // the first id of `current` that is not covered so far
  for (const auto& [subject, range] : ranges) {
    if (current != subject) next = 0;
    current = subject;
    if (range.first <= next) next = std::max<std::uint64_t>(next, std::uint64_t{range.last} + 1);
    if (next > last_id) return true;
  }
  return false;
}

}  // namespace etalon::policy
