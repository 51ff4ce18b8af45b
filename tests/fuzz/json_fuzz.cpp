// SPDX-License-Identifier: Apache-2.0
// decoder: tools/codec/json_parse.cpp
// What parses must render, in both forms, to a text that parses to the same value, and the
// canonical form must be a fixed point: signatures are made over it.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tools/base/assert.hpp"
#include "tools/codec/json.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): libFuzzer's byte type
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = etalon::parse_json(text);
  if (!value) {
    (void)value.error().text();
    return 0;
  }
  const std::string canonical = value->canonical();
  const auto again = etalon::parse_json(canonical);
  ETALON_ASSERT(again.has_value() && *again == *value);
  ETALON_ASSERT(again->canonical() == canonical);
  const auto pretty = etalon::parse_json(value->pretty());
  ETALON_ASSERT(pretty.has_value() && *pretty == *value);
  return 0;
}
