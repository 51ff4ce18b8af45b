// SPDX-License-Identifier: Apache-2.0
#include "tools/base/checked.hpp"

#include <cstdint>
#include <string>
#include <string_view>

#include "tools/base/assert.hpp"
#include "tools/base/result.hpp"

namespace etalon {

Result<std::uint64_t> checked_add(std::uint64_t a, std::uint64_t b, std::string_view what) {
  std::uint64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) {
    return fail(ErrorCode::malformed, std::string(what) + " overflows 64 bits");
  }
  return sum;
}

Result<std::uint64_t> checked_mul(std::uint64_t a, std::uint64_t b, std::string_view what) {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) {
    return fail(ErrorCode::malformed, std::string(what) + " overflows 64 bits");
  }
  return product;
}

Result<std::uint64_t> checked_align_up(std::uint64_t value, std::uint64_t alignment,
                                       std::string_view what) {
  ETALON_ASSERT(alignment != 0 && (alignment & (alignment - 1)) == 0);
  TRY_ASSIGN(const std::uint64_t sum, checked_add(value, alignment - 1, what));
  return sum & ~(alignment - 1);
}

}  // namespace etalon
