// SPDX-License-Identifier: Apache-2.0
// Bytes and views of bytes, and their text form. Binary data is never a std::string; text is never
// a vector of bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/base/result.hpp"

namespace etalon {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

// The same memory, seen the other way.
ByteView as_bytes(std::string_view text);
std::string_view as_text(ByteView bytes);

Bytes to_bytes(std::string_view text);
Bytes to_bytes(ByteView view);
void append(Bytes& to, ByteView more);

// Lower case, no prefix.
std::string to_hex(ByteView bytes);
// A number for messages: "0x1f000".
std::string hex_number(std::uint64_t value);
// Even number of hexadecimal digits in either case; malformed otherwise.
Result<Bytes> from_hex(std::string_view hex);
// The same appended to `to`, for what is decoded by the million; whether it was hexadecimal. When
// it was not, what was appended is of no use.
bool append_hex(Bytes& to, std::string_view hex);

// std::equal over views; constant time is not promised.
bool equal(ByteView a, ByteView b);

}  // namespace etalon
