// SPDX-License-Identifier: Apache-2.0
#include "mkosi/uki/pe.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/fake_uki.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"

namespace etalon::uki {
namespace {

using test::FakePe;
using test::put_u16;
using test::put_u32;

FakePe two_sections() {
  FakePe pe;
  pe.add(".first", "one").add(".exactly", "two");
  return pe;
}

TEST(Pe, reads_headers_and_sections) {
  FakePe fake = two_sections();
  fake.certificates = to_bytes("cert");
  const Bytes file = fake.build();
  const auto pe = decode_pe(file);
  ASSERT_TRUE(pe) << pe.error().text();
  EXPECT_EQ(pe->machine, 0x8664);
  EXPECT_EQ(pe->format, PeFormat::pe32_plus);
  EXPECT_EQ(pe->subsystem, 10);
  EXPECT_EQ(pe->headers_size, 512U);
  EXPECT_EQ(pe->checksum_offset, test::fake_pe::checksum);
  EXPECT_EQ(pe->security_entry_offset, fake.security_offset());
  EXPECT_EQ(pe->certificates, (Window{.offset = 1536, .size = 4}));
  ASSERT_EQ(pe->sections.size(), 2U);
  EXPECT_EQ(pe->sections[0].name, ".first");
  EXPECT_EQ(pe->sections[1].name, ".exactly");  // eight bytes, no NUL in the file
  EXPECT_EQ(pe->sections[1].raw_offset, 1024U);
  EXPECT_TRUE(pe->findings.empty());
}

TEST(Pe, reads_pe32_and_files_without_a_certificate_entry) {
  FakePe fake = two_sections();
  fake.plus = false;
  fake.directories = 4;
  const Bytes file = fake.build();
  const auto pe = decode_pe(file);
  ASSERT_TRUE(pe) << pe.error().text();
  EXPECT_EQ(pe->format, PeFormat::pe32);
  EXPECT_FALSE(pe->security_entry_offset);
  EXPECT_EQ(pe->sections.size(), 2U);
}

TEST(Pe, content_is_the_memory_of_a_section) {
  FakePe fake;
  fake.sections = {{.name = ".short", .data = to_bytes("abcdef"), .virtual_size = 3},
                   {.name = ".long", .data = to_bytes("ab"), .virtual_size = 5000},
                   {.name = ".empty", .data = {}, .virtual_size = 2}};
  const Bytes file = fake.build();
  const auto pe = decode_pe(file);
  ASSERT_TRUE(pe) << pe.error().text();
  EXPECT_EQ(as_text(pe->content(*pe->find(".short"))->copy()), "abc");
  const auto content = pe->content(*pe->find(".long"));
  ASSERT_TRUE(content);
  EXPECT_EQ(content->stored.size(), 512U);
  EXPECT_EQ(content->size(), 5000U);
  Bytes expected = to_bytes("ab");
  expected.resize(5000);
  EXPECT_EQ(content->copy(), expected);
  const std::vector<HashAlg> algs = {HashAlg::sha256};
  EXPECT_EQ(hash_content(algs, *content), hash_all(algs, expected));
  EXPECT_EQ(pe->content(*pe->find(".empty"))->copy(), Bytes(2));
  EXPECT_EQ(pe->find(".absent"), nullptr);
}

TEST(Pe, limits_memory_that_the_file_does_not_hold) {
  FakePe fake;
  fake.sections = {{.name = ".bss", .data = to_bytes("x"), .virtual_size = 0xf0000000}};
  const Bytes file = fake.build();
  const auto pe = decode_pe(file);
  ASSERT_TRUE(pe) << pe.error().text();
  const auto content = pe->content(pe->sections[0]);
  ASSERT_FALSE(content);
  EXPECT_EQ(content.error().code, ErrorCode::limit);
  EXPECT_EQ(content.error().text(),
            "section .bss: 4026531328 bytes of memory beyond its raw data, at most 67108864 are "
            "read");
}

struct Refusal {
  std::string name;
  std::function<void(Bytes&)> change;
  ErrorCode code;
  std::string text;
};

TEST(Pe, refuses_what_contradicts_the_format) {
  const FakePe fake = two_sections();
  const std::size_t count = fake.count_offset();
  const std::size_t first = fake.section_offset(0);
  const std::size_t second = fake.section_offset(1);
  const std::size_t security = fake.security_offset();
  const std::vector<Refusal> refusals = {
      {"empty", [](Bytes& f) { f.clear(); }, ErrorCode::truncated,
       "PE: MZ magic at 0: need 2 bytes, 0 left"},
      {"no MZ", [](Bytes& f) { f[0] = std::byte{'Z'}; }, ErrorCode::malformed,
       "PE: MZ magic at 0: not MZ"},
      {"header past the end", [](Bytes& f) { put_u32(f, 60, 0xfffffff0); }, ErrorCode::truncated,
       "PE: bytes before the PE header at 0: need 4294967280 bytes, 1536 left"},
      {"no PE", [](Bytes& f) { f[0x80] = std::byte{'N'}; }, ErrorCode::malformed,
       "PE: PE magic at 128: not PE"},
      {"too many sections", [](Bytes& f) { put_u16(f, 0x86, 97); }, ErrorCode::limit,
       "PE: NumberOfSections at 134: 97 sections, at most 96 are read"},
      {"unknown magic", [](Bytes& f) { put_u16(f, test::fake_pe::optional, 0x107); },
       ErrorCode::unsupported, "PE: Magic at 152: neither PE32 (0x10b) nor PE32+ (0x20b)"},
      {"optional header cut", [](Bytes& f) { put_u16(f, test::fake_pe::coff + 16, 111); },
       ErrorCode::truncated, "PE: NumberOfRvaAndSizes at 260: need 4 bytes, 3 left"},
      {"17 directories", [=](Bytes& f) { put_u32(f, count, 17); }, ErrorCode::malformed,
       "PE: NumberOfRvaAndSizes at 260: 17 directories, the format has 16"},
      {"directories past the header", [](Bytes& f) { put_u16(f, test::fake_pe::coff + 16, 120); },
       ErrorCode::truncated, "PE: data directories at 264: need 32 bytes, 8 left"},
      {"section table past the end", [](Bytes& f) { put_u16(f, 0x86, 60); }, ErrorCode::truncated,
       "PE: relocations and line numbers at 1536: need 12 bytes, 0 left"},
      {"headers end too early", [](Bytes& f) { put_u32(f, test::fake_pe::headers_size, 400); },
       ErrorCode::malformed,
       "PE: SizeOfHeaders 400 ends before the section table, which ends at 472"},
      {"headers past the end", [](Bytes& f) { put_u32(f, test::fake_pe::headers_size, 1537); },
       ErrorCode::truncated, "PE: SizeOfHeaders 1537 is past the end of the file at 1536"},
      {"section past the end", [=](Bytes& f) { put_u32(f, second + 16, 513); },
       ErrorCode::truncated,
       "PE: section .exactly at 1024: 513 bytes of raw data are past the end of the file at 1536"},
      {"section offset wraps", [=](Bytes& f) { put_u32(f, second + 20, 0xfffffe00); },
       ErrorCode::truncated,
       "PE: section .exactly at 4294966784: 512 bytes of raw data are past the end of the file at "
       "1536"},
      {"sections share bytes", [=](Bytes& f) { put_u32(f, second + 20, 1023); },
       ErrorCode::malformed,
       "PE: section .exactly at 1023: raw data starts before the end of section .first at 1024"},
      {"section in the headers", [=](Bytes& f) { put_u32(f, first + 20, 0); }, ErrorCode::malformed,
       "PE: section .first at 0: raw data starts before the end of the headers at 512"},
      {"certificates past the end",
       [=](Bytes& f) {
         put_u32(f, security, 1500);
         put_u32(f, security + 4, 37);
       },
       ErrorCode::truncated,
       "PE: certificate table at 1500: 37 bytes are past the end of the file at 1536"},
  };
  for (const Refusal& each : refusals) {
    Bytes file = fake.build();
    each.change(file);
    const auto pe = decode_pe(file);
    ASSERT_FALSE(pe) << each.name;
    EXPECT_EQ(pe.error().code, each.code) << each.name;
    EXPECT_EQ(pe.error().text(), each.text) << each.name;
  }
}

TEST(Pe, refuses_every_cut_of_a_file) {
  const Bytes file = two_sections().build();
  for (std::size_t size = 0; size < file.size(); ++size)
    EXPECT_FALSE(decode_pe(ByteView(file).first(size))) << size;
}

TEST(Pe, reports_what_is_odd) {
  FakePe fake = two_sections();
  fake.certificates = to_bytes("certificate");
  Bytes file = fake.build();
  put_u32(file, fake.section_offset(1) + 12, 4097);  // address of the second: inside the first
  put_u32(file, fake.section_offset(0) + 16, 256);   // half of the first one's raw data
  put_u32(file, fake.security_offset() + 4, 10);
  const auto pe = decode_pe(file);
  ASSERT_TRUE(pe) << pe.error().text();
  ASSERT_EQ(pe->findings.size(), 3U);
  EXPECT_EQ(pe->findings[0].id, "certificates-not-last");
  EXPECT_EQ(pe->findings[1], (Finding{.id = "uncovered-bytes",
                                      .message = "256 bytes between sections belong to none"}));
  EXPECT_EQ(pe->findings[2],
            (Finding{.id = "virtual-overlap",
                     .message = "section .exactly overlaps section .first in memory"}));
}

TEST(Pe, reports_every_section_that_a_long_one_reaches) {
  FakePe fake = two_sections();
  fake.add(".third", "three");
  Bytes file = fake.build();
  put_u32(file, fake.section_offset(0) + 8, 2 * 4096 + 1);
  const auto pe = decode_pe(file);
  ASSERT_TRUE(pe) << pe.error().text();
  EXPECT_EQ(pe->findings, (std::vector<Finding>{
                              {.id = "virtual-overlap",
                               .message = "section .exactly overlaps section .first in memory"},
                              {.id = "virtual-overlap",
                               .message = "section .third overlaps section .first in memory"}}));
}

TEST(Pe, reports_an_unsigned_file_whose_size_is_no_multiple_of_8) {
  FakePe fake = two_sections();
  fake.trailing = to_bytes("abc");
  const Bytes file = fake.build();
  const auto pe = decode_pe(file);
  ASSERT_TRUE(pe) << pe.error().text();
  EXPECT_EQ(pe->findings,
            (std::vector<Finding>{
                {.id = "unsigned-unaligned",
                 .message = "the size of 1539 bytes is no multiple of 8 and there is no signature: "
                            "tools that pad give another digest than firmware"}}));
  fake.trailing = to_bytes("abcdefgh");
  EXPECT_TRUE(decode_pe(fake.build())->findings.empty());
  fake.trailing = to_bytes("abc");
  fake.certificates = to_bytes("certificate");
  EXPECT_TRUE(decode_pe(fake.build())->findings.empty());
}

}  // namespace
}  // namespace etalon::uki
