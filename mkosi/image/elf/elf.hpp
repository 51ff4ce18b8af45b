// SPDX-License-Identifier: Apache-2.0
// What the kernel and a dynamic loader read of an ELF file: its header, the program headers and the
// dynamic section they lead to (System V ABI, chapters 4 and 5; Linux 6.12, fs/binfmt_elf.c; glibc
// 2.36, elf/dl-load.c). Section headers are not looked at: no loader reads them, and a file may be
// stripped of them or lie in them.
//
// libelf brings numbers into this machine's byte order (elf32_xlatetom, elf64_xlatetom); its
// handles (elf_memory and gelf_…) are not used, because opening one makes an index of all section
// headers, whose number a hostile file chooses. Every offset is checked here before libelf sees the
// bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::elf {

// Bytes of all program headers together: more and the kernel refuses to run the file.
inline constexpr std::size_t max_program_headers = 65536;
// A large program has some forty dynamic entries and, seldom, three hundred needed libraries.
inline constexpr std::size_t max_dynamic_entries = 65536;
inline constexpr std::size_t max_needed = 4096;
// PATH_MAX, with the final NUL: what the kernel takes as interpreter, and no file has a longer
// name.
inline constexpr std::size_t max_name = 4096;
inline constexpr std::size_t max_search_path = std::size_t{64} << 10U;

// EI_CLASS and EI_DATA.
enum class Class : std::uint8_t { elf32 = 1, elf64 = 2 };
enum class ByteOrder : std::uint8_t { little = 1, big = 2 };

struct ElfFile {
  Class file_class = Class::elf64;
  ByteOrder byte_order = ByteOrder::little;
  std::uint16_t type = 0;             // ET_EXEC, ET_DYN, … of <elf.h>
  std::uint16_t machine = 0;          // EM_X86_64, …
  bool has_entry = false;             // e_entry is not 0
  bool has_code = false;              // a PT_LOAD segment with PF_X
  bool has_dynamic = false;           // a PT_DYNAMIC segment
  bool pie = false;                   // DF_1_PIE: a program, which no loader takes for a library
  bool no_default_libraries = false;  // DF_1_NODEFLIB
  std::optional<std::string> interpreter{};  // PT_INTERP
  std::vector<std::string> needed{};         // DT_NEEDED, in order
  std::optional<std::string> soname{};       // DT_SONAME
  std::optional<std::string> rpath{};        // DT_RPATH, as it stands
  std::optional<std::string> runpath{};      // DT_RUNPATH, as it stands

  // A loader may map it beside others: the same machine, in the same word size and byte order.
  bool same_machine(const ElfFile& other) const {
    return file_class == other.file_class && byte_order == other.byte_order &&
           machine == other.machine;
  }

  bool operator==(const ElfFile&) const = default;
};

// Whether the bytes begin as an ELF file does.
bool is_elf(ByteView file);

// `file` is the whole file. Program headers are read of ET_EXEC and ET_DYN only; of others, kernel
// modules among them, the header. Refuses what the kernel does not execute and what no loader maps.
Result<ElfFile> read_elf(ByteView file);

}  // namespace etalon::elf
