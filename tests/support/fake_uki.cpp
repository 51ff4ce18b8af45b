// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_uki.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tools/base/bytes.hpp"
#include "tools/base/writer.hpp"

namespace etalon::test {
namespace {

constexpr std::size_t file_alignment = 512;
constexpr std::size_t memory_alignment = 4096;

std::size_t aligned(std::size_t value, std::size_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

}  // namespace

FakePe& FakePe::add(std::string_view name, std::string_view data) {
  sections.push_back({.name = std::string(name), .data = to_bytes(data)});
  return *this;
}

Bytes FakePe::build() const {
  const std::size_t headers = aligned(section_offset(sections.size()), file_alignment);
  std::size_t total = headers;
  for (const FakeSection& each : sections)
    total += aligned(each.data.size(), file_alignment);
  const auto optional_size = static_cast<std::uint16_t>(section_offset(0) - fake_pe::optional);
  ByteWriter out;
  out.text("MZ").fill(58).u32(fake_pe::pe_offset).fill(fake_pe::pe_offset - 64);
  out.text("PE").u16(0).u16(0x8664).u16(static_cast<std::uint16_t>(sections.size()));
  out.fill(12).u16(optional_size).u16(0x22e);
  out.u16(plus ? 0x20b : 0x10b).fill(58).u32(static_cast<std::uint32_t>(headers)).u32(0x12345678);
  out.u16(10).fill(plus ? 38 : 22).u32(directories);
  for (std::uint32_t i = 0; i < directories; ++i) {
    const bool security = i == 4 && !certificates.empty();
    out.u32(security ? static_cast<std::uint32_t>(total + trailing.size()) : 0);
    out.u32(security ? static_cast<std::uint32_t>(certificates.size()) : 0);
  }
  std::size_t raw = headers;
  std::size_t address = memory_alignment;
  for (const FakeSection& each : sections) {
    const std::size_t raw_size = aligned(each.data.size(), file_alignment);
    const auto size = each.virtual_size.value_or(static_cast<std::uint32_t>(each.data.size()));
    out.text(std::string_view(each.name).substr(0, 8));
    out.fill(8 - std::min<std::size_t>(8, each.name.size()));
    out.u32(size).u32(static_cast<std::uint32_t>(address));
    out.u32(static_cast<std::uint32_t>(raw_size)).u32(static_cast<std::uint32_t>(raw));
    out.fill(12).u32(0x40000040);
    raw += raw_size;
    address += aligned(std::size_t{size} + 1, memory_alignment);
  }
  out.align(file_alignment);
  for (const FakeSection& each : sections)
    out.bytes(each.data).align(file_alignment);
  out.bytes(trailing).bytes(certificates);
  return out.take();
}

void put_u16(Bytes& file, std::size_t offset, std::uint16_t value) {
  for (std::size_t i = 0; i < 2; ++i)
    file.at(offset + i) = static_cast<std::byte>(value >> (8 * i));
}

void put_u32(Bytes& file, std::size_t offset, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i)
    file.at(offset + i) = static_cast<std::byte>(value >> (8 * i));
}

Bytes fake_kernel(std::string_view version_text) {
  // The one section starts at 0x200, in the middle of the setup header.
  ByteWriter setup;
  setup.u16(0x66eb).text("HdrS").u16(0x20f).fill(6).u16(0x100);  // version text at 0x300
  setup.fill(0x36 - setup.size()).u16(0x7f);                     // xloadflags
  setup.fill(0x48 - setup.size()).u32(0).u32(8);                 // payload offset and length
  setup.fill(0x100 - setup.size()).text(version_text).u8(0).align(file_alignment);
  setup.text("\x02!L\x18").u32(4);
  FakePe pe{.directories = 6};
  pe.sections.push_back({.name = ".text", .data = setup.take()});
  Bytes file = pe.build();
  file.at(0x1f1) = std::byte{1};  // one setup sector behind the boot sector
  put_u16(file, 0x1fe, 0xaa55);
  return file;
}

Bytes with_payload(Bytes kernel, ByteView payload) {
  constexpr std::size_t protected_mode = 0x400;  // one setup sector behind the boot sector
  put_u32(kernel, 0x248, static_cast<std::uint32_t>(kernel.size() - protected_mode));
  put_u32(kernel, 0x24c, static_cast<std::uint32_t>(payload.size()));
  kernel.insert(kernel.end(), payload.begin(), payload.end());
  return kernel;
}

FakePe fake_uki(std::string_view stub_version) {
  FakePe pe;
  pe.add(".text", "code of the stub");
  pe.add(".sdmagic", "#### LoaderInfo: systemd-stub " + std::string(stub_version) + " ####");
  pe.add(".sbat", "sbat,1,SBAT Version,sbat,1\n");
  return pe;
}

}  // namespace etalon::test
