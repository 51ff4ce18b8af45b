// SPDX-License-Identifier: Apache-2.0
// UTF-16LE as firmware and systemd-stub use it. Decoding refuses lone surrogates; encoding refuses
// text that is not UTF-8.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon {

// Unicode scalar values of UTF-8 text: no overlong forms, surrogates or values above 0x10ffff.
Result<std::vector<std::uint32_t>> decode_utf8(std::string_view text);
std::string encode_utf8(std::uint32_t scalar);

enum class Terminator : std::uint8_t { none, nul };

Result<Bytes> utf16le_from_utf8(std::string_view text, Terminator terminator);
// An even number of bytes; a NUL is an ordinary character.
Result<std::string> utf8_from_utf16le(ByteView bytes);

}  // namespace etalon
