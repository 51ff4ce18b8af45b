// SPDX-License-Identifier: Apache-2.0
#include "tools/base/reader.hpp"

#include <cstdint>

#include <gtest/gtest.h>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"
#include "tools/base/writer.hpp"

namespace etalon {
namespace {

TEST(ByteReader, reads_what_the_writer_wrote) {
  ByteWriter out;
  out.u8(1).u16(0x0203).u32(0x04050607).u64(0x08090a0b0c0d0e0f);
  out.u16_be(0x0203).u32_be(0x04050607).u64_be(0x08090a0b0c0d0e0f).text("ends").align(8);
  const Bytes bytes = out.take();
  EXPECT_EQ(to_hex(ByteView(bytes).first(7)), "01030207060504");
  EXPECT_EQ(to_hex(ByteView(bytes).subspan(15, 6)), "020304050607");
  ByteReader in(bytes);
  EXPECT_EQ(in.u8("a"), 1);
  EXPECT_EQ(in.u16("b"), 0x0203);
  EXPECT_EQ(in.u32("c"), 0x04050607U);
  EXPECT_EQ(in.u64("d"), 0x08090a0b0c0d0e0fU);
  EXPECT_EQ(in.u16_be("e"), 0x0203);
  EXPECT_EQ(in.u32_be("f"), 0x04050607U);
  EXPECT_EQ(in.u64_be("g"), 0x08090a0b0c0d0e0fU);
  EXPECT_EQ(as_text(in.bytes(4, "h")), "ends");
  EXPECT_EQ(to_hex(in.bytes(7, "padding")), "00000000000000");  // 15 + 14 + 4 + 7 = 5 * 8
  in.expect_end("all");
  EXPECT_TRUE(in.status().has_value());
}

TEST(ByteReader, stays_frozen_after_the_first_failure) {
  const Bytes bytes = to_bytes("\x01\x02\x03");
  ByteReader in(bytes, 100);
  EXPECT_EQ(in.u16("first"), 0x0201);
  EXPECT_EQ(in.u32("attributes"), 0U);
  EXPECT_EQ(in.u8("later"), 0);
  EXPECT_EQ(in.offset(), 102U);
  ASSERT_FALSE(in.ok());
  EXPECT_EQ(in.status().error().code, ErrorCode::truncated);
  EXPECT_EQ(in.status().error().text(), "attributes at 102: need 4 bytes, 1 left");
}

TEST(ByteReader, does_not_add_before_it_compares) {
  const Bytes bytes(8);
  ByteReader in(bytes);
  in.skip(4, "head");
  EXPECT_TRUE(in.bytes(~std::uint64_t{0}, "huge").empty());
  EXPECT_EQ(in.status().error().text(), "huge at 4: need 18446744073709551615 bytes, 4 left");
}

TEST(ByteReader, child_cannot_read_past_its_window) {
  const Bytes bytes(8);
  ByteReader in(bytes, 16);
  in.skip(2, "head");
  ByteReader child = in.sub(4, "window");
  EXPECT_EQ(child.offset(), 18U);
  (void)child.u64("wide");
  EXPECT_EQ(child.status().error().text(), "wide at 18: need 8 bytes, 4 left");
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(in.offset(), 22U);
}

TEST(ByteReader, child_inherits_a_failure) {
  const Bytes bytes(2);
  ByteReader in(bytes);
  ByteReader child = in.sub(4, "window");
  EXPECT_FALSE(child.ok());
  EXPECT_EQ(child.u8("x"), 0);
}

TEST(ByteReader, reports_trailing_bytes) {
  const Bytes bytes(3);
  ByteReader in(bytes);
  (void)in.u8("x");
  in.expect_end("descriptor");
  EXPECT_EQ(in.status().error().text(), "descriptor at 1: 2 trailing bytes");
}

TEST(ByteReader, keeps_the_first_of_two_rejections) {
  const Bytes bytes(3);
  ByteReader in(bytes);
  in.reject(ErrorCode::unsupported, "version", "2 is not 1");
  in.reject(ErrorCode::malformed, "length", "0");
  EXPECT_EQ(in.status().error().text(), "version at 0: 2 is not 1");
}

}  // namespace
}  // namespace etalon
