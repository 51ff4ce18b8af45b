// SPDX-License-Identifier: Apache-2.0
// Builder of a small valid TDX firmware image. A refusal test builds a good one, or changes a field
// of the builder, or one of the image at an offset named here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "references/measure/tdx/tdvf.hpp"
#include "tools/base/bytes.hpp"

namespace etalon::test {

struct FakeEntry {
  std::string guid{};
  Bytes data{};
};

struct FakeFirmware {
  // CFV in the first page, BFV in the other two, a TD_HOB and a TempMem section.
  FakeFirmware();

  std::size_t size = 0x3000;
  std::size_t metadata_at = 0x2800;
  bool guid_table = true;  // otherwise td-shim's offset word
  std::vector<measure::tdx::Section> sections{};
  std::vector<FakeEntry> entries{};  // of the GUID table, from its start; the last one is TDVF's

  Bytes build() const;

  // The image with a little-endian number of `width` bytes at an offset.
  Bytes with(std::size_t offset, std::uint64_t value, std::size_t width = 4) const;

  // Offsets of fields in what build() gives.
  std::size_t table_length() const { return size - 0x20 - 18; }

  std::size_t tdvf_entry_length() const { return table_length() - 18; }

  std::size_t distance() const { return tdvf_entry_length() - 4; }

  std::size_t section_at(std::size_t index) const { return metadata_at + 16 + 32 * index; }
};

}  // namespace etalon::test
