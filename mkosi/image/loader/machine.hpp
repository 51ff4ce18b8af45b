// SPDX-License-Identifier: Apache-2.0
// What a machine's glibc was built with, as far as the search for libraries depends on it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mkosi/image/elf/elf.hpp"

namespace etalon::loader {

struct Machine {
  std::uint16_t machine = 0;  // EM_X86_64, …
  elf::Class file_class = elf::Class::elf64;
  std::int32_t cache_flags = 0;         // _DL_CACHE_DEFAULT_ID: entries of ld.so.cache for it
  std::string_view triplet{};           // Debian's multiarch folder
  std::string_view upstream_library{};  // what $LIB is where nobody said otherwise
  std::string_view platform{};          // $PLATFORM, AT_PLATFORM
  std::span<const std::string_view> hwcaps{};  // below glibc-hwcaps/, best first
};

// Nothing for a machine that is not in the table.
const Machine* find_machine(const elf::ElfFile& elf);

// Where a glibc looks last and what its $LIB stands for. A Debian glibc is known by its loader,
// which lies in the multiarch folder.
struct Defaults {
  std::vector<std::string> folders{};
  std::string library{};
};

Defaults defaults_of(const Machine& machine, std::string_view loader_path);

}  // namespace etalon::loader
