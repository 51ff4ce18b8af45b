// SPDX-License-Identifier: Apache-2.0
// PHIT HOB: u16 type 1, u16 length 56, u32 zero, u32 version 9, u32 boot mode 0, four u64 of memory
// addresses (zero), u64 address behind the list. Resource HOB: u16 type 3, u16 length 48, u32 zero,
// GUID owner (zero), u32 resource type, u32 attributes, u64 start, u64 length.
#include "references/measure/tdx/td_hob.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "references/measure/tdx/tdvf.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/checked.hpp"
#include "tools/base/result.hpp"
#include "tools/base/writer.hpp"

namespace etalon::measure::tdx {
namespace {

constexpr std::uint64_t gib = std::uint64_t{1} << 30U;

constexpr std::uint16_t phit_size = 56;
constexpr std::uint16_t resource_size = 48;
constexpr std::uint64_t end_size = 8;

constexpr std::uint32_t system_memory = 0;  // added before the launch
constexpr std::uint32_t unaccepted = 7;
constexpr std::uint32_t present_tested = 0x7;  // present, initialised, tested
constexpr std::uint32_t google_unaccepted = 0x10000007;

struct Range {
  std::uint32_t type = unaccepted;
  std::uint64_t start = 0;
  std::uint64_t length = 0;
  std::uint32_t attributes = present_tested;
};

Bytes encode(const std::vector<Range>& ranges, std::uint64_t end) {
  ByteWriter out;
  out.u16(1).u16(phit_size).u32(0).u32(9).u32(0).fill(32).u64(end);
  for (const Range& range : ranges) {
    out.u16(3).u16(resource_size).u32(0).fill(16);
    out.u32(range.type).u32(range.attributes).u64(range.start).u64(range.length);
  }
  return out.take();
}

bool in_ram(const Section& section) {
  return section.type == SectionType::td_hob || section.type == SectionType::temp_mem;
}

Result<Section> hob_section(const Metadata& metadata) {
  const auto is_hob = [](const Section& each) { return each.type == SectionType::td_hob; };
  if (std::ranges::count_if(metadata.sections, is_hob) != 1) {
    return fail(ErrorCode::malformed, "there must be one td-hob section");
  }
  return *std::ranges::find_if(metadata.sections, is_hob);
}

Status check_memory(std::uint64_t memory) {
  if (memory == 0 || memory % page_size != 0 || memory > max_gpa / 2) {
    return fail(ErrorCode::usage, "memory of " + std::to_string(memory) +
                                      " bytes: must be a multiple of 4096, at most 2 PiB");
  }
  return {};
}

Status check_room(const Section& hob, std::size_t ranges) {
  const std::uint64_t need = phit_size + std::uint64_t{resource_size} * ranges + end_size;
  if (need <= hob.mem_size) return {};
  return fail(ErrorCode::malformed, "the td-hob section has " + hex_number(hob.mem_size) +
                                        " bytes, the list needs " + hex_number(need));
}

tl::unexpected<Error> outside(const Section& section, std::uint64_t memory) {
  return fail(ErrorCode::usage, "memory of " + std::to_string(memory) + " bytes: the " +
                                    name(section.type) + " section at " + hex_number(section.gpa) +
                                    " is not inside one range of it");
}

bool overlaps(const Range& range, const Section& section) {
  return section.gpa < range.start + range.length && range.start < section.gpa + section.mem_size;
}

// Cuts the section out of the one range it lies in; what is left of that comes last, and a later
// section may lie there. One that is added already stays as it is.
Status carve(std::vector<Range>& ranges, const Section& section, std::uint64_t memory) {
  const auto hit = std::ranges::find_if(
      ranges, [&section](const Range& range) { return overlaps(range, section); });
  if (hit == ranges.end()) return outside(section, memory);
  const Range whole = *hit;
  if (section.gpa < whole.start ||
      !window_fits(section.gpa - whole.start, section.mem_size, whole.length)) {
    return outside(section, memory);
  }
  if (whole.type == system_memory) return {};
  *hit = {.type = system_memory, .start = section.gpa, .length = section.mem_size};
  const std::uint64_t head = section.gpa - whole.start;
  const std::uint64_t tail = whole.length - head - section.mem_size;
  if (head != 0) ranges.push_back({.start = whole.start, .length = head});
  if (tail != 0) ranges.push_back({.start = section.gpa + section.mem_size, .length = tail});
  return {};
}

// q35: below 4 GiB lies all memory if that is less than 2.75 GiB, and 2 GiB of it otherwise.
std::vector<Range> qemu_ram(std::uint64_t memory) {
  constexpr std::uint64_t most_below = 0xb0000000;
  const std::uint64_t below = memory < most_below ? memory : 2 * gib;
  std::vector<Range> ranges = {{.start = 0, .length = below}};
  if (memory > below) ranges.push_back({.start = 4 * gib, .length = memory - below});
  return ranges;
}

// The parts of [start, end) that no section takes, in the order of addresses.
void add_gaps(std::vector<Range>& ranges, std::vector<Section> sections, std::uint64_t start,
              std::uint64_t end) {
  std::ranges::sort(sections, {}, &Section::gpa);
  const auto gap = [&ranges](std::uint64_t from, std::uint64_t to) {
    if (from >= to) return;
    ranges.push_back({.start = from, .length = to - from, .attributes = google_unaccepted});
  };
  for (const Section& section : sections) {
    if (section.gpa < start || section.gpa >= end) continue;
    gap(start, section.gpa);
    start = std::max(start, section.gpa + section.mem_size);
  }
  gap(start, end);
}

}  // namespace

Result<TdHob> qemu_td_hob(const Metadata& metadata, std::uint64_t memory) {
  TRY_ASSIGN(const Section hob, hob_section(metadata));
  TRY(check_memory(memory));
  std::vector<Range> ranges = qemu_ram(memory);
  for (const Section& section : metadata.sections)
    if (in_ram(section)) TRY(carve(ranges, section, memory));
  std::ranges::sort(ranges, {}, &Range::start);
  TRY(check_room(hob, ranges.size()));
  const std::uint64_t list = phit_size + std::uint64_t{resource_size} * ranges.size();
  return TdHob{.gpa = hob.gpa, .measured = encode(ranges, hob.gpa + list + end_size)};
}

Result<TdHob> google_td_hob(const Metadata& metadata, std::uint64_t memory) {
  constexpr std::uint64_t most_below = 3 * gib;
  constexpr std::uint64_t one_node = 176 * gib;
  TRY_ASSIGN(const Section hob, hob_section(metadata));
  TRY(check_memory(memory));
  if (memory > one_node) {
    return fail(ErrorCode::unsupported, "memory of " + std::to_string(memory) +
                                            " bytes: ranges of machines with more than 176 GiB "
                                            "are not known");
  }
  const std::uint64_t below = std::min(memory, most_below);
  std::vector<Range> ranges;
  for (const Section& section : metadata.sections) {
    if (in_ram(section) && !window_fits(section.gpa, section.mem_size, below))
      return outside(section, memory);
    ranges.push_back({.type = system_memory, .start = section.gpa, .length = section.mem_size});
  }
  add_gaps(ranges, metadata.sections, 0, below);
  if (memory > below) add_gaps(ranges, metadata.sections, 4 * gib, 4 * gib + memory - below);
  TRY(check_room(hob, ranges.size()));
  // Unlike QEMU's, this address is that of the end HOB, not the one behind it.
  const std::uint64_t list = phit_size + std::uint64_t{resource_size} * ranges.size();
  return TdHob{.gpa = hob.gpa, .measured = encode(ranges, hob.gpa + list)};
}

}  // namespace etalon::measure::tdx
