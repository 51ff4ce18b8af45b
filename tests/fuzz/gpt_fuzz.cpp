// SPDX-License-Identifier: Apache-2.0
// decoder: references/measure/boot/gpt.cpp
// A table that decodes gives an event of its header and its used entries, and nothing behind the
// table changes it.
#include <cstddef>
#include <cstdint>
#include <span>

#include "references/measure/boot/gpt.hpp"
#include "tools/base/assert.hpp"
#include "tools/base/bytes.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const etalon::ByteView disk = std::as_bytes(std::span(data, size));
  const auto gpt = etalon::measure::decode_gpt(disk);
  if (!gpt) {
    (void)gpt.error().text();
    return 0;
  }
  const etalon::Bytes event = etalon::measure::gpt_event_data(*gpt);
  ETALON_ASSERT(event.size() == 92 + 8 + gpt->entries.size() * gpt->entry_size);
  etalon::Bytes longer = etalon::to_bytes(disk);
  longer.push_back(std::byte{1});
  const auto again = etalon::measure::decode_gpt(longer);
  ETALON_ASSERT(again.has_value() && etalon::measure::gpt_event_data(*again) == event);
  return 0;
}
