// SPDX-License-Identifier: Apache-2.0
#include "tools/codec/base64.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string encode_base64(ByteView bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = (group << 8U) | (i < have ? std::to_integer<std::uint32_t>(bytes[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text += i <= have ? alphabet[(group >> (18 - 6 * i)) & 0x3fU] : '=';
    }
  }
  return text;
}

Result<Bytes> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) {
    return fail(ErrorCode::malformed, "base64 length is not a multiple of 4");
  }
  std::size_t padding = 0;
  if (text.ends_with("=")) padding = text.ends_with("==") ? std::size_t{2} : std::size_t{1};
  Bytes bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool pad = i >= text.size() - padding;
    const std::size_t value = pad ? 0 : alphabet.find(text[i]);
    if (value == std::string_view::npos) {
      return fail_at(ErrorCode::malformed, "base64", i, "not a base64 character");
    }
    group = (group << 6U) | static_cast<std::uint32_t>(value);
    if (i % 4 != 3) continue;
    const std::size_t have = i + 1 == text.size() ? 3 - padding : 3;
    for (std::size_t k = 0; k < have; ++k) {
      bytes.push_back(static_cast<std::byte>(group >> (16 - 8 * k)));
    }
    if (have < 3 && (group & ((1U << (8 * (3 - have))) - 1)) != 0) {
      return fail_at(ErrorCode::malformed, "base64", i, "unused bits are not zero");
    }
    group = 0;
  }
  return bytes;
}

}  // namespace etalon
