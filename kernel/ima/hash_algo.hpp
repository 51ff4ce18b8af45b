// SPDX-License-Identifier: Apache-2.0
// The kernel's numbers and names of hash algorithms, as extended attributes and lists have them
// (include/uapi/linux/hash_info.h, crypto/hash_info.c). Most we can only show.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace etalon::ima {

struct HashAlgo {
  std::string_view name{};
  std::size_t size = 0;  // of a digest, in bytes
};

// By number.
std::span<const HashAlgo> hash_algos();

// nullptr for a number or a name that is none.
const HashAlgo* hash_algo_at(std::uint8_t number);
const HashAlgo* find_hash_algo(std::string_view name);

}  // namespace etalon::ima
