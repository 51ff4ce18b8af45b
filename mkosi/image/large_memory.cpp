// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/large_memory.hpp"

#include <cstddef>
#include <cstdlib>
#include <exception>

#include <sys/mman.h>

namespace etalon::image {

LargeMemory make_large(std::size_t size) {
  constexpr std::size_t huge_page = std::size_t{2} << 20U;
  const std::size_t rounded = (size + huge_page - 1) / huge_page * huge_page;
  void* const memory = rounded < size ? nullptr : std::aligned_alloc(huge_page, rounded);
  if (memory == nullptr) std::terminate();
  // Advice: where the kernel gives no huge pages, small ones do.
  (void)::madvise(memory, rounded, MADV_HUGEPAGE);
  return LargeMemory(static_cast<std::byte*>(memory));
}

}  // namespace etalon::image
