// SPDX-License-Identifier: Apache-2.0
// Builders of small valid images for tests: a PE file of chosen sections (FakePe), a Linux kernel
// image (fake_kernel) and a unified kernel image (FakeUki). A refusal test builds a good one and
// changes one field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/base/bytes.hpp"

namespace etalon::test {

struct FakeSection {
  std::string name{};
  Bytes data{};
  std::optional<std::uint32_t> virtual_size{};  // the data's size when not given
};

// Offsets of fields in what FakePe builds.
namespace fake_pe {
inline constexpr std::size_t pe_offset = 0x80;
inline constexpr std::size_t coff = pe_offset + 4;
inline constexpr std::size_t optional = coff + 20;
inline constexpr std::size_t headers_size = optional + 60;
inline constexpr std::size_t checksum = optional + 64;
}  // namespace fake_pe

struct FakePe {
  bool plus = true;                // PE32+
  std::uint32_t directories = 16;  // NumberOfRvaAndSizes
  std::vector<FakeSection> sections{};
  Bytes trailing{};      // behind the sections
  Bytes certificates{};  // behind that, named by the certificate table entry

  FakePe& add(std::string_view name, std::string_view data);

  Bytes build() const;

  // Offsets of fields, for tests that break one.
  std::size_t count_offset() const { return fake_pe::optional + (plus ? 108U : 92U); }

  std::size_t security_offset() const { return count_offset() + 4 + 32; }

  std::size_t section_offset(std::size_t index) const {
    return count_offset() + 4 + 8 * std::size_t{directories} + 40 * index;
  }
};

// Writes an integer into a built file.
void put_u16(Bytes& file, std::size_t offset, std::uint16_t value);
void put_u32(Bytes& file, std::size_t offset, std::uint32_t value);

// A PE image that is a bzImage too: setup header of protocol 2.15, version text, four payload
// bytes.
Bytes fake_kernel(std::string_view version_text = "6.12.95+deb12-cloud-amd64 (builder) #1 SMP");

// The same with that payload, behind all else.
Bytes with_payload(Bytes kernel, ByteView payload);

// A UKI of a stub of that version, with .sbat and .sdmagic as the stub brings them.
FakePe fake_uki(std::string_view stub_version = "257.13-1~deb13u1");

}  // namespace etalon::test
