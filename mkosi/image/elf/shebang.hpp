// SPDX-License-Identifier: Apache-2.0
// The first line of a script as the kernel reads it (Linux 6.12, fs/binfmt_script.c; the same since
// 5.1): interpreter and at most one argument, found in the first 256 bytes, of which the last is
// only looked at and never part of either. What a shell makes of a file the kernel refuses is not
// known here.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::elf {

// BINPRM_BUF_SIZE: what the kernel reads of a file to find out what it is.
inline constexpr std::size_t script_head_size = 256;

struct Shebang {
  std::string interpreter{};              // as it stands; seldom relative
  std::optional<std::string> argument{};  // may hold blanks; may be empty, see the .cpp

  bool operator==(const Shebang&) const = default;
};

// Whether the bytes begin with "#!".
bool is_script(ByteView file);

// `file` is the whole file or at least its first 256 bytes. malformed when the kernel answers
// ENOEXEC: no interpreter, or one that may be cut off.
Result<Shebang> read_shebang(ByteView file);

}  // namespace etalon::elf
