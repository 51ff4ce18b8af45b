// SPDX-License-Identifier: Apache-2.0
// The values of real firmware are compared by tests/oracle/mrtd_test.py; here the stream is written
// down naively, record by record, for a small image.
#include "references/measure/tdx/mrtd.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include <gtest/gtest.h>

#include "references/measure/tdx/tdvf.hpp"
#include "tests/support/fake_firmware.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"
#include "tools/base/writer.hpp"

namespace etalon::measure::tdx {
namespace {

using test::FakeFirmware;

void record(ByteWriter& out, std::string_view name, std::uint64_t gpa) {
  out.text(name).fill(16 - name.size()).u64(gpa).fill(104);
}

void add(ByteWriter& out, std::uint64_t gpa) {
  record(out, "MEM.PAGE.ADD", gpa);
}

void extend(ByteWriter& out, std::uint64_t gpa, ByteView page) {
  for (std::size_t at = 0; at < 0x1000; at += 0x100) {
    record(out, "MR.EXTEND", gpa + at);
    out.bytes(page.subspan(at, 0x100));
  }
}

Result<Sha384> mrtd(const FakeFirmware& firmware, MrtdOrdering ordering) {
  const Bytes image = firmware.build();
  TRY_ASSIGN(const auto metadata, read_metadata(image));
  return predict_mrtd(image, metadata, ordering);
}

// What the builder's image adds behind its BFV.
void add_the_others(ByteWriter& out) {
  for (const std::uint64_t gpa : std::initializer_list<std::uint64_t>{
           0xffffd000, 0x809000, 0x80a000, 0x810000, 0x811000, 0x812000})
    add(out, gpa);
}

TEST(Mrtd, follows_the_page_ordering) {
  const Bytes image = FakeFirmware().build();
  ByteWriter stream;
  add(stream, 0xffffe000);
  extend(stream, 0xffffe000, ByteView(image).subspan(0x1000, 0x1000));
  add(stream, 0xfffff000);
  extend(stream, 0xfffff000, ByteView(image).subspan(0x2000, 0x1000));
  add_the_others(stream);
  const auto value = mrtd(FakeFirmware(), MrtdOrdering::page);
  ASSERT_TRUE(value.has_value()) << value.error().text();
  EXPECT_EQ(value->hex(), sha384(stream.view()).hex());
}

TEST(Mrtd, follows_the_section_ordering) {
  const Bytes image = FakeFirmware().build();
  ByteWriter stream;
  add(stream, 0xffffe000);
  add(stream, 0xfffff000);
  extend(stream, 0xffffe000, ByteView(image).subspan(0x1000, 0x1000));
  extend(stream, 0xfffff000, ByteView(image).subspan(0x2000, 0x1000));
  add_the_others(stream);
  const auto value = mrtd(FakeFirmware(), MrtdOrdering::section);
  ASSERT_TRUE(value.has_value()) << value.error().text();
  EXPECT_EQ(value->hex(), sha384(stream.view()).hex());
}

TEST(Mrtd, takes_zero_for_content_past_the_image) {
  FakeFirmware firmware;
  firmware.sections[0].gpa = 0xfffe0000;
  firmware.sections[0].mem_size = 0x3000;
  firmware.sections[0].data_offset = 0x1080;  // ends within a chunk of the second page
  firmware.sections[0].raw_size = 0x1f80;
  const Bytes image = firmware.build();
  Bytes content = to_bytes(ByteView(image).subspan(0x1080));
  content.resize(0x3000);
  ByteWriter stream;
  for (std::size_t at = 0; at < content.size(); at += 0x1000) {
    add(stream, 0xfffe0000 + at);
    extend(stream, 0xfffe0000 + at, ByteView(content).subspan(at, 0x1000));
  }
  add_the_others(stream);
  const auto value = mrtd(firmware, MrtdOrdering::page);
  ASSERT_TRUE(value.has_value()) << value.error().text();
  EXPECT_EQ(value->hex(), sha384(stream.view()).hex());
}

TEST(Mrtd, leaves_out_what_is_not_added) {
  FakeFirmware firmware;
  const auto without = mrtd(firmware, MrtdOrdering::page);
  firmware.sections.push_back({.gpa = 0x100000000,
                               .mem_size = 0x40000000,
                               .type = SectionType::perm_mem,
                               .attributes = attribute_page_aug});
  firmware.metadata_at = 0x0800;  // not in measured bytes, which change with it
  firmware.entries.back().data = ByteWriter().u32(0x2800).take();
  const Bytes image = firmware.build();
  auto metadata = read_metadata(image);
  ASSERT_TRUE(metadata.has_value()) << metadata.error().text();
  const auto with = predict_mrtd(image, *metadata, MrtdOrdering::page);
  metadata->sections.pop_back();
  metadata->length -= 32;
  EXPECT_EQ(with->hex(), predict_mrtd(image, *metadata, MrtdOrdering::page)->hex());
  EXPECT_NE(with->hex(), without->hex());
}

TEST(Mrtd, depends_on_measured_content_only) {
  const FakeFirmware firmware;
  const auto value = mrtd(firmware, MrtdOrdering::page);
  Bytes image = firmware.build();
  const auto metadata = read_metadata(image);
  image[0x10] ^= std::byte{1};  // CFV
  EXPECT_EQ(predict_mrtd(image, *metadata, MrtdOrdering::page)->hex(), value->hex());
  image[0x1010] ^= std::byte{1};  // BFV
  EXPECT_NE(predict_mrtd(image, *metadata, MrtdOrdering::page)->hex(), value->hex());
}

TEST(Mrtd, refuses_metadata_that_does_not_fit_the_image) {
  const Bytes image = FakeFirmware().build();
  const auto metadata = read_metadata(image);
  const auto value = predict_mrtd(ByteView(image).first(0x2000), *metadata, MrtdOrdering::page);
  ASSERT_FALSE(value.has_value());
  EXPECT_EQ(value.error().code, ErrorCode::malformed);
  EXPECT_EQ(value.error().text(),
            "TDVF metadata: this is the code part of a split image: pass the variables file before "
            "it (VARS CODE)");
}

}  // namespace
}  // namespace etalon::measure::tdx
