// SPDX-License-Identifier: Apache-2.0
// Arithmetic on sizes that come from input. Outside ByteReader, an untrusted size is added,
// multiplied or aligned only by these; an overflow is an Error that names the quantity.
#pragma once

#include <cstdint>
#include <string_view>

#include "tools/base/result.hpp"

namespace etalon {

Result<std::uint64_t> checked_add(std::uint64_t a, std::uint64_t b, std::string_view what);
Result<std::uint64_t> checked_mul(std::uint64_t a, std::uint64_t b, std::string_view what);
// Rounds up to a multiple of `alignment`, which must be a power of two.
Result<std::uint64_t> checked_align_up(std::uint64_t value, std::uint64_t alignment,
                                       std::string_view what);

// True when [offset, offset + size) lies inside [0, total); cannot overflow.
constexpr bool window_fits(std::uint64_t offset, std::uint64_t size, std::uint64_t total) {
  return offset <= total && size <= total - offset;
}

}  // namespace etalon
