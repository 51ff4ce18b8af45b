// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "policy/lang/facts.hpp"
#include "policy/lang/lint.hpp"
#include "policy/lang/lint_checks.hpp"
#include "policy/lang/load.hpp"
#include "policy/lang/parse.hpp"
#include "policy/lang/rule.hpp"

namespace etalon::policy {
namespace {

constexpr std::string_view blanks = " \t";

// The words of a rule up to a comment behind it.
std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find_first_of(blanks), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    if (word.starts_with('#')) break;
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

bool has_key(std::string_view word, std::string_view key) {
  constexpr std::string_view signs = "=<>";
  return word.starts_with(key) && word.size() > key.size() &&
         signs.find(word[key.size()]) != std::string_view::npos;
}

std::size_t count_key(const std::vector<std::string_view>& words, std::string_view key) {
  return static_cast<std::size_t>(
      std::ranges::count_if(words, [key](std::string_view word) { return has_key(word, key); }));
}

void add_form(std::string_view text, Findings& findings) {
  if (text.empty() || text.ends_with('\n')) return;
  findings.push_back({.id = "no-final-newline",
                      .severity = Severity::warning,
                      .message = "a kernel that is given the path of this file refuses it",
                      .fix = "end the last line with a newline"});
}

void add_leading_blanks(const JudgedPolicy& judged, Findings& findings) {
  const auto indented = [](const JudgedLine& line) { return line.text.find_first_of(blanks) == 0; };
  const auto first = std::ranges::find_if(judged.rules, indented);
  if (first == judged.rules.end()) return;
  const auto count = std::ranges::count_if(judged.rules, indented);
  findings.push_back({.id = "leading-blanks",
                      .severity = Severity::warning,
                      .line = first->number,
                      .message = "blanks stand before " + std::to_string(count) +
                                 (count == 1 ? " rule" : " rules") +
                                 "; the kernel skips them, but copying from a page or a terminal "
                                 "that adds them also breaks and joins lines",
                      .fix = "compare the file with its source, and remove the blanks"});
}

void add_long_line(const JudgedLine& line, Findings& findings) {
  if (line.text.size() <= max_write) return;
  findings.push_back({.id = "long-line",
                      .severity = Severity::error,
                      .line = line.number,
                      .message = "written to the kernel as text, the line loses its byte " +
                                 std::to_string(max_write + 1) +
                                 ", and what is behind it becomes a rule of its own",
                      .fix = "split the rule, or load the file by its path"});
}

void add_broken_lines(const JudgedLine& line, const std::vector<std::string_view>& words,
                      Findings& findings) {
  const auto actions = std::ranges::count_if(
      words, [](std::string_view word) { return find_action(word).has_value(); });
  if (actions > 1) {
    findings.push_back({.id = "joined-rules",
                        .severity = Severity::error,
                        .line = line.number,
                        .message = "two rules stand on one line: a newline got lost",
                        .fix = "begin a new line before each action"});
  }
  constexpr std::array<std::string_view, 5> keys = {"func", "mask", "fsmagic", "uid", "fowner"};
  const bool condition = !words.empty() && std::ranges::any_of(keys, [&](std::string_view key) {
    return has_key(words.front(), key);
  });
  if (actions == 0 && condition) {
    findings.push_back(
        {.id = "broken-rule",
         .severity = Severity::error,
         .line = line.number,
         .message = "the line has conditions and no action: a rule was broken in two",
         .fix = "join it with the line before it"});
  }
}

void add_repeated(const JudgedLine& line, const std::vector<std::string_view>& words,
                  Findings& findings) {
  if (count_key(words, "fsname") > 1) {
    findings.push_back({.id = "fsname-twice",
                        .severity = Severity::warning,
                        .line = line.number,
                        .message = "of several fsname= only the last counts",
                        .fix = "write one rule for each file system"});
  }
  if (count_key(words, "uid") > 0 && count_key(words, "euid") > 0) {
    findings.push_back({.id = "uid-and-euid",
                        .severity = Severity::error,
                        .line = line.number,
                        .message = "the kernel keeps uid and euid in one place and refuses both",
                        .fix = "write one rule for each; the first that matches decides"});
  }
}

// The refusal is the label's alone when the same rule is taken once labels are known.
void add_lsm(const JudgedLine& line, const KernelFacts& kernel, Findings& findings) {
  if (line.verdict.accepted != Accepted::no || kernel.labels() == Labels::loaded) return;
  if (judge_rule(line.text, kernel.with_labels()).accepted == Accepted::no) return;
  findings.push_back({.id = "lsm-label-early",
                      .severity = Severity::error,
                      .line = line.number,
                      .message = "in an initrd no security module knows its labels yet: the kernel "
                                 "refuses the rule, and with it the whole file",
                      .fix = "select files by file system, owner or hook instead, or load the "
                             "policy after that of the security module"});
}

}  // namespace

void lint_text(const LintInput& input, Findings& findings) {
  add_form(input.text, findings);
  add_leading_blanks(input.judged, findings);
  for (const JudgedLine& line : input.judged.rules) {
    const auto words = words_of(line.text);
    add_long_line(line, findings);
    if (line.verdict.accepted == Accepted::no) add_broken_lines(line, words, findings);
    add_repeated(line, words, findings);
    add_lsm(line, input.kernel, findings);
  }
}

}  // namespace etalon::policy
