// SPDX-License-Identifier: Apache-2.0
#include "references/measure/tdx/tdvf.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "references/measure/tdx/guid_table.hpp"
#include "references/measure/tdx/tdvf_layout.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/checked.hpp"
#include "tools/base/guid.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/result.hpp"
#include "tools/base/writer.hpp"

namespace etalon::measure::tdx {
namespace {

const Guid& metadata_guid() {
  static const Guid guid = Guid::literal("e47a6535-984a-4798-865e-4685a7bf8ec2");
  return guid;
}

Result<std::uint64_t> descriptor_from_entry(ByteView firmware, const GuidEntry& entry) {
  ByteReader reader(entry.data, entry.offset);
  const std::uint32_t distance = reader.u32("distance");
  reader.expect_end("entry");
  TRY(reader.status());
  if (distance > firmware.size() || distance < descriptor_size) {
    return fail_at(ErrorCode::malformed, "distance", entry.offset,
                   "descriptor " + std::to_string(distance) + " bytes before the end of " +
                       std::to_string(firmware.size()));
  }
  return firmware.size() - distance;
}

// td-shim: u32 file offset of the descriptor, 32 bytes before the end. There is no magic number
// beside it, so the descriptor's signature decides whether this is one.
Result<std::uint64_t> descriptor_from_tail(ByteView firmware) {
  const std::uint64_t tail = firmware.size() - image_tail_size;
  ByteReader reader(firmware.subspan(tail), tail);
  const std::uint32_t offset = reader.u32("metadata offset");
  TRY(reader.status());
  if (!window_fits(offset, descriptor_signature.size(), firmware.size()) ||
      as_text(firmware.subspan(offset, descriptor_signature.size())) != descriptor_signature) {
    return fail(ErrorCode::not_found,
                "the image ends neither in a GUID table nor in a TDVF metadata offset");
  }
  return offset;
}

Section decode_section(ByteReader& reader) {
  return Section{.data_offset = reader.u32("data_offset"),
                 .raw_size = reader.u32("raw_size"),
                 .gpa = reader.u64("gpa"),
                 .mem_size = reader.u64("mem_size"),
                 .type = SectionType{reader.u32("type")},
                 .attributes = reader.u32("attributes")};
}

Result<Metadata> decode(ByteView firmware, std::uint64_t offset) {
  if (offset > firmware.size())
    return fail_at(ErrorCode::truncated, "descriptor", offset, "beyond the end of the image");
  ByteReader reader(firmware.subspan(offset), offset);
  if (const ByteView magic = reader.bytes(descriptor_signature.size(), "signature");
      reader.ok() && as_text(magic) != descriptor_signature) {
    return fail_at(ErrorCode::malformed, "signature", offset, to_hex(magic) + " is not \"TDVF\"");
  }
  Metadata metadata{.offset = offset, .length = reader.u32("length")};
  const std::uint32_t version = reader.u32("version");
  const std::uint32_t count = reader.u32("number of sections");
  TRY(reader.status());
  if (version != descriptor_version) {
    return fail_at(ErrorCode::unsupported, "version", offset + field_offset::version,
                   std::to_string(version) + " is not " + std::to_string(descriptor_version));
  }
  if (count < 2) {  // a BFV and a TD_HOB are the least
    return fail_at(ErrorCode::malformed, "number of sections", offset + field_offset::count,
                   std::to_string(count) + ", there must be 2 or more");
  }
  if (count > max_sections) {
    return fail_at(ErrorCode::limit, "number of sections", offset + field_offset::count,
                   std::to_string(count) + " is more than " + std::to_string(max_sections));
  }
  metadata.sections.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    metadata.sections.push_back(decode_section(reader));
    TRY(in(reader.status(), "section " + std::to_string(i)));
  }
  return metadata;  // the rest of the image follows, so there is no end to expect
}

}  // namespace

std::string name(SectionType type) {
  switch (type) {
    case SectionType::bfv:
      return "bfv";
    case SectionType::cfv:
      return "cfv";
    case SectionType::td_hob:
      return "td-hob";
    case SectionType::temp_mem:
      return "temp-mem";
    case SectionType::perm_mem:
      return "perm-mem";
    case SectionType::payload:
      return "payload";
    case SectionType::payload_param:
      return "payload-param";
    case SectionType::td_info:
      return "td-info";
    case SectionType::td_params:
      return "td-params";
  }
  return std::to_string(static_cast<std::uint32_t>(type));
}

Result<std::uint64_t> find_descriptor(ByteView firmware) {
  if (firmware.size() < image_tail_size + guid_entry_overhead) {
    return fail(ErrorCode::truncated,
                std::to_string(firmware.size()) + " bytes are too few for a firmware image");
  }
  if (!has_guid_table(firmware)) return descriptor_from_tail(firmware);
  TRY_ASSIGN(const auto entries, decode_guid_table(firmware));
  for (const GuidEntry& entry : entries) {
    if (entry.guid == metadata_guid())
      return in(descriptor_from_entry(firmware, entry), "TDVF entry");
  }
  return in(Result<std::uint64_t>(
                fail(ErrorCode::not_found, "no TDVF entry: the firmware was built without TDX")),
            "GUID table");
}

Result<Metadata> decode_metadata(ByteView firmware, std::uint64_t descriptor_offset) {
  return in(decode(firmware, descriptor_offset), "TDVF metadata");
}

Bytes encode_metadata(const Metadata& metadata) {
  ByteWriter out;
  out.text(descriptor_signature).u32(metadata.length).u32(descriptor_version);
  out.u32(static_cast<std::uint32_t>(metadata.sections.size()));
  for (const Section& section : metadata.sections) {
    out.u32(section.data_offset).u32(section.raw_size).u64(section.gpa).u64(section.mem_size);
    out.u32(static_cast<std::uint32_t>(section.type)).u32(section.attributes);
  }
  return out.take();
}

Result<Metadata> read_metadata(ByteView firmware) {
  TRY_ASSIGN(const std::uint64_t offset, find_descriptor(firmware));
  TRY_ASSIGN(Metadata metadata, decode_metadata(firmware, offset));
  TRY(validate_metadata(metadata, firmware.size()));
  return metadata;
}

Result<Bytes> join_split(ByteView vars, ByteView code) {
  if (has_guid_table(vars) && !has_guid_table(code)) {
    return fail(ErrorCode::usage,
                "the first file holds the code; pass the variables file first (VARS CODE)");
  }
  Bytes joined;
  joined.reserve(vars.size() + code.size());
  append(joined, vars);
  append(joined, code);
  return joined;
}

}  // namespace etalon::measure::tdx
