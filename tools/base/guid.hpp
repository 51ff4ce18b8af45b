// SPDX-License-Identifier: Apache-2.0
// EFI GUIDs. In memory and on disk the first three fields are little-endian (UEFI 2.10, appendix
// A); the text form is the usual one with all digits in reading order.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon {

struct Guid {
  std::array<std::byte, 16> bytes{};  // as on disk

  // From "8be4df61-93ca-11d2-aa0d-00e098032b8c", either case.
  static Result<Guid> parse(std::string_view text);
  // The same for a literal of ours; a bad one is a programming error.
  static Guid literal(std::string_view text);

  std::string text() const;  // lower case

  ByteView view() const { return bytes; }

  auto operator<=>(const Guid&) const = default;
};

}  // namespace etalon
