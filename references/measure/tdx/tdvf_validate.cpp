// SPDX-License-Identifier: Apache-2.0
// The judgement over decoded TDVF metadata; its table of rules is in docs/formats/predict-mrtd.md.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "references/measure/tdx/tdvf.hpp"
#include "references/measure/tdx/tdvf_layout.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/checked.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure::tdx {
namespace {

enum class RawData : std::uint8_t { required, forbidden, optional };

RawData raw_data_rule(SectionType type) {
  switch (type) {
    case SectionType::bfv:
    case SectionType::cfv:
    case SectionType::td_info:
      return RawData::required;
    case SectionType::td_hob:
    case SectionType::temp_mem:
    case SectionType::perm_mem:
      return RawData::forbidden;
    case SectionType::payload:
    case SectionType::payload_param:
    case SectionType::td_params:
      break;
  }
  return RawData::optional;
}

// The VMM fills these at launch when the image has no bytes for them.
bool filled_by_vmm(const Section& section) {
  return section.raw_size == 0 &&
         (section.type == SectionType::td_hob || section.type == SectionType::payload ||
          section.type == SectionType::payload_param || section.type == SectionType::td_params);
}

Status check_type(const Section& section, std::uint64_t at) {
  if (section.type > SectionType::td_params) {
    return fail_at(ErrorCode::unsupported, "type", at + field_offset::type,
                   name(section.type) + " is not a known section type");
  }
  const RawData rule = raw_data_rule(section.type);
  if (rule == RawData::required && section.raw_size == 0) {
    return fail_at(ErrorCode::malformed, "raw_size", at + field_offset::raw_size,
                   "0, but a " + name(section.type) + " section has content");
  }
  if (rule == RawData::forbidden && section.raw_size != 0) {
    return fail_at(ErrorCode::malformed, "raw_size", at + field_offset::raw_size,
                   std::to_string(section.raw_size) + ", but a " + name(section.type) +
                       " section has no content");
  }
  return {};
}

Status check_attributes(const Section& section, std::uint64_t at) {
  const std::uint64_t where = at + field_offset::attributes;
  if ((section.attributes & ~(attribute_mr_extend | attribute_page_aug)) != 0) {
    return fail_at(ErrorCode::unsupported, "attributes", where,
                   hex_number(section.attributes) + " has bits beyond MR.EXTEND and PAGE.AUG");
  }
  if (section.extended() && !section.added()) {
    return fail_at(ErrorCode::malformed, "attributes", where,
                   "MR.EXTEND of pages that are not added");
  }
  if (section.type == SectionType::perm_mem && section.added()) {
    return fail_at(ErrorCode::malformed, "attributes", where,
                   "a perm-mem section must have PAGE.AUG");
  }
  if (section.extended() && filled_by_vmm(section)) {
    return fail_at(ErrorCode::unsupported, "attributes", where,
                   "MR.EXTEND of a " + name(section.type) +
                       " section that the VMM fills: MRTD cannot be known from the image");
  }
  return {};
}

Status check_memory(const Section& section, std::uint64_t at) {
  if (section.gpa % page_size != 0) {
    return fail_at(ErrorCode::malformed, "gpa", at + field_offset::gpa,
                   hex_number(section.gpa) + " is not a multiple of 4096");
  }
  if (section.mem_size % page_size != 0) {
    return fail_at(ErrorCode::malformed, "mem_size", at + field_offset::mem_size,
                   hex_number(section.mem_size) + " is not a multiple of 4096");
  }
  if (section.mem_size == 0) {
    return fail_at(ErrorCode::malformed, "mem_size", at + field_offset::mem_size,
                   "0: the section has no memory");
  }
  if (section.mem_size < section.raw_size) {
    return fail_at(
        ErrorCode::malformed, "mem_size", at + field_offset::mem_size,
        hex_number(section.mem_size) + " is less than raw_size " + hex_number(section.raw_size));
  }
  if (!window_fits(section.gpa, section.mem_size, max_gpa)) {
    return fail_at(ErrorCode::malformed, "mem_size", at + field_offset::mem_size,
                   hex_number(section.mem_size) + " bytes at " + hex_number(section.gpa) +
                       " end beyond 52 address bits");
  }
  return {};
}

Status check_section(const Section& section, std::uint64_t at) {
  TRY(check_type(section, at));
  TRY(check_attributes(section, at));
  return check_memory(section, at);
}

std::string section_name(std::size_t index) {
  return "section " + std::to_string(index);
}

std::uint64_t section_at(const Metadata& metadata, std::size_t index) {
  return metadata.offset + descriptor_size + section_size * index;
}

bool overlap(const Section& a, const Section& b) {
  return a.gpa < b.gpa + b.mem_size && b.gpa < a.gpa + a.mem_size;
}

// Every page can be added once; both ends are below max_gpa here.
Status check_overlaps(const Metadata& metadata) {
  const auto& sections = metadata.sections;
  for (std::size_t i = 1; i < sections.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (!overlap(sections[i], sections[j])) continue;
      return in(
          Status(fail_at(ErrorCode::malformed, "gpa", section_at(metadata, i) + field_offset::gpa,
                         "overlaps section " + std::to_string(j) + " in guest memory")),
          section_name(i));
    }
  }
  return {};
}

