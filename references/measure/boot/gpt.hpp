// SPDX-License-Identifier: Apache-2.0
// The primary GUID partition table of a disk (UEFI 2.10, section 5.3) and the event in which
// firmware measures it (TCG PC Client Platform Firmware Profile, UEFI_GPT_DATA). Integers are
// little-endian; block addresses count sectors of 512 or 4096 bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/guid.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure {

inline constexpr std::uint32_t max_gpt_entries = 1024;
inline constexpr std::uint32_t max_gpt_entry_size = 4096;

struct GptEntry {
  Guid type{};
  Guid id{};
  std::uint64_t first_lba = 0;
  std::uint64_t last_lba = 0;  // included
  std::uint64_t attributes = 0;
  ByteView bytes{};  // the whole entry
};

struct Gpt {
  std::uint32_t sector_size = 512;
  ByteView header{};  // its 92 defined bytes
  Guid disk{};
  std::uint32_t entry_size = 128;
  std::vector<GptEntry> entries{};  // those with a type, in the order of the table
};

// `disk` is the start of the disk: 34 sectors hold the usual table of 128 entries. Both CRCs must
// be right: a table whose CRC is wrong is not used by firmware, which then measures the backup or
// nothing. What follows the table is not read.
Result<Gpt> decode_gpt(ByteView disk);

// The data of EV_EFI_GPT_EVENT, which its digest is over: header, u64 count, the used entries.
Bytes gpt_event_data(const Gpt& gpt);

}  // namespace etalon::measure
