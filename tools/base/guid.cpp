// SPDX-License-Identifier: Apache-2.0
#include "tools/base/guid.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "tools/base/assert.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon {
namespace {

// Position on disk of the n-th byte of the text form.
constexpr std::array<std::size_t, 16> disk_order = {3, 2, 1,  0,  5,  4,  7,  6,
                                                    8, 9, 10, 11, 12, 13, 14, 15};

}  // namespace

Result<Guid> Guid::parse(std::string_view text) {
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-'))
      return fail(ErrorCode::malformed, "not a GUID: " + printable(text));
    if (!dash) digits += text[i];
  }
  if (digits.size() != 32) return fail(ErrorCode::malformed, "not a GUID: " + printable(text));
  TRY_ASSIGN(const Bytes raw, from_hex(digits));
  Guid guid;
  for (std::size_t i = 0; i < raw.size(); ++i)
    guid.bytes[disk_order[i]] = raw[i];
  return guid;
}

Guid Guid::literal(std::string_view text) {
  const auto guid = parse(text);
  ETALON_ASSERT(guid.has_value());
  return *guid;
}

std::string Guid::text() const {
  Bytes reading;
  for (const std::size_t at : disk_order)
    reading.push_back(bytes[at]);
  std::string hex = to_hex(reading);
  for (const std::size_t at : {8U, 13U, 18U, 23U})
    hex.insert(at, 1, '-');
  return hex;
}

}  // namespace etalon
