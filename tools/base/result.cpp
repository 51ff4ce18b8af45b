// SPDX-License-Identifier: Apache-2.0
#include "tools/base/result.hpp"

#include <cstdint>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace etalon {

std::string_view name(ErrorCode code) {
  switch (code) {
    case ErrorCode::malformed:
      return "malformed";
    case ErrorCode::truncated:
      return "truncated";
    case ErrorCode::unsupported:
      return "unsupported";
    case ErrorCode::limit:
      return "limit";
    case ErrorCode::not_found:
      return "not-found";
    case ErrorCode::mismatch:
      return "mismatch";
    case ErrorCode::crypto:
      return "crypto";
    case ErrorCode::io:
      return "io";
    case ErrorCode::usage:
      return "usage";
  }
  return "unknown";
}

std::string Error::structure() const {
  std::string joined;
  for (const std::string& part : std::views::reverse(context)) {
    if (!joined.empty()) joined += ": ";
    joined += printable(part);
  }
  return joined;
}

std::string Error::text() const {
  std::string text;
  if (!file.empty()) text += printable(file) + ": ";
  if (!context.empty()) text += structure() + ": ";
  text += printable(field);
  if (offset) {
    if (!field.empty()) text += ' ';
    text += "at " + std::to_string(*offset);
  }
  if (!field.empty() || offset) text += ": ";
  return text + message;
}

tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  Error error;
  error.code = code;
  error.message = std::move(message);
  return tl::unexpected(std::move(error));
}

tl::unexpected<Error> fail_at(ErrorCode code, std::string_view field, std::uint64_t offset,
                              std::string message) {
  Error error;
  error.code = code;
  error.message = std::move(message);
  error.field = field;
  error.offset = offset;
  return tl::unexpected(std::move(error));
}

std::string printable(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '\\') {
      out += c;
    } else {
      out += "\\x";
      out += digits[byte >> 4U];
      out += digits[byte & 0xfU];
    }
  }
  return out;
}

}  // namespace etalon
