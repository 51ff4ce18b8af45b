// SPDX-License-Identifier: Apache-2.0
// What is left of a rule's conditions when a file is known and the process that uses it is not: a
// conjunction of ranges of its user and group, and of the file's owner where the image cannot tell.
// euid= and egid= hold when any of several ids does, for a process that may change them (Linux,
// ima_match_rules()), so two such conditions with different numbers may hold together.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "policy/lang/rule.hpp"

namespace etalon::policy {

enum class Subject : std::uint8_t { uid, euid, gid, egid, fowner, fgroup };

struct IdRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;

  auto operator<=>(const IdRange&) const = default;
};

class Condition {
 public:
  // Adds "subject OPERATOR id"; false when no id fulfils it. A subject is added once.
  bool add(Subject subject, const Owner& owner);

  // Adds that the rule of this line matches, which is not known.
  void add_unknown(std::size_t line) { unknown_line_ = line; }

  bool always() const { return ranges_.empty() && !unknown_line_; }

  std::optional<std::size_t> unknown_line() const { return unknown_line_; }

  // Whatever fulfils this fulfils `other` too.
  bool implies(const Condition& other) const;
  // Nothing fulfils both.
  bool excludes(const Condition& other) const;

  const std::map<Subject, IdRange>& ranges() const { return ranges_; }

  // "uid=1001 and fowner>0"; empty for always
  std::string text() const;

  bool operator==(const Condition&) const = default;

 private:
  std::map<Subject, IdRange> ranges_;
  std::optional<std::size_t> unknown_line_;
};

// Whether one of them holds for everybody: one does, or they range over one subject and leave out
// none of its ids.
bool cover_all(std::span<const Condition> conditions);

}  // namespace etalon::policy
