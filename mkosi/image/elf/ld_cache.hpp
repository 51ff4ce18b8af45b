// SPDX-License-Identifier: Apache-2.0
// /etc/ld.so.cache of glibc: which file has a library's name (glibc 2.36, sysdeps/generic/
// dl-cache.h). Known is the format "glibc-ld.so.cache1.1", alone as ldconfig writes it since 2.32,
// or behind the older "ld.so-1.7.0" table, which no supported loader reads any more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::elf {

// A desktop has some 3,000 libraries.
inline constexpr std::size_t max_cache_entries = 100'000;
inline constexpr std::size_t max_cache_size = std::size_t{16} << 20U;
inline constexpr std::size_t max_cache_string = 4096;                  // with its NUL
inline constexpr std::size_t max_cache_text = std::size_t{32} << 20U;  // all strings, as copied

struct CachedLibrary {
  std::string soname{};
  std::string path{};
  std::int32_t flags = 0;   // FLAG_ELF_LIBC6 and the bits of an architecture: 0x303 is x86-64
  std::uint64_t hwcap = 0;  // 0: for every CPU; otherwise as it stands
  std::string hwcaps{};     // of glibc-hwcaps, what a CPU must have: "x86-64-v3"

  bool operator==(const CachedLibrary&) const = default;
};

struct LdCache {
  std::vector<CachedLibrary> libraries{};  // in the order of the file
  std::string generator{};                 // which ldconfig wrote it; empty before 2.33

  bool operator==(const LdCache&) const = default;
};

// Whether the bytes begin as a cache does.
bool is_ld_cache(ByteView file);

// `file` is the whole file. unsupported for one that has the old table only.
Result<LdCache> decode_ld_cache(ByteView file);

}  // namespace etalon::elf
