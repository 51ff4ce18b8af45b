// SPDX-License-Identifier: Apache-2.0
#include "tools/base/utf16.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/result.hpp"
#include "tools/base/writer.hpp"

namespace etalon {
namespace {

struct Lead {
  std::size_t length;     // of the whole sequence, 0 when the byte cannot start one
  std::uint32_t bits;     // payload of the first byte
  std::uint32_t minimum;  // smallest scalar that needs this length
};

Lead classify(unsigned char byte) {
  if (byte < 0x80) return {1, byte, 0};
  if ((byte & 0xe0U) == 0xc0U) return {2, byte & 0x1fU, 0x80};
  if ((byte & 0xf0U) == 0xe0U) return {3, byte & 0x0fU, 0x800};
  if ((byte & 0xf8U) == 0xf0U) return {4, byte & 0x07U, 0x10000};
  return {0, 0, 0};
}

bool is_high_surrogate(std::uint32_t scalar) {
  return scalar >= 0xd800 && scalar <= 0xdbff;
}

bool is_surrogate(std::uint32_t scalar) {
  return scalar >= 0xd800 && scalar <= 0xdfff;
}

}  // namespace

Result<std::vector<std::uint32_t>> decode_utf8(std::string_view text) {
  std::vector<std::uint32_t> scalars;
  for (std::size_t at = 0; at < text.size();) {
    const Lead lead = classify(static_cast<unsigned char>(text[at]));
    std::uint32_t scalar = lead.bits;
    bool good = lead.length != 0 && lead.length <= text.size() - at;
    for (std::size_t i = 1; good && i < lead.length; ++i) {
      const auto byte = static_cast<unsigned char>(text[at + i]);
      good = (byte & 0xc0U) == 0x80U;
      scalar = (scalar << 6U) | (byte & 0x3fU);
    }
    good = good && scalar >= lead.minimum && scalar <= 0x10ffff && !is_surrogate(scalar);
    if (!good) return fail_at(ErrorCode::malformed, "", at, "not UTF-8");
    scalars.push_back(scalar);
    at += lead.length;
  }
  return scalars;
}

std::string encode_utf8(std::uint32_t scalar) {
  const auto tail = [scalar](unsigned shift) {
    return static_cast<char>(0x80U | ((scalar >> shift) & 0x3fU));
  };
  if (scalar < 0x80) return {static_cast<char>(scalar)};
  if (scalar < 0x800) return {static_cast<char>(0xc0U | (scalar >> 6U)), tail(0)};
  if (scalar < 0x10000) return {static_cast<char>(0xe0U | (scalar >> 12U)), tail(6), tail(0)};
  return {static_cast<char>(0xf0U | (scalar >> 18U)), tail(12), tail(6), tail(0)};
}

Result<Bytes> utf16le_from_utf8(std::string_view text, Terminator terminator) {
  TRY_ASSIGN(const auto scalars, decode_utf8(text));
  ByteWriter out;
  for (const std::uint32_t scalar : scalars) {
    if (scalar < 0x10000) {
      out.u16(static_cast<std::uint16_t>(scalar));
    } else {
      const std::uint32_t rest = scalar - 0x10000;
      out.u16(static_cast<std::uint16_t>(0xd800U + (rest >> 10U)));
      out.u16(static_cast<std::uint16_t>(0xdc00U + (rest & 0x3ffU)));
    }
  }
  if (terminator == Terminator::nul) out.u16(0);
  return out.take();
}

Result<std::string> utf8_from_utf16le(ByteView bytes) {
  ByteReader in(bytes);
  std::string text;
  while (in.remaining() > 0) {
    const std::uint64_t at = in.offset();
    std::uint32_t scalar = in.u16("UTF-16 code unit");
    if (is_high_surrogate(scalar)) {
      const std::uint32_t low = in.u16("UTF-16 low surrogate");
      TRY(in.status());
      if (low < 0xdc00 || low > 0xdfff) {
        return fail_at(ErrorCode::malformed, "UTF-16", at, "lone surrogate");
      }
      scalar = 0x10000 + ((scalar - 0xd800) << 10U) + (low - 0xdc00);
    } else if (is_surrogate(scalar)) {
      return fail_at(ErrorCode::malformed, "UTF-16", at, "lone surrogate");
    }
    TRY(in.status());
    text += encode_utf8(scalar);
  }
  return text;
}

}  // namespace etalon
