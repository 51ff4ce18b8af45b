// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/load.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "policy/lang/facts.hpp"
#include "policy/lang/parse.hpp"

namespace etalon::policy {
namespace {

constexpr std::string_view no_rules = "there is no rule in it";

std::string at_line(std::size_t number, std::string_view what) {
  return "line " + std::to_string(number) + ": " + std::string(what);
}

bool is_rule(std::string_view line) {
  const std::size_t start = line.find_first_not_of(" \t");
  return start != std::string_view::npos && line[start] != '#';
}

// Collects the verdict of a file from those of its lines, in order.
class Whole {
 public:
  void add(std::size_t number, const Verdict& verdict) {
    if (verdict.rule || verdict.accepted == Accepted::unknown) ++rules_;
    if (verdict.accepted == Accepted::no) refuse(at_line(number, verdict.reason));
    if (verdict.accepted == Accepted::unknown && unknown_.empty())
      unknown_ = at_line(number, verdict.reason);
  }

  void refuse(std::string reason) {
    if (refused_.empty()) refused_ = std::move(reason);
  }

  FileVerdict verdict() const {
    if (!refused_.empty()) return {.accepted = Accepted::no, .reason = refused_};
    if (rules_ == 0) return {.accepted = Accepted::no, .reason = std::string(no_rules)};
    if (!unknown_.empty()) return {.accepted = Accepted::unknown, .reason = unknown_};
    return {.accepted = Accepted::yes};
  }

 private:
  std::size_t rules_ = 0;
  std::string refused_;
  std::string unknown_;
};

// The line as a C string, which is how the kernel sees it.
std::string_view before_nul(std::string_view line) {
  return line.substr(0, line.find('\0'));
}

FileVerdict judge_writes(std::string_view text, const KernelFacts& kernel) {
  Whole whole;
  std::size_t number = 1;
  while (!text.empty()) {
    const Write write = next_write(text);
    if (write.line.starts_with('/')) {
      whole.refuse(at_line(number, "a line that begins with / is taken for the path of a policy"));
    } else {
      whole.add(number, judge_rule(write.line, kernel));
    }
    const std::size_t taken = std::min(write.taken, text.size());
    number += static_cast<std::size_t>(std::ranges::count(text.substr(0, taken), '\n'));
    text.remove_prefix(taken);
  }
  return whole.verdict();
}

FileVerdict judge_path(std::string_view text, const KernelFacts& kernel) {
  Whole whole;
  if (text.empty()) return {.accepted = Accepted::no, .reason = "the file is empty"};
  const bool ends = text.ends_with('\n');
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    whole.add(number, judge_rule(before_nul(line), kernel));
    // The lengths of the lines no longer add up to that of the file.
    if (line.find('\0') != std::string_view::npos) {
      whole.refuse(at_line(number, "a NUL byte"));
    }
  }
  if (!ends) whole.refuse("the last line does not end in a newline, which the path form needs");
  return whole.verdict();
}

}  // namespace

Write next_write(std::string_view text) {
  const std::string_view chunk = text.substr(0, max_write);
  constexpr std::string_view ends("\n\0", 2);
  const std::string_view line = chunk.substr(0, chunk.find_first_of(ends));
  return {.line = line, .taken = line.size() + 1};
}

JudgedPolicy judge_each_line(std::string_view text, const KernelFacts& kernel) {
  JudgedPolicy judged;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!is_rule(line)) continue;
    judged.rules.push_back({.number = number,
                            .text = std::string(line),
                            .verdict = judge_rule(before_nul(line), kernel)});
  }
  return judged;
}

JudgedPolicy judge_policy(std::string_view text, const KernelFacts& kernel) {
  JudgedPolicy judged = judge_each_line(text, kernel);
  judged.lines = judge_writes(text, kernel);
  judged.path = judge_path(text, kernel);
  return judged;
}

}  // namespace etalon::policy
