// SPDX-License-Identifier: Apache-2.0
#include "tools/base/kernel_version.hpp"

#include <gtest/gtest.h>

namespace etalon {
namespace {

TEST(KernelVersion, is_two_numbers_at_the_start) {
  EXPECT_EQ(parse_kernel_version("6.12.95+deb12-amd64"), (KernelVersion{6, 12}));
  EXPECT_EQ(parse_kernel_version("6.1"), (KernelVersion{6, 1}));
  EXPECT_FALSE(parse_kernel_version(""));
  EXPECT_FALSE(parse_kernel_version("6"));
  EXPECT_FALSE(parse_kernel_version("6-rc1"));
  EXPECT_FALSE(parse_kernel_version("6.x"));
  EXPECT_FALSE(parse_kernel_version("v6.1"));
}

TEST(KernelVersion, is_written_and_ordered_as_numbers) {
  EXPECT_EQ(to_string({.version = 6, .patchlevel = 12}), "6.12");
  EXPECT_LT((KernelVersion{6, 9}), (KernelVersion{6, 12}));
  EXPECT_LT((KernelVersion{6, 12}), (KernelVersion{7, 0}));
}

}  // namespace
}  // namespace etalon
