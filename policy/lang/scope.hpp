// SPDX-License-Identifier: Apache-2.0
// What a rule matches, as a set, so that rules can be compared: which accesses of which files by
// which processes. A set is a product: hooks with the access they pass, and one set of values per
// condition. Conditions are taken as independent of each other, though fsname=rootfs has but two
// magics; a difference is therefore never smaller than it really is, and what is said to be covered
// is covered. Rules of func=SETXATTR_CHECK stand apart: the kernel takes the first and none else.
// Source: Linux 5.10 to 7.2, ima_match_rules(); which hook passes which access: ima_main.c,
// fs/open.c (build_open_flags), fs/exec.c.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "policy/lang/rule.hpp"

namespace etalon::policy {

// A set of numbers: disjoint closed intervals in order.
class ValueSet {
 public:
  static constexpr std::uint64_t max = std::numeric_limits<std::uint64_t>::max();

  static ValueSet all() { return {0, max}; }

  ValueSet() = default;

  ValueSet(std::uint64_t low, std::uint64_t high) : intervals_{{low, high}} {}

  static ValueSet of(std::vector<std::uint64_t> values);

  bool empty() const { return intervals_.empty(); }

  bool is_all() const { return intervals_.size() == 1 && intervals_.front() == Interval{0, max}; }

  bool meets(const ValueSet& other) const;
  ValueSet intersect(const ValueSet& other) const;
  ValueSet minus(const ValueSet& other) const;

  bool operator==(const ValueSet&) const = default;

 private:
  using Interval = std::pair<std::uint64_t, std::uint64_t>;

  ValueSet complement() const;

  std::vector<Interval> intervals_;
};

// A hook as the kernel calls it; no access where a buffer is measured.
struct Situation {
  Func func = Func::file_check;
  AccessMask access = 0;
};

std::span<const Situation> situations();

// One bit per situation, in their order.
using SituationSet = std::uint32_t;

SituationSet situations_of(const Rule& rule);
// Those of a hook with an access that has all of `with` and none of `without`.
SituationSet situations_of(Func func, AccessMask with = 0, AccessMask without = 0);

// What rules ask for beside hook and access. The last is a keyring of KEY_CHECK or a label of
// CRITICAL_DATA.
enum class Dimension : std::uint8_t {
  fsmagic,
  fsname,
  fs_subtype,
  fsuuid,
  fowner,
  fgroup,
  obj_user,
  obj_role,
  obj_type,
  uid,
  euid,
  gid,
  egid,
  subj_user,
  subj_role,
  subj_type,
  name,
};

inline constexpr std::size_t dimensions = 17;
// Those up to obj_type are the file's.
inline constexpr std::size_t file_dimensions = 9;

struct Scope {
  SituationSet when = 0;
  std::array<ValueSet, dimensions> values{};

  ValueSet& at(Dimension dimension) { return values.at(static_cast<std::size_t>(dimension)); }

  const ValueSet& at(Dimension dimension) const {
    return values.at(static_cast<std::size_t>(dimension));
  }

  // Matches nothing at all: uid<0, or an access the hook never passes.
  bool empty() const;
};

// Makes scopes that can be compared with each other: texts become numbers.
class Scopes {
 public:
  Scope of(const Rule& rule);

 private:
  ValueSet text(Dimension dimension, const std::optional<std::string>& value);
  std::uint64_t number(Dimension dimension, const std::string& value);

  std::map<std::pair<Dimension, std::string>, std::uint64_t> numbers_;
};

// Whether something may match both. A process with CAP_SETUID has several effective ids at once, so
// euid=1 and euid=2 meet.
bool meet(const Scope& a, const Scope& b);
// Whether they may match the same file, whoever uses it in whatever way.
bool meet_in_files(const Scope& a, const Scope& b);

// What of `scope` none of `without` matches, in disjoint parts.
struct Rest {
  std::vector<Scope> parts{};
  bool whole = true;  // false: there were too many parts, and `parts` holds too much
};

Rest rest_of(const Scope& scope, std::span<const Scope* const> without);

}  // namespace etalon::policy
