// SPDX-License-Identifier: Apache-2.0
// Header, in the second sector: "EFI PART", u32 revision (0x10000), u32 header size, u32 CRC of the
// header with this field zero, u32 zero, u64 own LBA (1), u64 backup LBA, u64 first and last usable
// LBA, GUID disk, u64 LBA of the entries, u32 entries, u32 entry size (128 times a power of two),
// u32 CRC of all entries. Entry: GUID type (zero: unused), GUID id, u64 first and last LBA, u64
// attributes, 36 UTF-16 units of name.
#include "references/measure/boot/gpt.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>

#include "tools/base/bytes.hpp"
#include "tools/base/checked.hpp"
#include "tools/base/guid.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/result.hpp"
#include "tools/base/writer.hpp"

namespace etalon::measure {
namespace {

constexpr std::size_t header_size = 92;
constexpr std::size_t header_crc_offset = 16;
constexpr std::uint32_t smallest_entry = 128;
constexpr std::uint32_t revision_1_0 = 0x10000;

// CRC-32 of UEFI (ISO 3309, the one of zlib), bit by bit: the inputs are small.
std::uint32_t crc32(ByteView data, std::uint32_t crc = 0) {
  crc = ~crc;
  for (const std::byte each : data) {
    crc ^= static_cast<std::uint32_t>(each);
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
  }
  return ~crc;
}

struct Header {
  std::uint32_t size = 0;
  std::uint32_t crc = 0;
  std::uint64_t own_lba = 0;
  std::uint64_t entries_lba = 0;
  std::uint32_t entries = 0;
  std::uint32_t entry_size = 0;
  std::uint32_t entries_crc = 0;
};

// The sector size is where the header is.
Result<std::uint32_t> sector_size_of(ByteView disk) {
  for (const std::uint32_t size : {512U, 4096U}) {
    ByteReader in(disk);
    in.skip(size, "protective MBR");
    if (as_text(in.bytes(8, "signature")) == "EFI PART") return size;
  }
  return fail(ErrorCode::malformed, "no 'EFI PART' at 512 or 4096");
}

Result<Header> decode_header(ByteView disk, Gpt& gpt) {
  ByteReader in(disk);
  in.skip(gpt.sector_size, "protective MBR");
  const std::uint64_t start = in.offset();
  ByteReader whole = in;
  gpt.header = whole.bytes(header_size, "header");
  in.skip(8, "signature");
  const std::uint32_t revision = in.u32("revision");
  Header header;
  header.size = in.u32("header size");
  header.crc = in.u32("header CRC");
  in.skip(4, "reserved");
  header.own_lba = in.u64("own LBA");
  in.skip(24, "backup and usable LBAs");
  gpt.disk.bytes = in.array<16>("disk GUID");
  header.entries_lba = in.u64("entries LBA");
  header.entries = in.u32("number of entries");
  header.entry_size = in.u32("size of an entry");
  header.entries_crc = in.u32("entries CRC");
  TRY(in.status());
  if (revision != revision_1_0) {
    return fail_at(ErrorCode::unsupported, "revision", start + 8, "not 1.0");
  }
  if (header.size < header_size || header.size > gpt.sector_size) {
    return fail_at(ErrorCode::malformed, "header size", start + 12,
                   std::to_string(header.size) + ", must be 92 to one sector");
  }
  return header;
}

Status check_header_crc(ByteView disk, const Gpt& gpt, const Header& header) {
  ByteReader in(disk);
  in.skip(gpt.sector_size, "protective MBR");
  const ByteView bytes = in.bytes(header.size, "header");
  TRY(in.status());
  static constexpr std::array<std::byte, 4> zero{};
  std::uint32_t crc = crc32(bytes.first(header_crc_offset));
  crc = crc32(zero, crc);
  crc = crc32(bytes.subspan(header_crc_offset + zero.size()), crc);
  if (crc == header.crc) return {};
  return fail_at(ErrorCode::mismatch, "header CRC", gpt.sector_size + header_crc_offset,
                 "is not that of the header");
}

Status check_geometry(const Gpt& gpt, const Header& header) {
  const std::uint64_t start = gpt.sector_size;
  if (header.own_lba != 1) {
    return fail_at(ErrorCode::malformed, "own LBA", start + 24, "not the primary header");
  }
  if (header.entries_lba < 2) {
    return fail_at(ErrorCode::malformed, "entries LBA", start + 72, "inside the header");
  }
  if (header.entries > max_gpt_entries) {
    return fail_at(ErrorCode::limit, "number of entries", start + 80,
                   std::to_string(header.entries) + ", at most " + std::to_string(max_gpt_entries) +
                       " are read");
  }
  const bool power = std::has_single_bit(header.entry_size);
  if (!power || header.entry_size < smallest_entry || header.entry_size > max_gpt_entry_size) {
    return fail_at(ErrorCode::malformed, "size of an entry", start + 84,
                   std::to_string(header.entry_size) + ", must be a power of two from 128 to " +
                       std::to_string(max_gpt_entry_size));
  }
  return {};
}

Status decode_entries(ByteView disk, const Header& header, Gpt& gpt) {
  TRY_ASSIGN(const std::uint64_t start,
             checked_mul(header.entries_lba, gpt.sector_size, "entries LBA"));
  ByteReader in(disk);
  in.skip(start, "sectors before the entries");
  ByteReader table = in;
  const ByteView all = table.bytes(std::uint64_t{header.entries} * header.entry_size, "entries");
  TRY(table.status());
  if (crc32(all) != header.entries_crc) {
    return fail_at(ErrorCode::mismatch, "entries CRC", gpt.sector_size + 88U,
                   "is not that of the entries");
  }
  for (std::uint32_t i = 0; i < header.entries; ++i) {
    ByteReader record = in.sub(header.entry_size, "entry");
    GptEntry entry{.bytes = record.rest()};
    entry.type.bytes = record.array<16>("type");
    entry.id.bytes = record.array<16>("id");
    entry.first_lba = record.u64("first LBA");
    entry.last_lba = record.u64("last LBA");
    entry.attributes = record.u64("attributes");
    TRY(record.status());  // the name is not read, and larger entries have a tail of their own
    if (entry.type != Guid{}) gpt.entries.push_back(entry);
  }
  return {};
}

Result<Gpt> decode(ByteView disk) {
  Gpt gpt;
  TRY_ASSIGN(gpt.sector_size, sector_size_of(disk));
  TRY_ASSIGN(const Header header, decode_header(disk, gpt));
  TRY(check_header_crc(disk, gpt, header));
  TRY(check_geometry(gpt, header));
  gpt.entry_size = header.entry_size;
  TRY(decode_entries(disk, header, gpt));
  return gpt;
}

}  // namespace

Result<Gpt> decode_gpt(ByteView disk) {
  return in(decode(disk), "GPT");
}

Bytes gpt_event_data(const Gpt& gpt) {
  ByteWriter out;
  out.bytes(gpt.header).u64(gpt.entries.size());
  for (const GptEntry& each : gpt.entries)
    out.bytes(each.bytes);
  return out.take();
}

}  // namespace etalon::measure
