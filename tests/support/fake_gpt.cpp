// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_gpt.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "tools/base/bytes.hpp"
#include "tools/base/writer.hpp"

namespace etalon::test {
namespace {

// By table, unlike the code under test.
std::uint32_t crc32(ByteView data) {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit)
      value = (value & 1U) != 0 ? 0xedb88320U ^ (value >> 1U) : value >> 1U;
    table.at(i) = value;
  }
  std::uint32_t crc = 0xffffffff;
  for (const std::byte each : data)
    crc = table.at((crc ^ static_cast<std::uint32_t>(each)) & 0xffU) ^ (crc >> 8U);
  return ~crc;
}

Bytes table_of(const FakeGpt& gpt) {
  ByteWriter out;
  for (std::uint32_t slot = 0; slot < gpt.entries; ++slot) {
    const std::size_t start = out.size();
    if (std::ranges::find(gpt.used, slot) != gpt.used.end()) {
      out.fill(16, std::byte{0xc1}).fill(16, static_cast<std::byte>(slot + 1));
      out.u64(2048 + slot).u64(4096 + slot).u64(0).text("e\0s\0p\0");
    }
    const std::size_t written = out.size() - start;
    out.fill(gpt.entry_size > written ? gpt.entry_size - written : 0);
  }
  return out.take();
}

}  // namespace

Bytes FakeGpt::build() const {
  const Bytes table = table_of(*this);
  const auto header_with = [&](std::uint32_t crc) {
    ByteWriter out;
    out.text("EFI PART").u32(revision).u32(header_size).u32(crc).u32(0).u64(own_lba).u64(99999);
    out.u64(34).u64(99966).fill(16, std::byte{0xd1}).u64(entries_lba).u32(entries);
    out.u32(entry_size).u32(crc32(table)).fill(header_size > 92 ? header_size - 92 : 0);
    return out.take();
  };
  const Bytes without_crc = header_with(0);
  const std::size_t covered = std::min<std::size_t>(header_size, without_crc.size());
  ByteWriter out;
  out.fill(sector).bytes(header_with(crc32(ByteView(without_crc).first(covered))));
  out.fill(2 * std::size_t{sector} > out.size() ? 2 * std::size_t{sector} - out.size() : 0);
  return out.bytes(table).take();
}

}  // namespace etalon::test
