// SPDX-License-Identifier: Apache-2.0
// Layout (all little-endian):
//   0x00 "MZ", 0x3c u32 offset of the PE header
//   PE header: "PE\0\0", u16 machine, u16 sections, u32 time, u32 symbols, u32 symbol count,
//     u16 size of the optional header, u16 characteristics
//   optional header: u16 magic, …, +60 u32 SizeOfHeaders, +64 u32 CheckSum, +68 u16 subsystem,
//     …, u32 NumberOfRvaAndSizes (+92 PE32, +108 PE32+), then entries of u32 address, u32 size;
//     entry 4 is the certificate table, whose address is an offset in the file
//   section: 8 bytes name, u32 virtual size, u32 address, u32 raw size, u32 raw offset,
//     12 bytes unused, u32 characteristics
#include "mkosi/uki/pe.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/checked.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/result.hpp"

namespace etalon::uki {
namespace {

constexpr std::uint32_t max_directories = 16;  // EFI_IMAGE_NUMBER_OF_DIRECTORY_ENTRIES
constexpr std::uint32_t security_directory = 4;
constexpr std::size_t directory_entry_size = 8;
constexpr std::uint64_t signed_alignment = 8;  // signing tools pad a file to a multiple of it
constexpr std::size_t zero_block = 4096;       // zeros are hashed in pieces of this size

struct CoffHeader {
  std::uint16_t machine = 0;
  std::uint16_t sections = 0;
  std::uint16_t optional_size = 0;
};

Result<CoffHeader> decode_coff(ByteReader& in) {
  const std::uint64_t start = in.offset();
  const ByteView magic = in.bytes(4, "PE magic");
  CoffHeader header;
  header.machine = in.u16("Machine");
  header.sections = in.u16("NumberOfSections");
  in.skip(12, "TimeDateStamp, symbols");
  header.optional_size = in.u16("SizeOfOptionalHeader");
  in.skip(2, "Characteristics");
  TRY(in.status());
  if (as_text(magic) != std::string_view("PE\0\0", 4)) {
    return fail_at(ErrorCode::malformed, "PE magic", start, "not PE");
  }
  if (header.sections > max_sections) {
    return fail_at(ErrorCode::limit, "NumberOfSections", start + 6,
                   std::to_string(header.sections) + " sections, at most " +
                       std::to_string(max_sections) + " are read");
  }
  return header;
}

// The data directories, of which only the certificate table matters here.
Status decode_directories(ByteReader& in, Pe& pe) {
  const std::uint64_t at = in.offset();
  const std::uint32_t count = in.u32("NumberOfRvaAndSizes");
  TRY(in.status());
  if (count > max_directories) {
    return fail_at(ErrorCode::malformed, "NumberOfRvaAndSizes", at,
                   std::to_string(count) + " directories, the format has 16");
  }
  if (count <= security_directory) {
    in.skip(count * directory_entry_size, "data directories");
    return in.status();
  }
  in.skip(security_directory * directory_entry_size, "data directories");
  pe.security_entry_offset = in.offset();
  pe.certificates.offset = in.u32("certificate table offset");
  pe.certificates.size = in.u32("certificate table size");
  in.skip((count - security_directory - 1) * directory_entry_size, "data directories");
  return in.status();
}

Status decode_optional(ByteReader in, Pe& pe) {
  const std::uint64_t start = in.offset();
  const std::uint16_t magic = in.u16("Magic");
  in.skip(58, "fields before SizeOfHeaders");
  pe.headers_size = in.u32("SizeOfHeaders");
  pe.checksum_offset = in.offset();
  in.skip(4, "CheckSum");
  pe.subsystem = in.u16("Subsystem");
  TRY(in.status());
  if (magic != static_cast<std::uint16_t>(PeFormat::pe32) &&
      magic != static_cast<std::uint16_t>(PeFormat::pe32_plus)) {
    return fail_at(ErrorCode::unsupported, "Magic", start,
                   "neither PE32 (0x10b) nor PE32+ (0x20b)");
  }
  pe.format = static_cast<PeFormat>(magic);
  in.skip(pe.format == PeFormat::pe32 ? 22 : 38, "stack and heap sizes");
  // Linkers may leave room behind the directories, so the header need not end there.
  return decode_directories(in, pe);
}

Section decode_section(ByteReader& in) {
  Section section;
  const ByteView name = in.bytes(8, "section name");
  section.virtual_size = in.u32("VirtualSize");
  section.virtual_address = in.u32("VirtualAddress");
  section.raw_size = in.u32("SizeOfRawData");
  section.raw_offset = in.u32("PointerToRawData");
  in.skip(12, "relocations and line numbers");
  section.characteristics = in.u32("Characteristics");
  section.name = as_text(name);
  while (!section.name.empty() && section.name.back() == '\0')
    section.name.pop_back();
  return section;
}

std::string quoted(const Section& section) {
  return "section " + printable(section.name);
}

Status check_windows(const Pe& pe, std::uint64_t table_end) {
  const std::uint64_t size = pe.file.size();
  if (pe.headers_size < table_end) {
    return fail(ErrorCode::malformed, "SizeOfHeaders " + std::to_string(pe.headers_size) +
                                          " ends before the section table, which ends at " +
                                          std::to_string(table_end));
  }
  if (pe.headers_size > size) {
    return fail(ErrorCode::truncated, "SizeOfHeaders " + std::to_string(pe.headers_size) +
                                          " is past the end of the file at " +
                                          std::to_string(size));
  }
  for (const Section& each : pe.sections) {
    if (each.raw_size == 0 || window_fits(each.raw_offset, each.raw_size, size)) continue;
    return fail_at(ErrorCode::truncated, quoted(each), each.raw_offset,
                   std::to_string(each.raw_size) + " bytes of raw data are past the end of the " +
                       "file at " + std::to_string(size));
  }
  const Window& table = pe.certificates;
  if (table.size != 0 && !window_fits(table.offset, table.size, size)) {
    return fail_at(ErrorCode::truncated, "certificate table", table.offset,
                   std::to_string(table.size) + " bytes are past the end of the file at " +
                       std::to_string(size));
  }
  return {};
}

// The Authenticode digest covers the headers, then each section's bytes, then the rest by a sum of
// sizes (see authenticode.hpp): with shared bytes that sum means nothing.
Status check_raw_overlaps(Pe& pe) {
  std::uint64_t end = pe.headers_size;
  std::string before = "the headers";
  std::uint64_t uncovered = 0;
  for (const Section* each : pe.by_raw_offset()) {
    if (each->raw_offset < end) {
      return fail_at(ErrorCode::malformed, quoted(*each), each->raw_offset,
                     "raw data starts before the end of " + before + " at " + std::to_string(end));
    }
    uncovered += each->raw_offset - end;
    end = std::uint64_t{each->raw_offset} + each->raw_size;
    before = quoted(*each);
  }
  const Window& table = pe.certificates;
  if (table.size != 0 && table.offset + table.size != pe.file.size()) {
    pe.findings.push_back({.id = "certificates-not-last",
                           .message = "the certificate table does not end the file, so the digest "
                                      "covers a part of it"});
  }
  if (uncovered != 0) {
    pe.findings.push_back(
        {.id = "uncovered-bytes",
         .message = std::to_string(uncovered) + " bytes between sections belong to none"});
  }
  return {};
}

// EDK2 hashes the file as it is. A signing tool pads it first, and so do programs that compute the
// digest of what will be signed (systemd's pe_hash(), go-uefi): theirs is another one here.
void find_missing_padding(Pe& pe) {
  if (pe.certificates.size != 0 || pe.file.size() % signed_alignment == 0) return;
  pe.findings.push_back({.id = "unsigned-unaligned",
                         .message = "the size of " + std::to_string(pe.file.size()) +
                                    " bytes is no multiple of 8 and there is no signature: tools "
                                    "that pad give another digest than firmware"});
}

void find_virtual_overlaps(Pe& pe) {
  std::vector<const Section*> sorted;
  for (const Section& each : pe.sections) {
    if (each.virtual_size != 0) sorted.push_back(&each);
  }
  std::ranges::sort(sorted, [](const Section* a, const Section* b) {
    return std::pair(a->virtual_address, a) < std::pair(b->virtual_address, b);
  });
  const auto end = [](const Section& each) {
    return std::uint64_t{each.virtual_address} + each.virtual_size;
  };
  const Section* reach = nullptr;  // which of those before ends last
  for (const Section* each : sorted) {
    if (reach != nullptr && end(*reach) > each->virtual_address) {
      pe.findings.push_back(
          {.id = "virtual-overlap",
           .message = quoted(*each) + " overlaps " + quoted(*reach) + " in memory"});
    }
    if (reach == nullptr || end(*each) > end(*reach)) reach = each;
  }
}

Result<Pe> decode(ByteView file) {
  ByteReader dos(file);
  const ByteView magic = dos.bytes(2, "MZ magic");
  dos.skip(58, "DOS header");
  const std::uint32_t pe_offset = dos.u32("e_lfanew");
  TRY(dos.status());
  if (as_text(magic) != "MZ") return fail_at(ErrorCode::malformed, "MZ magic", 0, "not MZ");
  ByteReader in(file);
  in.skip(pe_offset, "bytes before the PE header");
  TRY_ASSIGN(const CoffHeader coff, decode_coff(in));
  Pe pe{.file = file, .machine = coff.machine};
  TRY(decode_optional(in.sub(coff.optional_size, "optional header"), pe));
  for (std::uint16_t i = 0; i < coff.sections; ++i)
    pe.sections.push_back(decode_section(in));
  TRY(in.status());
  TRY(check_windows(pe, in.offset()));
  TRY(check_raw_overlaps(pe));
  find_missing_padding(pe);
  find_virtual_overlaps(pe);
  return pe;
}

}  // namespace

Bytes Content::copy() const {
  Bytes bytes = to_bytes(stored);
  bytes.resize(size());
  return bytes;
}

void update(MultiHasher& hasher, const Content& content) {
  static constexpr std::array<std::byte, zero_block> block{};
  hasher.update(content.stored);
  for (std::uint64_t left = content.zeros; left > 0;) {
    const std::uint64_t take = std::min<std::uint64_t>(left, block.size());
    hasher.update(ByteView(block).first(take));
    left -= take;
  }
}

DigestSet hash_content(std::span<const HashAlg> algs, const Content& content) {
  MultiHasher hasher(algs);
  update(hasher, content);
  return hasher.finish();
}

const Section* Pe::find(std::string_view name) const {
  const auto at = std::ranges::find(sections, name, &Section::name);
  return at == sections.end() ? nullptr : &*at;
}

std::vector<const Section*> Pe::by_raw_offset() const {
  std::vector<const Section*> sorted;
  for (const Section& each : sections) {
    if (each.raw_size != 0) sorted.push_back(&each);
  }
  std::ranges::sort(sorted, {}, &Section::raw_offset);
  return sorted;
}

Result<Content> Pe::content(const Section& section) const {
  const std::uint32_t stored = std::min(section.virtual_size, section.raw_size);
  const std::uint64_t zeros = section.virtual_size - stored;
  if (zeros > max_zero_fill) {
    return fail(ErrorCode::limit, quoted(section) + ": " + std::to_string(zeros) +
                                      " bytes of memory beyond its raw data, at most " +
                                      std::to_string(max_zero_fill) + " are read");
  }
  return Content{.stored = file.subspan(stored == 0 ? 0 : section.raw_offset, stored),
                 .zeros = zeros};
}

Result<Pe> decode_pe(ByteView file) {
  return in(decode(file), "PE");
}

}  // namespace etalon::uki
