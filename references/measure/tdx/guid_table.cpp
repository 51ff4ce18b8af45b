// SPDX-License-Identifier: Apache-2.0
#include "references/measure/tdx/guid_table.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/guid.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure::tdx {
namespace {

// Backwards from the last byte of the image (specification 1.1):
//   32 bytes   tail
//   entry      the footer: u16 length of the whole table including this entry, footer GUID
//   entry*     data[n], u16 length = n + 18, GUID
const Guid& footer_guid() {
  static const Guid guid = Guid::literal("96b582de-1fb2-45f7-baea-a366c55a082d");
  return guid;
}

Guid guid_at(ByteView firmware, std::uint64_t offset) {
  Guid guid;
  const ByteView from = firmware.subspan(offset, guid.bytes.size());
  std::ranges::copy(from, guid.bytes.begin());
  return guid;
}

// The entry whose last byte is at end - 1; nothing below `begin` belongs to the table.
Result<GuidEntry> entry_before(ByteView firmware, std::uint64_t begin, std::uint64_t end) {
  if (end - begin < guid_entry_overhead) {
    return fail_at(ErrorCode::malformed, "entry", begin,
                   std::to_string(end - begin) + " bytes left, an entry has 18 or more");
  }
  const std::uint64_t length_at = end - guid_entry_overhead;
  ByteReader reader(firmware.subspan(length_at, 2), length_at);
  const std::uint16_t length = reader.u16("length");
  TRY(reader.status());
  if (length < guid_entry_overhead) {
    return fail_at(ErrorCode::malformed, "length", length_at,
                   std::to_string(length) + " is less than the 18 bytes of an entry without data");
  }
  if (length > end - begin) {
    return fail_at(ErrorCode::malformed, "length", length_at,
                   "entry of " + std::to_string(length) + " bytes begins before the table does");
  }
  const std::uint64_t data_at = end - length;
  return GuidEntry{.guid = guid_at(firmware, length_at + 2),
                   .offset = data_at,
                   .data = firmware.subspan(data_at, length - guid_entry_overhead)};
}

}  // namespace

bool has_guid_table(ByteView firmware) {
  return firmware.size() >= image_tail_size + guid_entry_overhead &&
         guid_at(firmware, firmware.size() - image_tail_size - sizeof(Guid)) == footer_guid();
}

Result<std::vector<GuidEntry>> decode_guid_table(ByteView firmware) {
  constexpr std::string_view structure = "GUID table";
  using Entries = Result<std::vector<GuidEntry>>;
  if (!has_guid_table(firmware))
    return in(Entries(fail(ErrorCode::not_found, "no footer at the end of the image")), structure);
  const std::uint64_t end = firmware.size() - image_tail_size;
  const std::uint64_t total_at = end - guid_entry_overhead;
  ByteReader reader(firmware.subspan(total_at), total_at);
  const std::uint16_t total = reader.u16("length");
  TRY(reader.status());
  if (total < guid_entry_overhead || total > end) {
    return in(Entries(fail_at(ErrorCode::malformed, "length", total_at,
                              std::to_string(total) + " bytes do not fit between the footer's 18 "
                                                      "and the start of the image")),
              structure);
  }
  const std::uint64_t begin = end - total;
  std::vector<GuidEntry> entries;
  std::set<Guid> seen;
  for (std::uint64_t at = total_at; at > begin; at = entries.back().offset) {
    auto entry = in(entry_before(firmware, begin, at), structure);
    if (!entry) return tl::unexpected(entry.error());
    if (!seen.insert(entry->guid).second) {
      return in(Entries(fail_at(ErrorCode::malformed, "GUID", at - sizeof(Guid),
                                entry->guid.text() + " appears twice")),
                structure);
    }
    entries.push_back(*entry);
  }
  return entries;
}

}  // namespace etalon::measure::tdx
