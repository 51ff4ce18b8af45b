// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/elf/elf.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <elf.h>
#include <gtest/gtest.h>

#include "tests/support/fake_elf.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"

namespace etalon::elf {
namespace {

using test::fake_program;
using test::FakeElf;

FakeElf full() {
  return {.entry = 0x1234,
          .interpreter = "/lib64/ld-linux-x86-64.so.2",
          .needed = {"libb.so.2", "liba.so.1"},
          .soname = "libself.so.1",
          .rpath = "/old:/older",
          .runpath = "$ORIGIN/../lib",
          .flags_1 = DF_1_PIE | DF_1_NODEFLIB | DF_1_NOW};
}

TEST(ReadElf, reads_what_a_loader_reads_in_every_layout) {
  for (const std::uint8_t bits : {std::uint8_t{32}, std::uint8_t{64}}) {
    for (const bool big : {false, true}) {
      FakeElf fake = full();
      fake.bits = bits;
      fake.big_endian = big;
      const auto elf = read_elf(fake.build());
      ASSERT_TRUE(elf.has_value()) << elf.error().text();
      const ElfFile expected{.file_class = bits == 32 ? Class::elf32 : Class::elf64,
                             .byte_order = big ? ByteOrder::big : ByteOrder::little,
                             .type = ET_DYN,
                             .machine = EM_X86_64,
                             .has_entry = true,
                             .has_code = true,
                             .has_dynamic = true,
                             .pie = true,
                             .no_default_libraries = true,
                             .interpreter = "/lib64/ld-linux-x86-64.so.2",
                             .needed = {"libb.so.2", "liba.so.1"},
                             .soname = "libself.so.1",
                             .rpath = "/old:/older",
                             .runpath = "$ORIGIN/../lib"};
      EXPECT_EQ(*elf, expected) << int{bits} << big;
    }
  }
}

TEST(ReadElf, needs_no_alignment) {
  Bytes padded(1);
  append(padded, full().build());
  for (const std::uint8_t bits : {std::uint8_t{32}, std::uint8_t{64}}) {
    FakeElf fake = full();
    fake.bits = bits;
    fake.big_endian = true;
    Bytes shifted(3);
    append(shifted, fake.build());
    EXPECT_TRUE(read_elf(ByteView(shifted).subspan(3)).has_value());
  }
}

TEST(ReadElf, tells_static_programs_and_data) {
  const auto fixed = read_elf(FakeElf{.type = ET_EXEC, .dynamic = false}.build());
  ASSERT_TRUE(fixed.has_value()) << fixed.error().text();
  EXPECT_EQ(fixed->type, ET_EXEC);
  EXPECT_FALSE(fixed->interpreter || fixed->has_dynamic || fixed->pie);
  const auto pie = read_elf(FakeElf{.flags_1 = DF_1_PIE}.build());
  ASSERT_TRUE(pie.has_value());
  EXPECT_TRUE(pie->pie && pie->has_dynamic && !pie->interpreter);
  const auto data = read_elf(FakeElf{.entry = 0, .load_flags = PF_R}.build());
  ASSERT_TRUE(data.has_value());
  EXPECT_FALSE(data->has_entry || data->has_code);
}

// A kernel module has no program headers, and nothing beyond the header is looked at.
TEST(ReadElf, reads_the_header_of_other_types_only) {
  for (const std::uint16_t type : {std::uint16_t{ET_REL}, std::uint16_t{ET_CORE}}) {
    const auto elf = read_elf(FakeElf{.type = type, .phentsize = 0, .phnum = 0}.build());
    ASSERT_TRUE(elf.has_value()) << elf.error().text();
    EXPECT_EQ(elf->type, type);
    EXPECT_FALSE(elf->has_code);
  }
}

// The kernel gives open() a C string.
TEST(ReadElf, ends_an_interpreter_at_its_first_nul) {
  FakeElf fake = fake_program({}, std::string("/lib/ld.so\0rest", 15));
  EXPECT_EQ(read_elf(fake.build())->interpreter, "/lib/ld.so");
}

TEST(ReadElf, reads_a_program_of_this_machine) {
  const auto file = read_file("/proc/self/exe", std::size_t{1} << 30U);
  ASSERT_TRUE(file.has_value()) << file.error().text();
  const auto elf = read_elf(*file);
  ASSERT_TRUE(elf.has_value()) << elf.error().text();
  EXPECT_TRUE(elf->has_entry && elf->has_code && elf->interpreter);
  EXPECT_FALSE(elf->needed.empty());
}

struct Refusal {
  FakeElf fake;
  ErrorCode code = ErrorCode::malformed;
  std::string text{};
};

FakeElf with_needed() {
  return {.needed = {"liba.so"}};
}

template <class Change>
FakeElf but(FakeElf fake, Change change) {
  change(fake);
  return fake;
}

TEST(ReadElf, refuses) {
  const std::vector<Refusal> refusals = {
      {but(with_needed(), [](auto& f) { f.phentsize = 55; }), ErrorCode::malformed,
       "e_phentsize at 64: program headers of 55 bytes"},
      {but(with_needed(), [](auto& f) { f.phnum = 0; }), ErrorCode::malformed,
       "e_phnum at 64: no program headers"},
      {but(with_needed(), [](auto& f) { f.phnum = 1171; }), ErrorCode::limit,
       "e_phnum at 64: program headers of more than 65536 bytes"},
      {but(with_needed(), [](auto& f) { f.phnum = 1170; }), ErrorCode::truncated,
       "program headers at 64: lies outside the file"},
      {but(with_needed(), [](auto& f) { f.phoff = ~std::uint64_t{0}; }), ErrorCode::truncated,
       "program headers at 18446744073709551615: lies outside the file"},
      {but(fake_program({}), [](auto& f) { f.interpreter_size = 1; }), ErrorCode::malformed,
       "PT_INTERP at 232: a path of 1 bytes"},
      {but(fake_program({}), [](auto& f) { f.interpreter_size = 4097; }), ErrorCode::malformed,
       "PT_INTERP at 232: a path of 4097 bytes"},
      {but(fake_program({}), [](auto& f) { f.interpreter_size = 27; }), ErrorCode::malformed,
       "PT_INTERP at 232: no NUL at its end"},
      {but(fake_program({}), [](auto& f) { f.interpreter_offset = ~std::uint64_t{0}; }),
       ErrorCode::truncated, "PT_INTERP at 18446744073709551615: lies outside the file"},
      {but(with_needed(), [](auto& f) { f.dynamic_address = 0xffff; }), ErrorCode::malformed,
       "PT_DYNAMIC at 185: its address lies in no loaded part of the file"},
      {but(with_needed(), [](auto& f) { f.dynamic_address = 0x20000; }), ErrorCode::malformed,
       "PT_DYNAMIC at 185: its address lies in no loaded part of the file"},
      {but(with_needed(), [](auto& f) { f.ends_dynamic = false; }), ErrorCode::malformed,
       "PT_DYNAMIC at 185: no DT_NULL ends it"},
      {but(with_needed(), [](auto& f) { f.dynamic_size = 0; }), ErrorCode::malformed,
       "PT_DYNAMIC at 185: no DT_NULL ends it"},
      {but(with_needed(), [](auto& f) { f.string_address = 4; }), ErrorCode::malformed,
       "DT_NEEDED: DT_STRTAB lies in no loaded part of the file"},
      {but(with_needed(), [](auto& f) { f.needed_index = 9; }), ErrorCode::malformed,
       "DT_NEEDED at 176: string 9 outside a string table of 9 bytes"},
      {but(with_needed(), [](auto& f) { f.string_size = 8; }), ErrorCode::malformed,
       "DT_NEEDED at 177: no NUL ends the string"},
      {{.needed = {std::string(4096, 'n')}},
       ErrorCode::limit,
       "DT_NEEDED at 177: longer than 4095 bytes"},
      {{.soname = std::string(4096, 'n')},
       ErrorCode::limit,
       "DT_SONAME at 177: longer than 4095 bytes"},
      {{.rpath = std::string(65536, 'n')},
       ErrorCode::limit,
       "DT_RPATH at 177: longer than 65535 bytes"},
      {{.runpath = std::string(65536, 'n')},
       ErrorCode::limit,
       "DT_RUNPATH at 177: longer than 65535 bytes"},
      {{.needed = std::vector<std::string>(4097, "a")},
       ErrorCode::limit,
       "more than 4096 DT_NEEDED entries"},
      {{.needed = std::vector<std::string>(65536, "a")},
       ErrorCode::limit,
       "PT_DYNAMIC at 131249: more than 65536 entries"},
  };
  for (const Refusal& each : refusals) {
    const auto elf = read_elf(each.fake.build());
    ASSERT_FALSE(elf.has_value()) << each.text;
    EXPECT_EQ(elf.error().code, each.code) << each.text;
    EXPECT_EQ(elf.error().text(), each.text);
  }
}

std::string refusal(const Bytes& file) {
  const auto elf = read_elf(file);
  return elf ? "accepted" : std::string(name(elf.error().code)) + ": " + elf.error().text();
}

TEST(ReadElf, refuses_a_bad_identification) {
  Bytes file = full().build();
  EXPECT_EQ(refusal({file.begin(), file.begin() + 15}),
            "truncated: e_ident at 0: lies outside the file");
  EXPECT_EQ(refusal({file.begin(), file.begin() + 63}),
            "truncated: header at 0: lies outside the file");
  EXPECT_EQ(refusal({}), "malformed: e_ident at 0: no ELF magic");
  file[EI_DATA] = std::byte{3};
  EXPECT_EQ(refusal(file), "malformed: EI_DATA at 5: byte order 3");
  file = full().build();
  file[EI_CLASS] = std::byte{0};
  EXPECT_EQ(refusal(file), "malformed: EI_CLASS at 4: class 0");
  file[0] = std::byte{0};
  EXPECT_EQ(refusal(file), "malformed: e_ident at 0: no ELF magic");
}

// Cut off anywhere, it is refused or says less, and never reads beyond its end.
TEST(ReadElf, never_reads_beyond_a_cut) {
  const Bytes file = full().build();
  for (std::size_t size = 0; size < file.size(); ++size) {
    const Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(read_elf(cut).has_value()) << size;
  }
}

}  // namespace
}  // namespace etalon::elf
