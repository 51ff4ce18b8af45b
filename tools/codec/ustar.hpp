// SPDX-License-Identifier: Apache-2.0
// A deterministic subset of ustar (POSIX.1-2017, pax, "ustar Interchange Format"): regular files
// only, names of at most 100 bytes in the name field, mode 0644, owner 0, time 0, no extended
// headers, no prefix, zero padding, and exactly two zero blocks at the end. Any tar program
// unpacks it. One list of entries has one encoding, and the reader accepts that encoding only:
// it rebuilds each header from name and size and compares every byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon {

struct UstarEntry {
  std::string name{};
  ByteView content{};        // of the reader's input, or of the writer's caller
  std::uint64_t offset = 0;  // of the header in the reader's input; nothing to the writer
};

inline constexpr std::size_t max_ustar_name = 100;
// Eleven octal digits.
inline constexpr std::uint64_t max_ustar_size = (std::uint64_t{1} << 33U) - 1;

// In the order given. Usage error for an empty or over-long name, a name with a NUL, or a content
// beyond max_ustar_size.
Result<Bytes> encode_ustar(std::span<const UstarEntry> entries);

// In file order; contents are views of `tar`. More than max_entries is a limit error.
Result<std::vector<UstarEntry>> decode_ustar(ByteView tar, std::size_t max_entries);

}  // namespace etalon
