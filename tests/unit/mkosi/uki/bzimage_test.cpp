// SPDX-License-Identifier: Apache-2.0
#include "mkosi/uki/bzimage.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "mkosi/uki/pe.hpp"
#include "tests/support/fake_uki.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::uki {
namespace {

using test::fake_kernel;
using test::put_u16;
using test::put_u32;

TEST(BzImage, reads_the_setup_header) {
  const Bytes file = fake_kernel();
  ASSERT_TRUE(decode_pe(file));
  const auto image = decode_bzimage(file);
  ASSERT_TRUE(image) << image.error().text();
  EXPECT_EQ(image->release(), "6.12.95+deb12-cloud-amd64");
  EXPECT_EQ(image->version_text, "6.12.95+deb12-cloud-amd64 (builder) #1 SMP");
  EXPECT_EQ(image->protocol, 0x20f);
  EXPECT_EQ(image->xloadflags, 0x7f);
  EXPECT_EQ(image->payload_offset, 1024U);
  EXPECT_EQ(to_hex(image->payload), "02214c1804000000");
}

TEST(BzImage, takes_no_setup_sectors_for_four_and_no_text_for_empty) {
  Bytes file = fake_kernel();
  file.resize(2560 + 8);
  file[0x1f1] = std::byte{0};
  put_u16(file, 0x20e, 0);
  const auto image = decode_bzimage(file);
  ASSERT_TRUE(image) << image.error().text();
  EXPECT_EQ(image->payload_offset, 2560U);
  EXPECT_EQ(image->release(), "");
}

TEST(BzImage, refuses_what_is_not_one) {
  struct Refusal {
    std::function<void(Bytes&)> change;
    ErrorCode code;
    std::string text;
  };

  const std::vector<Refusal> refusals = {
      {[](Bytes& f) { f.resize(0x1f0); }, ErrorCode::truncated,
       "bzImage: setup header at 0: need 510 bytes, 496 left"},
      {[](Bytes& f) { put_u16(f, 0x1fe, 0); }, ErrorCode::unsupported,
       "bzImage: header magic at 514: no Linux setup header"},
      {[](Bytes& f) { f[0x202] = std::byte{'h'}; }, ErrorCode::unsupported,
       "bzImage: header magic at 514: no Linux setup header"},
      {[](Bytes& f) { put_u16(f, 0x206, 0x207); }, ErrorCode::unsupported,
       "bzImage: version at 518: boot protocol older than 2.08"},
      {[](Bytes& f) { f.resize(0x24e); }, ErrorCode::truncated,
       "bzImage: payload_length at 588: need 4 bytes, 2 left"},
      {[](Bytes& f) { put_u16(f, 0x20e, 0xff00); }, ErrorCode::truncated,
       "bzImage: setup header at 0: need 65792 bytes, 1536 left"},
      {[](Bytes& f) {
         put_u16(f, 0x20e, 0x3fe);
         f[0x5fe] = f[0x5ff] = std::byte{'6'};
       },
       ErrorCode::malformed, "bzImage: kernel_version at 1534: text without a NUL"},
      {[](Bytes& f) { put_u32(f, 0x24c, 513); }, ErrorCode::truncated,
       "bzImage: payload at 1024: 513 bytes are past the end of the file at 1536"},
      {[](Bytes& f) { put_u32(f, 0x248, 0xffffffff); }, ErrorCode::truncated,
       "bzImage: payload at 4294968319: 8 bytes are past the end of the file at 1536"},
  };
  for (const Refusal& each : refusals) {
    Bytes file = fake_kernel();
    each.change(file);
    const auto image = decode_bzimage(file);
    ASSERT_FALSE(image) << each.text;
    EXPECT_EQ(image.error().code, each.code) << each.text;
    EXPECT_EQ(image.error().text(), each.text);
  }
}

}  // namespace
}  // namespace etalon::uki
