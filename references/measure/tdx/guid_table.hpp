// SPDX-License-Identifier: Apache-2.0
// The table of GUID entries that OVMF images carry below their last 32 bytes (edk2 OvmfPkg
// ResetVector, ResetVectorVtf0.asm). It is read from its end backwards: the footer states the
// length of the whole table, including itself, and every entry the length of its own data and
// header.
#pragma once

#include <cstdint>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/guid.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure::tdx {

// What lies behind the table: the reset vector and what belongs to it.
inline constexpr std::uint64_t image_tail_size = 0x20;
inline constexpr std::uint64_t guid_entry_overhead = 18;  // u16 length and GUID

// An entry of the GUID table; `offset` is that of its data.
struct GuidEntry {
  Guid guid{};
  std::uint64_t offset = 0;
  ByteView data{};
};

// True when the image ends in the footer of a GUID table.
bool has_guid_table(ByteView firmware);

// The entries of the GUID table, in the order of the walk: from the end of the image downwards.
Result<std::vector<GuidEntry>> decode_guid_table(ByteView firmware);

}  // namespace etalon::measure::tdx
