// SPDX-License-Identifier: Apache-2.0
// Judges a whole policy file in the two ways a kernel takes one: written to
// <securityfs>/ima/policy as text, and named there by its path. They differ: a write() hands over
// at most 4095 bytes of one line and swallows the byte behind them; a file named by path must end
// in a newline. One refused line refuses the whole file, and so does a file without any rule.
// Source: Linux 5.10 to 7.2, security/integrity/ima/ima_fs.c, ima_write_policy() and
// ima_read_policy(); put to booted kernels 6.1, 6.12 and 7.2 with the same answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/lang/facts.hpp"
#include "policy/lang/parse.hpp"

namespace etalon::policy {

// What one write() takes: a page less its final NUL.
inline constexpr std::size_t max_write = 4095;
// More than any policy in use has; one line of `policy check --each-line` each.
inline constexpr std::size_t max_policy_size = std::size_t{16} << 20U;

struct JudgedLine {
  std::size_t number = 0;  // from 1; lines that are no rule are not listed
  std::string text{};
  Verdict verdict{};

  bool operator==(const JudgedLine&) const = default;
};

// Whether the kernel takes the whole file, and if not, why.
struct FileVerdict {
  Accepted accepted = Accepted::no;
  std::string reason{};

  bool operator==(const FileVerdict&) const = default;
};

struct JudgedPolicy {
  std::vector<JudgedLine> rules{};
  FileVerdict lines{};  // written as text
  FileVerdict path{};   // named by its path
};

// A file of at most max_policy_size bytes.
JudgedPolicy judge_policy(std::string_view text, const KernelFacts& kernel);
// Every line as a policy of its own; `lines` and `path` are not judged.
JudgedPolicy judge_each_line(std::string_view text, const KernelFacts& kernel);

// One write() of `text` as the kernel takes it: the line it parses, and how much it says it took,
// which is the line and one byte more, so possibly more than there was.
struct Write {
  std::string_view line{};
  std::size_t taken = 0;
};

Write next_write(std::string_view text);

}  // namespace etalon::policy