Status check_added_memory(const Metadata& metadata) {
  std::uint64_t left = max_added_memory;
  for (std::size_t i = 0; i < metadata.sections.size(); ++i) {
    const Section& section = metadata.sections[i];
    if (!section.added()) continue;
    if (section.mem_size > left) {
      return in(Status(fail_at(
                    ErrorCode::limit, "mem_size", section_at(metadata, i) + field_offset::mem_size,
                    hex_number(section.mem_size) + " brings the memory added before launch " +
                        "beyond " + std::to_string(max_added_memory >> 20U) + " MiB")),
                section_name(i));
    }
    left -= section.mem_size;
  }
  return {};
}

// A code file without its variables: what is missing is exactly the CFV at offset 0.
bool lacks_variables(const Metadata& metadata, std::uint64_t described, std::uint64_t present) {
  return std::ranges::any_of(metadata.sections, [&](const Section& s) {
    return s.type == SectionType::cfv && s.data_offset == 0 && described - present == s.raw_size;
  });
}

std::uint64_t end_of_data(const Section& section) {
  return section.raw_size == 0 ? 0 : std::uint64_t{section.data_offset} + section.raw_size;
}

// The sections' bytes must lie in the image and end where it ends: the reset vector, its last
// bytes, is part of the BFV. This also catches a split image whose parts do not belong together,
// where every offset would silently point at other bytes.
Status check_windows(const Metadata& metadata, std::uint64_t firmware_size) {
  std::uint64_t described = 0;
  for (const Section& section : metadata.sections)
    described = std::max(described, end_of_data(section));
  if (described > firmware_size && lacks_variables(metadata, described, firmware_size)) {
    return fail(ErrorCode::malformed,
                "this is the code part of a split image: pass the variables file before it "
                "(VARS CODE)");
  }
  for (std::size_t i = 0; i < metadata.sections.size(); ++i) {
    const Section& section = metadata.sections[i];
    if (section.raw_size == 0) continue;
    if (window_fits(section.data_offset, section.raw_size, firmware_size)) continue;
    return in(Status(fail_at(ErrorCode::truncated, "data_offset",
                             section_at(metadata, i) + field_offset::data_offset,
                             hex_number(section.raw_size) + " bytes at " +
                                 hex_number(section.data_offset) + " end beyond the image of " +
                                 hex_number(firmware_size))),
              section_name(i));
  }
  if (described == firmware_size) return {};
  return fail(ErrorCode::malformed, "the sections describe an image of " + hex_number(described) +
                                        " bytes, this one has " + hex_number(firmware_size));
}

Status check_set(const Metadata& metadata) {
  const auto count = [&](SectionType type) {
    return std::ranges::count_if(metadata.sections,
                                 [type](const Section& section) { return section.type == type; });
  };
  if (count(SectionType::bfv) == 0) return fail(ErrorCode::malformed, "no bfv section");
  if (const auto hobs = count(SectionType::td_hob); hobs != 1) {
    return fail(ErrorCode::malformed, std::to_string(hobs) + " td-hob sections, there must be one");
  }
  return {};
}

Status validate(const Metadata& metadata, std::uint64_t firmware_size) {
  const std::uint64_t length = descriptor_size + section_size * metadata.sections.size();
  if (metadata.length != length) {
    return fail_at(ErrorCode::malformed, "length", metadata.offset + field_offset::length,
                   std::to_string(metadata.length) + ", but " +
                       std::to_string(metadata.sections.size()) + " sections take " +
                       std::to_string(length));
  }
  for (std::size_t i = 0; i < metadata.sections.size(); ++i)
    TRY(in(check_section(metadata.sections[i], section_at(metadata, i)), section_name(i)));
  TRY(check_set(metadata));
  TRY(check_added_memory(metadata));
  TRY(check_overlaps(metadata));
  return check_windows(metadata, firmware_size);
}

}  // namespace

Status validate_metadata(const Metadata& metadata, std::uint64_t firmware_size) {
  return in(validate(metadata, firmware_size), "TDVF metadata");
}

}  // namespace etalon::measure::tdx
