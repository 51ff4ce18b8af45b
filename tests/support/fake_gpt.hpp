// SPDX-License-Identifier: Apache-2.0
// The start of a disk with a primary GUID partition table, right CRCs included whatever the fields
// say: a refusal test sets one of them.
#pragma once

#include <cstdint>
#include <vector>

#include "tools/base/bytes.hpp"

namespace etalon::test {

struct FakeGpt {
  std::uint32_t sector = 512;
  std::uint32_t revision = 0x10000;
  std::uint32_t header_size = 92;
  std::uint64_t own_lba = 1;
  std::uint64_t entries_lba = 2;
  std::uint32_t entries = 8;
  std::uint32_t entry_size = 128;
  std::vector<std::uint32_t> used{0};  // slots that hold a partition

  Bytes build() const;
};

}  // namespace etalon::test
