// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_firmware.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "references/measure/tdx/tdvf.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/guid.hpp"
#include "tools/base/writer.hpp"

namespace etalon::test {
namespace {

using measure::tdx::SectionType;

void put(Bytes& image, std::size_t offset, ByteView bytes) {
  std::copy(bytes.begin(), bytes.end(), image.begin() + static_cast<std::ptrdiff_t>(offset));
}

// No two pages alike, so that a page in the wrong place changes the value.
Bytes pattern(std::size_t size) {
  Bytes image(size);
  for (std::size_t i = 0; i < size; ++i)
    image[i] = static_cast<std::byte>(i * 7 + (i >> 8U) * 13);
  return image;
}

Bytes encode_table(const std::vector<FakeEntry>& entries) {
  ByteWriter table;
  for (const FakeEntry& entry : entries) {
    table.bytes(entry.data).u16(static_cast<std::uint16_t>(entry.data.size() + 18));
    table.bytes(Guid::literal(entry.guid).view());
  }
  table.u16(static_cast<std::uint16_t>(table.size() + 18));
  table.bytes(Guid::literal("96b582de-1fb2-45f7-baea-a366c55a082d").view());
  return table.take();
}

}  // namespace

FakeFirmware::FakeFirmware() {
  sections = {{.data_offset = 0x1000,
               .raw_size = 0x2000,
               .gpa = 0xffffe000,
               .mem_size = 0x2000,
               .type = SectionType::bfv,
               .attributes = measure::tdx::attribute_mr_extend},
              {.data_offset = 0,
               .raw_size = 0x1000,
               .gpa = 0xffffd000,
               .mem_size = 0x1000,
               .type = SectionType::cfv},
              {.gpa = 0x809000, .mem_size = 0x2000, .type = SectionType::td_hob},
              {.gpa = 0x810000, .mem_size = 0x3000, .type = SectionType::temp_mem}};
  const auto distance = static_cast<std::uint32_t>(size - metadata_at);
  entries = {
      {.guid = "dc886566-984a-4798-a75e-5585a7bf67cc", .data = Bytes(4)},
      {.guid = "e47a6535-984a-4798-865e-4685a7bf8ec2", .data = ByteWriter().u32(distance).take()}};
}

Bytes FakeFirmware::build() const {
  Bytes image = pattern(size);
  const auto length = static_cast<std::uint32_t>(16 + 32 * sections.size());
  put(image, metadata_at, measure::tdx::encode_metadata({.length = length, .sections = sections}));
  if (guid_table) {
    const Bytes table = encode_table(entries);
    put(image, size - 0x20 - table.size(), table);
  } else {
    put(image, size - 0x20, ByteWriter().u32(static_cast<std::uint32_t>(metadata_at)).take());
  }
  return image;
}

Bytes FakeFirmware::with(std::size_t offset, std::uint64_t value, std::size_t width) const {
  Bytes image = build();
  for (std::size_t i = 0; i < width; ++i)
    image.at(offset + i) = static_cast<std::byte>(value >> (8 * i));
  return image;
}

}  // namespace etalon::test
