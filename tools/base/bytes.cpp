// SPDX-License-Identifier: Apache-2.0
#include "tools/base/bytes.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "tools/base/result.hpp"

namespace etalon {
namespace {

constexpr int no_digit = 0x100;

// By character; no_digit for those that are none.
constexpr std::array digit_values = [] {
  std::array<int, 256> values{};
  values.fill(no_digit);
  int value = 0;
  for (const char digit : std::string_view("0123456789abcdef"))
    values[static_cast<unsigned char>(digit)] = value++;
  value = 10;
  for (const char digit : std::string_view("ABCDEF"))
    values[static_cast<unsigned char>(digit)] = value++;
  return values;
}();

int digit_value(char c) {
  return digit_values[static_cast<unsigned char>(c)];
}

}  // namespace

ByteView as_bytes(std::string_view text) {
  return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

std::string_view as_text(ByteView bytes) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): std::byte may be read as char
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Bytes to_bytes(std::string_view text) {
  return to_bytes(as_bytes(text));
}

Bytes to_bytes(ByteView view) {
  return {view.begin(), view.end()};
}

void append(Bytes& to, ByteView more) {
  to.insert(to.end(), more.begin(), more.end());
}

std::string to_hex(ByteView bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const std::byte b : bytes) {
    const auto value = std::to_integer<unsigned>(b);
    hex += digits[value >> 4U];
    hex += digits[value & 0xfU];
  }
  return hex;
}

std::string hex_number(std::uint64_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  do {
    text.insert(text.begin(), digits[value & 0xfU]);
    value >>= 4U;
  } while (value != 0);
  return "0x" + text;
}

Result<Bytes> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return fail(ErrorCode::malformed, "hex text has an odd length");
  Bytes bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = digit_value(hex[i]);
    const int low = digit_value(hex[i + 1]);
    if ((high | low) >= no_digit) {
      return fail(ErrorCode::malformed, "not a hexadecimal digit: " + printable(hex.substr(i, 2)));
    }
    bytes.push_back(static_cast<std::byte>(high * 16 + low));
  }
  return bytes;
}

bool append_hex(Bytes& to, std::string_view hex) {
  if (hex.size() % 2 != 0) return false;
  const std::size_t start = to.size();
  to.resize(start + hex.size() / 2);
  int seen = 0;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int value = digit_value(hex[i]) * 16 | digit_value(hex[i + 1]);
    seen |= value;
    to[start + i / 2] = static_cast<std::byte>(value);
  }
  return seen < no_digit;
}

bool equal(ByteView a, ByteView b) {
  return std::ranges::equal(a, b);
}

}  // namespace etalon
