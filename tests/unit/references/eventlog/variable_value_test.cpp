// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/variable_value.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <gtest/gtest.h>

#include "tools/base/bytes.hpp"
#include "tools/base/guid.hpp"
#include "tools/base/result.hpp"
#include "tools/base/writer.hpp"

namespace etalon::eventlog {
namespace {

TEST(LoadOption, reads_its_parts) {
  const Bytes value = ByteWriter{}.u32(9).u16(2).u16('a').u16('b').u16(0).u8(1).u8(2).u8(3).take();
  const auto option = read_load_option(value);
  ASSERT_TRUE(option.has_value()) << option.error().text();
  EXPECT_EQ(option->attributes, 9U);
  EXPECT_EQ(option->description, "ab");
  EXPECT_EQ(to_hex(option->path), "0102");
  EXPECT_EQ(to_hex(option->options), "03");
}

void expect_refused(const Result<LoadOption>& option, std::string_view text) {
  ASSERT_FALSE(option.has_value());
  EXPECT_EQ(option.error().text(), text);
}

TEST(LoadOption, refuses_what_does_not_fit) {
  expect_refused(read_load_option(Bytes(3)), "attributes at 0: need 4 bytes, 3 left");
  expect_refused(read_load_option(ByteWriter{}.u32(9).u16(0).u16('a').view()),
                 "end of the description at 8: need 2 bytes, 0 left");
  expect_refused(read_load_option(ByteWriter{}.u32(9).u16(3).u16(0).u16(0).view()),
                 "path at 8: need 3 bytes, 2 left");
  EXPECT_FALSE(read_load_option(ByteWriter{}.u32(9).u16(0).u16(0xd800).u16(0).view()).has_value());
}

constexpr std::string_view type = "a5c059a1-94e4-4aa7-87b5-ab155c2bf072";

Bytes head(std::uint32_t size, std::uint32_t header, std::uint32_t entry) {
  return ByteWriter{}.bytes(Guid::literal(type).view()).u32(size).u32(header).u32(entry).take();
}

TEST(SignatureLists, reads_list_after_list) {
  ByteWriter out;
  out.bytes(head(28 + 2 + 36, 2, 18)).u16(0).fill(16).u16(0x1234).fill(16).u16(0x5678);
  out.bytes(head(28, 0, 16));
  const auto lists = read_signature_lists(out.view());
  ASSERT_TRUE(lists.has_value()) << lists.error().text();
  ASSERT_EQ(lists->size(), 2U);
  EXPECT_EQ((*lists)[0].type, Guid::literal(type));
  ASSERT_EQ((*lists)[0].entries.size(), 2U);
  EXPECT_EQ(to_hex((*lists)[0].entries[1].data), "7856");
  EXPECT_TRUE((*lists)[1].entries.empty());
  EXPECT_TRUE(read_signature_lists({})->empty());
}

void expect_refused(ByteView value, ErrorCode code, std::string_view text) {
  const auto lists = read_signature_lists(value);
  ASSERT_FALSE(lists.has_value());
  EXPECT_EQ(lists.error().code, code);
  EXPECT_EQ(lists.error().text(), text);
}

TEST(SignatureLists, refuses_sizes_that_do_not_fit_each_other) {
  constexpr std::string_view text = "list size at 28: the sizes do not fit each other";
  expect_refused(head(27, 0, 16), ErrorCode::malformed, text);
  expect_refused(head(28, 1, 16), ErrorCode::malformed, text);
  expect_refused(head(28, 0xffffffff, 16), ErrorCode::malformed, text);
  expect_refused(head(28, 0, 15), ErrorCode::malformed, text);
  expect_refused(head(28, 0, 0), ErrorCode::malformed, text);
  expect_refused(head(28 + 17, 0, 16), ErrorCode::malformed, text);
}

TEST(SignatureLists, refuses_lists_that_are_cut) {
  expect_refused(Bytes(27), ErrorCode::truncated, "entry size at 24: need 4 bytes, 3 left");
  expect_refused(head(28 + 16, 0, 16), ErrorCode::truncated,
                 "entries at 28: need 16 bytes, 0 left");
}

TEST(Certificate, is_told_by_its_outer_form) {
  EXPECT_TRUE(is_certificate(*from_hex("3082000101")));
  for (const std::string_view other : {"3082000201", "308200010101", "3081000101", "308200", ""})
    EXPECT_FALSE(is_certificate(*from_hex(other))) << other;
}

TEST(SignatureLists, caps_their_number) {
  Bytes value;
  for (std::size_t i = 0; i < max_signature_lists; ++i)
    append(value, head(28, 0, 16));
  EXPECT_TRUE(read_signature_lists(value).has_value());
  append(value, head(28, 0, 16));
  expect_refused(value, ErrorCode::limit, "too many lists");
}

TEST(VariableName, tells_what_the_value_holds) {
  for (const std::string_view name : {"Boot0000", "BootFF1A"})
    EXPECT_TRUE(is_boot_entry(name)) << name;
  for (const std::string_view name : {"Boot", "BootOrder", "Boot00ff", "Boot00000", "boot0000"})
    EXPECT_FALSE(is_boot_entry(name)) << name;
  EXPECT_TRUE(is_signature_database("KEK"));
  EXPECT_TRUE(is_signature_database("dbr"));
  EXPECT_FALSE(is_signature_database("dB"));
  EXPECT_FALSE(is_signature_database("MokList"));
}

}  // namespace
}  // namespace etalon::eventlog
