// SPDX-License-Identifier: Apache-2.0
#include "references/measure/tdx/tdvf.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "references/measure/tdx/guid_table.hpp"
#include "tests/support/fake_firmware.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure::tdx {
namespace {

using test::FakeFirmware;

std::string refusal(const Bytes& image) {
  const auto metadata = read_metadata(image);
  if (metadata) return "accepted";
  return std::string(name(metadata.error().code)) + ": " + metadata.error().text();
}

// Of the builder's image with one section changed.
template <class Change>
std::string refusal_with(std::size_t index, Change change) {
  FakeFirmware firmware;
  change(firmware.sections.at(index));
  return refusal(firmware.build());
}

TEST(GuidTable, gives_the_entries_from_the_end_downwards) {
  const FakeFirmware firmware;
  const Bytes image = firmware.build();
  const auto entries = decode_guid_table(image);
  ASSERT_TRUE(entries.has_value()) << entries.error().text();
  ASSERT_EQ(entries->size(), 2U);
  EXPECT_EQ(entries->at(0).guid.text(), "e47a6535-984a-4798-865e-4685a7bf8ec2");
  EXPECT_EQ(entries->at(0).offset, firmware.distance());
  EXPECT_EQ(to_hex(entries->at(0).data), "00080000");
  EXPECT_EQ(entries->at(1).guid.text(), "dc886566-984a-4798-a75e-5585a7bf67cc");
}

TEST(GuidTable, takes_entries_without_data) {
  FakeFirmware firmware;
  firmware.entries.front().data.clear();
  EXPECT_EQ(refusal(firmware.build()), "accepted");
}

TEST(GuidTable, ignores_bytes_below_its_stated_length) {
  FakeFirmware firmware;
  firmware.entries.erase(firmware.entries.begin());
  Bytes image = firmware.build();
  image.at(firmware.distance() - 1) = std::byte{0xff};
  EXPECT_EQ(refusal(image), "accepted");
}

TEST(GuidTable, refuses_zero_length_guid_entry) {
  const FakeFirmware firmware;
  EXPECT_EQ(refusal(firmware.with(firmware.tdvf_entry_length(), 0, 2)),
            "malformed: GUID table: length at 12220: 0 is less than the 18 bytes of an entry "
            "without data");
  EXPECT_EQ(refusal(firmware.with(firmware.tdvf_entry_length(), 17, 2)),
            "malformed: GUID table: length at 12220: 17 is less than the 18 bytes of an entry "
            "without data");
}

TEST(GuidTable, refuses_an_entry_larger_than_the_table) {
  const FakeFirmware firmware;
  EXPECT_EQ(refusal(firmware.with(firmware.tdvf_entry_length(), 45, 2)),
            "malformed: GUID table: length at 12220: entry of 45 bytes begins before the table "
            "does");
}

TEST(GuidTable, refuses_a_length_that_leaves_a_piece_of_an_entry) {
  const FakeFirmware firmware;
  EXPECT_EQ(refusal(firmware.with(firmware.table_length(), 18 + 22 + 5, 2)),
            "malformed: GUID table: entry at 12211: 5 bytes left, an entry has 18 or more");
}

TEST(GuidTable, refuses_a_length_outside_the_image) {
  const FakeFirmware firmware;
  EXPECT_EQ(refusal(firmware.with(firmware.table_length(), 17, 2)),
            "malformed: GUID table: length at 12238: 17 bytes do not fit between the footer's 18 "
            "and the start of the image");
  EXPECT_EQ(refusal(firmware.with(firmware.table_length(), 0xffff, 2)),
            "malformed: GUID table: length at 12238: 65535 bytes do not fit between the footer's "
            "18 and the start of the image");
}

TEST(GuidTable, refuses_a_guid_that_appears_twice) {
  FakeFirmware firmware;
  firmware.entries.front() = firmware.entries.back();
  EXPECT_EQ(refusal(firmware.build()),
            "malformed: GUID table: GUID at 12200: e47a6535-984a-4798-865e-4685a7bf8ec2 appears "
            "twice");
}

TEST(GuidTable, refuses_an_image_without_footer) {
  const auto entries = decode_guid_table(Bytes(0x1000));
  ASSERT_FALSE(entries.has_value());
  EXPECT_EQ(entries.error().code, ErrorCode::not_found);
  EXPECT_EQ(entries.error().text(), "GUID table: no footer at the end of the image");
}

TEST(TdvfDescriptor, is_found_at_the_distance_of_the_entry) {
  const auto offset = find_descriptor(FakeFirmware().build());
  ASSERT_TRUE(offset.has_value()) << offset.error().text();
  EXPECT_EQ(*offset, 0x2800U);
}

TEST(TdvfDescriptor, is_found_through_the_offset_word_of_td_shim) {
  FakeFirmware firmware;
  firmware.guid_table = false;
  const auto metadata = read_metadata(firmware.build());
  ASSERT_TRUE(metadata.has_value()) << metadata.error().text();
  EXPECT_EQ(metadata->sections, firmware.sections);
}

TEST(TdvfDescriptor, refuses_images_that_name_none) {
  FakeFirmware firmware;
  firmware.entries.pop_back();
  EXPECT_EQ(refusal(firmware.build()),
            "not-found: GUID table: no TDVF entry: the firmware was built without TDX");
  EXPECT_EQ(refusal(Bytes(0x1000)),
            "not-found: the image ends neither in a GUID table nor in a TDVF metadata offset");
  EXPECT_EQ(refusal(Bytes(49)), "truncated: 49 bytes are too few for a firmware image");
  EXPECT_EQ(refusal(Bytes()), "truncated: 0 bytes are too few for a firmware image");
}

TEST(TdvfDescriptor, refuses_a_distance_outside_the_image) {
  const FakeFirmware firmware;
  EXPECT_EQ(refusal(firmware.with(firmware.distance(), 0x3001)),
            "malformed: TDVF entry: distance at 12216: descriptor 12289 bytes before the end of "
            "12288");
  EXPECT_EQ(refusal(firmware.with(firmware.distance(), 15)),
            "malformed: TDVF entry: distance at 12216: descriptor 15 bytes before the end of "
            "12288");
}

TEST(TdvfDescriptor, refuses_an_entry_of_another_size) {
  FakeFirmware firmware;
  firmware.entries.back().data.resize(3);
  EXPECT_EQ(refusal(firmware.build()),
            "truncated: TDVF entry: distance at 12217: need 4 bytes, 3 left");
  firmware.entries.back().data.resize(5);
  EXPECT_EQ(refusal(firmware.build()), "malformed: TDVF entry: entry at 12219: 1 trailing bytes");
}

TEST(TdvfMetadata, decodes_what_was_encoded) {
  const FakeFirmware firmware;
  const Bytes image = firmware.build();
  const auto metadata = read_metadata(image);
  ASSERT_TRUE(metadata.has_value()) << metadata.error().text();
  EXPECT_EQ(metadata->offset, 0x2800U);
  EXPECT_EQ(metadata->length, 144U);
  EXPECT_EQ(metadata->sections, firmware.sections);
  EXPECT_TRUE(equal(encode_metadata(*metadata), ByteView(image).subspan(0x2800, 144)));
}

TEST(TdvfMetadata, refuses_other_signatures_and_versions) {
  const FakeFirmware firmware;
  EXPECT_EQ(refusal(firmware.with(0x2800, 0x46564458)),
            "malformed: TDVF metadata: signature at 10240: 58445646 is not \"TDVF\"");
  EXPECT_EQ(refusal(firmware.with(0x2808, 2)),
            "unsupported: TDVF metadata: version at 10248: 2 is not 1");
}

TEST(TdvfMetadata, refuses_a_length_that_contradicts_the_count) {
  EXPECT_EQ(refusal(FakeFirmware().with(0x2804, 140)),
            "malformed: TDVF metadata: length at 10244: 140, but 4 sections take 144");
}

TEST(TdvfMetadata, refuses_too_few_and_too_many_sections) {
  const FakeFirmware firmware;
  EXPECT_EQ(refusal(firmware.with(0x280c, 1)),
            "malformed: TDVF metadata: number of sections at 10252: 1, there must be 2 or more");
  EXPECT_EQ(refusal(firmware.with(0x280c, 65)),
            "limit: TDVF metadata: number of sections at 10252: 65 is more than 64");
  EXPECT_EQ(refusal(firmware.with(0x280c, 0xffffffff)),
            "limit: TDVF metadata: number of sections at 10252: 4294967295 is more than 64");
}

TEST(TdvfMetadata, refuses_sections_past_the_end_of_the_image) {
  const FakeFirmware firmware;
  EXPECT_EQ(refusal(firmware.with(0x280c, 64)),
            "truncated: TDVF metadata: section 63: mem_size at 12288: need 8 bytes, 0 left");
  const auto beyond = decode_metadata(firmware.build(), 0x3001);
  ASSERT_FALSE(beyond.has_value());
  EXPECT_EQ(beyond.error().code, ErrorCode::truncated);
  EXPECT_EQ(beyond.error().text(),
            "TDVF metadata: descriptor at 12289: beyond the end of the image");
}

TEST(TdvfSection, refuses_addresses_and_sizes_that_are_no_pages) {
  EXPECT_EQ(refusal_with(2, [](Section& s) { s.gpa = 0x809800; }),
            "malformed: TDVF metadata: section 2: gpa at 10328: 0x809800 is not a multiple of "
            "4096");
  EXPECT_EQ(refusal_with(2, [](Section& s) { s.mem_size = 0x2001; }),
            "malformed: TDVF metadata: section 2: mem_size at 10336: 0x2001 is not a multiple of "
            "4096");
  EXPECT_EQ(refusal_with(2, [](Section& s) { s.mem_size = 0; }),
            "malformed: TDVF metadata: section 2: mem_size at 10336: 0: the section has no memory");
}

TEST(TdvfSection, refuses_less_memory_than_content) {
  EXPECT_EQ(refusal_with(0, [](Section& s) { s.mem_size = 0x1000; }),
            "malformed: TDVF metadata: section 0: mem_size at 10272: 0x1000 is less than raw_size "
            "0x2000");
}

TEST(TdvfSection, refuses_addresses_that_wrap_or_leave_the_guest) {
  EXPECT_EQ(refusal_with(2, [](Section& s) { s.gpa = ~0xfffULL; }),
            "malformed: TDVF metadata: section 2: mem_size at 10336: 0x2000 bytes at "
            "0xfffffffffffff000 end beyond 52 address bits");
  EXPECT_EQ(refusal_with(2, [](Section& s) { s.gpa = max_gpa - 0x1000; }),
            "malformed: TDVF metadata: section 2: mem_size at 10336: 0x2000 bytes at "
            "0xffffffffff000 end beyond 52 address bits");
}

TEST(TdvfSection, refuses_content_where_there_is_none_and_none_where_there_is) {
  EXPECT_EQ(refusal_with(0, [](Section& s) { s.raw_size = 0; }),
            "malformed: TDVF metadata: section 0: raw_size at 10260: 0, but a bfv section has "
            "content");
  EXPECT_EQ(refusal_with(2, [](Section& s) { s.raw_size = 16; }),
            "malformed: TDVF metadata: section 2: raw_size at 10324: 16, but a td-hob section has "
            "no content");
}

TEST(TdvfSection, refuses_unknown_types_and_attributes) {
  EXPECT_EQ(refusal_with(3, [](Section& s) { s.type = SectionType{9}; }),
            "unsupported: TDVF metadata: section 3: type at 10376: 9 is not a known section type");
  EXPECT_EQ(refusal_with(3, [](Section& s) { s.attributes = 4; }),
            "unsupported: TDVF metadata: section 3: attributes at 10380: 0x4 has bits beyond "
            "MR.EXTEND and PAGE.AUG");
}

TEST(TdvfSection, refuses_attributes_that_contradict) {
  EXPECT_EQ(refusal_with(3, [](Section& s) { s.attributes = 3; }),
            "malformed: TDVF metadata: section 3: attributes at 10380: MR.EXTEND of pages that are "
            "not added");
  EXPECT_EQ(refusal_with(3, [](Section& s) { s.type = SectionType::perm_mem; }),
            "malformed: TDVF metadata: section 3: attributes at 10380: a perm-mem section must "
            "have PAGE.AUG");
  EXPECT_EQ(refusal_with(2, [](Section& s) { s.attributes = attribute_mr_extend; }),
            "unsupported: TDVF metadata: section 2: attributes at 10348: MR.EXTEND of a td-hob "
            "section that the VMM fills: MRTD cannot be known from the image");
}

TEST(TdvfSection, refuses_content_outside_the_image) {
  EXPECT_EQ(refusal_with(1, [](Section& s) { s.data_offset = 0x2001; }),
            "truncated: TDVF metadata: section 1: data_offset at 10288: 0x1000 bytes at 0x2001 end "
            "beyond the image of 0x3000");
  EXPECT_EQ(refusal_with(1, [](Section& s) { s.data_offset = 0xffffffff; }),
            "truncated: TDVF metadata: section 1: data_offset at 10288: 0x1000 bytes at "
            "0xffffffff end beyond the image of 0x3000");
}

TEST(TdvfSections, must_end_where_the_image_ends) {
  EXPECT_EQ(refusal_with(0, [](Section& s) { s.raw_size = 0x1000; }),
            "malformed: TDVF metadata: the sections describe an image of 0x2000 bytes, this one "
            "has 0x3000");
}

TEST(TdvfSections, refuse_two_that_overlap) {
  EXPECT_EQ(refusal_with(3, [](Section& s) { s.gpa = 0x80a000; }),
            "malformed: TDVF metadata: section 3: gpa at 10360: overlaps section 2 in guest "
            "memory");
  EXPECT_EQ(refusal_with(3, [](Section& s) { s.gpa = 0x80b000; }), "accepted");
}

TEST(TdvfSections, refuse_a_set_without_bfv_or_with_two_hobs) {
  EXPECT_EQ(refusal_with(0, [](Section& s) { s.type = SectionType::cfv; }),
            "malformed: TDVF metadata: no bfv section");
  EXPECT_EQ(refusal_with(2, [](Section& s) { s.type = SectionType::temp_mem; }),
            "malformed: TDVF metadata: 0 td-hob sections, there must be one");
  EXPECT_EQ(refusal_with(3, [](Section& s) { s.type = SectionType::td_hob; }),
            "malformed: TDVF metadata: 2 td-hob sections, there must be one");
}

TEST(TdvfSections, refuse_more_memory_than_anyone_adds) {
  EXPECT_EQ(refusal_with(3,
                         [](Section& s) {
                           s.gpa = 0x100000000;
                           s.mem_size = max_added_memory;
                         }),
            "limit: TDVF metadata: section 3: mem_size at 10368: 0x10000000 brings the memory "
            "added before launch beyond 256 MiB");
  EXPECT_EQ(refusal_with(3,
                         [](Section& s) {
                           s.gpa = 0x100000000;
                           s.mem_size = 1ULL << 50U;
                         }),
            "limit: TDVF metadata: section 3: mem_size at 10368: 0x4000000000000 brings the memory "
            "added before launch beyond 256 MiB");
  EXPECT_EQ(refusal_with(3, [](Section& s) { s.mem_size = 1ULL << 60U; }),
            "malformed: TDVF metadata: section 3: mem_size at 10368: 0x1000000000000000 bytes at "
            "0x810000 end beyond 52 address bits");
}

TEST(TdvfSections, accept_any_size_that_is_not_added) {
  EXPECT_EQ(refusal_with(3,
                         [](Section& s) {
                           s.gpa = 0x100000000;
                           s.mem_size = 1ULL << 50U;
                           s.type = SectionType::perm_mem;
                           s.attributes = attribute_page_aug;
                         }),
            "accepted");
}

TEST(SplitImage, is_read_with_its_variables_first) {
  const Bytes image = FakeFirmware().build();
  const ByteView vars = ByteView(image).first(0x1000);
  const ByteView code = ByteView(image).subspan(0x1000);
  const auto joined = join_split(vars, code);
  ASSERT_TRUE(joined.has_value());
  EXPECT_EQ(*joined, image);
}

TEST(SplitImage, says_what_to_pass_when_the_code_is_alone) {
  const Bytes image = FakeFirmware().build();
  EXPECT_EQ(refusal(to_bytes(ByteView(image).subspan(0x1000))),
            "malformed: TDVF metadata: this is the code part of a split image: pass the variables "
            "file before it (VARS CODE)");
}

TEST(SplitImage, refuses_the_wrong_order) {
  const Bytes image = FakeFirmware().build();
  const auto joined = join_split(ByteView(image).subspan(0x1000), ByteView(image).first(0x1000));
  ASSERT_FALSE(joined.has_value());
  EXPECT_EQ(joined.error().code, ErrorCode::usage);
  EXPECT_EQ(joined.error().text(),
            "the first file holds the code; pass the variables file first (VARS CODE)");
}

TEST(SplitImage, refuses_parts_that_do_not_belong_together) {
  const Bytes image = FakeFirmware().build();
  const auto joined = join_split(image, ByteView(image).subspan(0x1000));
  ASSERT_TRUE(joined.has_value());
  EXPECT_EQ(refusal(*joined),
            "malformed: TDVF metadata: the sections describe an image of 0x3000 bytes, this one "
            "has 0x5000");
}

}  // namespace
}  // namespace etalon::measure::tdx
