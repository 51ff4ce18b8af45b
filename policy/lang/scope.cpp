// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/scope.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "policy/lang/rule.hpp"

namespace etalon::policy {
namespace {

// A policy that people write leaves a handful; a hostile one could double them with every rule.
constexpr std::size_t max_parts = 64;

constexpr std::array all_situations = {
    Situation{Func::file_check, may_exec},  // the kernel's own open of what it will execute
    Situation{Func::file_check, may_read},
    Situation{Func::file_check, may_write},
    Situation{Func::file_check, may_read | may_write},
    Situation{Func::file_check, may_read | may_append},
    Situation{Func::file_check, may_write | may_append},
    Situation{Func::file_check, may_read | may_write | may_append},
    Situation{Func::mmap_check, may_exec},
    Situation{Func::mmap_check_reqprot, may_exec},
    Situation{Func::bprm_check, may_exec},
    Situation{Func::creds_check, may_exec},
    Situation{Func::module_check, may_read},
    Situation{Func::firmware_check, may_read},
    Situation{Func::kexec_kernel_check, may_read},
    Situation{Func::kexec_initramfs_check, may_read},
    Situation{Func::policy_check, may_read},
    Situation{Func::kexec_cmdline, 0},
    Situation{Func::key_check, 0},
    Situation{Func::critical_data, 0},
    Situation{Func::setxattr_check, 0},
};

// A rule without func= is for every hook but those that name what they measure themselves.
bool matches(const Rule& rule, const Situation& situation) {
  const bool named = situation.func == Func::key_check || situation.func == Func::critical_data ||
                     situation.func == Func::setxattr_check;
  if (rule.func ? *rule.func != situation.func : named) return false;
  if (!rule.mask) return true;
  const AccessMask bit = mask_of(rule.mask->access);
  return rule.mask->contained ? (situation.access & bit) != 0 : situation.access == bit;
}

ValueSet owner_values(const Owner& owner) {
  switch (owner.compare) {
    case Compare::equal:
      return {owner.id, owner.id};
    case Compare::above:
      return {std::uint64_t{owner.id} + 1, ValueSet::max};
    case Compare::below:
      return owner.id == 0 ? ValueSet() : ValueSet(0, owner.id - 1);
  }
  return {};
}

void put_owner(const std::optional<Owner>& owner, Dimension real, Dimension effective,
               Scope& scope) {
  if (owner) scope.at(owner->effective ? effective : real) = owner_values(*owner);
}

constexpr std::array lsm_dimensions = {
    std::pair{LsmField::obj_user, Dimension::obj_user},
    std::pair{LsmField::obj_role, Dimension::obj_role},
    std::pair{LsmField::obj_type, Dimension::obj_type},
    std::pair{LsmField::subj_user, Dimension::subj_user},
    std::pair{LsmField::subj_role, Dimension::subj_role},
    std::pair{LsmField::subj_type, Dimension::subj_type},
};

// With CAP_SETUID or CAP_SETGID a process matches by any of three ids.
bool has_several_values(std::size_t dimension) {
  return dimension == static_cast<std::size_t>(Dimension::euid) ||
         dimension == static_cast<std::size_t>(Dimension::egid);
}

bool meet_in(const Scope& a, const Scope& b, std::size_t dimension) {
  const ValueSet& left = a.values.at(dimension);
  const ValueSet& right = b.values.at(dimension);
  if (has_several_values(dimension)) return !left.empty() && !right.empty();
  return left.meets(right);
}

// Cuts from `scope` what `cut` matches; the parts that stay go to `parts`.
void subtract(Scope scope, const Scope& cut, std::vector<Scope>& parts) {
  if (!meet(scope, cut)) {
    parts.push_back(std::move(scope));
    return;
  }
  if (const SituationSet outside = scope.when & ~cut.when; outside != 0) {
    parts.push_back(scope);
    parts.back().when = outside;
    scope.when &= cut.when;
  }
  for (std::size_t i = 0; i < dimensions; ++i) {
    const ValueSet& without = cut.values.at(i);
    if (without.is_all()) continue;
    ValueSet outside = scope.values.at(i).minus(without);
    if (!outside.empty()) {
      parts.push_back(scope);
      parts.back().values.at(i) = std::move(outside);
    }
    if (!has_several_values(i)) scope.values.at(i) = scope.values.at(i).intersect(without);
  }
}

}  // namespace

ValueSet ValueSet::of(std::vector<std::uint64_t> values) {
  std::ranges::sort(values);
  const auto repeated = std::ranges::unique(values);
  values.erase(repeated.begin(), repeated.end());
  ValueSet out;
  for (const std::uint64_t value : values)
    out.intervals_.emplace_back(value, value);
  return out;
}

bool ValueSet::meets(const ValueSet& other) const {
  auto left = intervals_.begin();
  auto right = other.intervals_.begin();
  while (left != intervals_.end() && right != other.intervals_.end()) {
    if (left->second < right->first) {
      ++left;
    } else if (right->second < left->first) {
      ++right;
    } else {
      return true;
    }
  }
  return false;
}

ValueSet ValueSet::intersect(const ValueSet& other) const {
  ValueSet out;
  auto left = intervals_.begin();
  auto right = other.intervals_.begin();
  while (left != intervals_.end() && right != other.intervals_.end()) {
    const std::uint64_t low = std::max(left->first, right->first);
    const std::uint64_t high = std::min(left->second, right->second);
    if (low <= high) out.intervals_.emplace_back(low, high);
    if (left->second < right->second) {
      ++left;
    } else {
      ++right;
    }
  }
  return out;
}

ValueSet ValueSet::complement() const {
  ValueSet out;
  std::uint64_t next = 0;
  for (const auto& [low, high] : intervals_) {
    if (low > next) out.intervals_.emplace_back(next, low - 1);
    if (high == max) return out;
    next = high + 1;
  }
  out.intervals_.emplace_back(next, max);
  return out;
}

ValueSet ValueSet::minus(const ValueSet& other) const {
  return intersect(other.complement());
}

std::span<const Situation> situations() {
  return all_situations;
}

SituationSet situations_of(const Rule& rule) {
  SituationSet set = 0;
  for (std::size_t i = 0; i < all_situations.size(); ++i) {
    if (matches(rule, all_situations.at(i))) set |= SituationSet{1} << i;
  }
  return set;
}

SituationSet situations_of(Func func, AccessMask with, AccessMask without) {
  SituationSet set = 0;
  for (std::size_t i = 0; i < all_situations.size(); ++i) {
    const Situation& situation = all_situations.at(i);
    const bool fits = situation.func == func && (situation.access & with) == with &&
                      (situation.access & without) == 0;
    if (fits) set |= SituationSet{1} << i;
  }
  return set;
}

bool Scope::empty() const {
  return when == 0 || std::ranges::any_of(values, &ValueSet::empty);
}

ValueSet Scopes::text(Dimension dimension, const std::optional<std::string>& value) {
  if (!value) return ValueSet::all();
  const std::uint64_t known = number(dimension, *value);
  return {known, known};
}

std::uint64_t Scopes::number(Dimension dimension, const std::string& value) {
  return numbers_.try_emplace({dimension, value}, std::uint64_t{numbers_.size()}).first->second;
}

Scope Scopes::of(const Rule& rule) {
  Scope scope{.when = situations_of(rule)};
  scope.values.fill(ValueSet::all());
  if (rule.fsmagic) scope.at(Dimension::fsmagic) = {*rule.fsmagic, *rule.fsmagic};
  scope.at(Dimension::fsname) = text(Dimension::fsname, rule.fsname);
  scope.at(Dimension::fs_subtype) = text(Dimension::fs_subtype, rule.fs_subtype);
  scope.at(Dimension::fsuuid) = text(Dimension::fsuuid, rule.fsuuid);
  put_owner(rule.user, Dimension::uid, Dimension::euid, scope);
  put_owner(rule.group, Dimension::gid, Dimension::egid, scope);
  put_owner(rule.fowner, Dimension::fowner, Dimension::fowner, scope);
  put_owner(rule.fgroup, Dimension::fgroup, Dimension::fgroup, scope);
  for (const auto& [field, dimension] : lsm_dimensions) {
    const auto found = rule.lsm.find(field);
    if (found != rule.lsm.end()) scope.at(dimension) = text(dimension, found->second);
  }
  const std::vector<std::string>& names = rule.keyrings.empty() ? rule.labels : rule.keyrings;
  if (names.empty()) return scope;
  std::vector<std::uint64_t> numbers;
  numbers.reserve(names.size());
  for (const std::string& each : names)
    numbers.push_back(number(Dimension::name, each));
  scope.at(Dimension::name) = ValueSet::of(std::move(numbers));
  return scope;
}

bool meet(const Scope& a, const Scope& b) {
  if ((a.when & b.when) == 0) return false;
  for (std::size_t i = 0; i < dimensions; ++i)
    if (!meet_in(a, b, i)) return false;
  return true;
}

bool meet_in_files(const Scope& a, const Scope& b) {
  for (std::size_t i = 0; i < file_dimensions; ++i)
    if (!meet_in(a, b, i)) return false;
  return true;
}

Rest rest_of(const Scope& scope, std::span<const Scope* const> without) {
  Rest rest;
  if (!scope.empty()) rest.parts.push_back(scope);
  for (const Scope* cut : without) {
    if (rest.parts.empty()) break;
    std::vector<Scope> parts;
    for (const Scope& part : rest.parts)
      subtract(part, *cut, parts);
    if (parts.size() > max_parts) {
      rest.whole = false;
      return rest;
    }
    rest.parts = std::move(parts);
  }
  return rest;
}

}  // namespace etalon::policy
