// SPDX-License-Identifier: Apache-2.0
// Memory for buffers that are used all over: a decoder's window, the blocks it fills. Aligned to
// huge pages and marked for them (madvise(2), MADV_HUGEPAGE): a decoder copies from anywhere in its
// window, and in a virtual machine each miss of the TLB walks two page tables.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>

namespace etalon::image {

struct FreeLarge {
  void operator()(std::byte* memory) const { std::free(memory); }
};

using LargeMemory = std::unique_ptr<std::byte, FreeLarge>;

// At least `size` bytes, not initialised. A program without memory ends, as it does with operator
// new.
LargeMemory make_large(std::size_t size);

}  // namespace etalon::image
