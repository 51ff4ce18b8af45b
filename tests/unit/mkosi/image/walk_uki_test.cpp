// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "mkosi/image/compression.hpp"
#include "mkosi/image/tree.hpp"
#include "mkosi/image/walk.hpp"
#include "tests/support/fake_cpio.hpp"
#include "tests/support/fake_uki.hpp"
#include "tests/support/temp_folder.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/file.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {
namespace {

Bytes initrd() {
  const Bytes early = test::FakeCpio().file("early", "1").trailer().bytes();
  const Bytes root = test::FakeCpio().file("init", "#!/bin/sh\n", 0100755).trailer().bytes();
  return test::concat({early, test::compress(Compression::zstd, root)});
}

TEST(WalkUki, walks_the_initramfs_inside) {
  test::FakePe uki = test::fake_uki();
  uki.add(".initrd", as_text(initrd()));
  const test::TempFolder folder;
  ASSERT_TRUE(write_file_atomic(folder / "image.efi", uki.build()).has_value());
  const auto walked = walk_image(folder / "image.efi", {.algs = {HashAlg::sha256}});
  ASSERT_TRUE(walked.has_value()) << walked.error().text();
  EXPECT_EQ(walked->format, Format::uki);
  EXPECT_EQ(walked->segments.size(), 2U);
  const Entry* init = walked->tree.find("/init");
  ASSERT_NE(init, nullptr);
  EXPECT_EQ(init->mode, 0755U);
  EXPECT_EQ(*init->digests.find(HashAlg::sha256), AnyDigest(sha256(as_bytes("#!/bin/sh\n"))));
}

TEST(WalkUki, reads_memory_beyond_the_stored_bytes_as_padding) {
  test::FakePe uki = test::fake_uki();
  const Bytes content = initrd();
  uki.sections.push_back({.name = ".initrd",
                          .data = content,
                          .virtual_size = static_cast<std::uint32_t>(content.size() + 5000)});
  const auto walked = walk_uki(uki.build(), {});
  ASSERT_TRUE(walked.has_value()) << walked.error().text();
  EXPECT_NE(walked->tree.find("/init"), nullptr);
}

TEST(WalkUki, reports_what_is_odd_about_the_uki_before_what_is_odd_inside) {
  test::FakePe uki = test::fake_uki();
  uki.add(".initrd", as_text(test::FakeCpio().file("no/x", "1").bytes()));
  uki.trailing = to_bytes("abc");
  const auto walked = walk_uki(uki.build(), {});
  ASSERT_TRUE(walked.has_value()) << walked.error().text();
  ASSERT_EQ(walked->findings.size(), 2U);
  EXPECT_EQ(walked->findings[0].id, "unsigned-unaligned");
  EXPECT_FALSE(walked->findings[0].offset);
  EXPECT_EQ(walked->findings[1].id, "no-folder");
}

TEST(WalkUki, refuses_one_without_initramfs) {
  const auto walked = walk_uki(test::fake_uki().build(), {});
  ASSERT_FALSE(walked.has_value());
  EXPECT_EQ(walked.error().code, ErrorCode::not_found);
  EXPECT_EQ(walked.error().text(), "the UKI has no .initrd section");
}

TEST(WalkUki, names_the_section_in_an_error) {
  test::FakePe uki = test::fake_uki();
  uki.add(".initrd", "junk");
  const auto walked = walk_uki(uki.build(), {});
  ASSERT_FALSE(walked.has_value());
  EXPECT_EQ(walked.error().text(),
            ".initrd: segment 0 (none at 0): magic at 0: neither a cpio archive nor a compression "
            "the kernel knows");
}

}  // namespace
}  // namespace etalon::image
