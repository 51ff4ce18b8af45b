// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/large_memory.hpp"

#include <cstddef>
#include <cstdlib>
#include <exception>

#include <sys/mman.h>

namespace etalon::image {

void* allocate_large(std::size_t size) {
  constexpr std::size_t huge_page = std::size_t{2} << 20U;
  const std::size_t rounded = (size + huge_page - 1) / huge_page * huge_page;
  if (rounded < size) return nullptr;
  void* const memory = std::aligned_alloc(huge_page, rounded);
  // Advice: where the kernel gives no huge pages, small ones do.
  if (memory != nullptr) (void)::madvise(memory, rounded, MADV_HUGEPAGE);
  return memory;
}

LargeMemory make_large(std::size_t size) {
  void* const memory = allocate_large(size);
  if (memory == nullptr) std::terminate();
  return LargeMemory(static_cast<std::byte*>(memory));
}

}  // namespace etalon::image
