// SPDX-License-Identifier: Apache-2.0
// Judges a rule as the kernel's policy parser does: which rule is accepted, with which errno
// another one is refused, and why, in words. Follows ima_parse_rule() and ima_validate_rule() of
// Linux 5.10 to 7.2, word by word, because the order of words matters there.
//
// Grammar: rule = word { (" " | TAB) word }; word = action | condition; from Linux 6.14 on a word
// that begins with "#" ends the rule. Exactly one action; `template=` only behind `measure`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "policy/lang/facts.hpp"
#include "policy/lang/rule.hpp"

namespace etalon::policy {

enum class Accepted : std::uint8_t { no, yes, unknown };

enum class Errno : std::uint8_t { none, einval, erange };

// "EINVAL", "ERANGE"; empty for none
std::string_view name(Errno code);

struct Verdict {
  Accepted accepted = Accepted::no;
  Errno code = Errno::none;  // of a refused rule
  std::string reason{};      // why it is refused, or what the verdict depends on
  // Of an accepted one, and of an open one as it is when the kernel takes it; none for a comment or
  // an empty line.
  std::optional<Rule> rule{};

  bool operator==(const Verdict&) const = default;
};

// A line without its newline: blank, a comment, or a rule. LSM labels are judged as before any LSM
// policy is loaded, which is when an initramfs loads its own: no label is known then, unless the
// facts say otherwise.
Verdict judge_rule(std::string_view line, const KernelFacts& kernel);

}  // namespace etalon::policy
