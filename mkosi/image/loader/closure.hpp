// SPDX-License-Identifier: Apache-2.0
// All libraries of one program, in the order its loader maps them: the needs of the program first,
// then those of each library as it came (glibc, elf/dl-deps.c; musl, load_deps()).
#pragma once

#include <vector>

#include "mkosi/image/elf/elf.hpp"
#include "mkosi/image/loader/load_map.hpp"
#include "mkosi/image/loader/search.hpp"
#include "mkosi/image/tree.hpp"
#include "tools/base/result.hpp"

namespace etalon::loader {

struct Closure {
  std::vector<Library> libraries{};
  std::vector<image::Finding> findings{};  // missing-library, bad-library, relative-path
};

// `loader` is there already, whatever name asks for it.
// A library that only some CPUs take is followed too, and what it needs belongs to all.
Result<Closure> close_over(Files& files, Search& search, const image::Entry& program,
                           const elf::ElfFile& elf, const image::Entry& loader);

}  // namespace etalon::loader
