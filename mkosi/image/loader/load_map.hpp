// SPDX-License-Identifier: Apache-2.0
// What running the programs of an image brings to memory: for each executable its ELF interpreter
// and the libraries a dynamic loader maps before main(), for each script the interpreters the
// kernel goes through. Rules: Linux 6.12, fs/exec.c, fs/binfmt_elf.c and fs/binfmt_script.c;
// glibc 2.36, elf/dl-load.c; musl 1.2.3, ldso/dynlink.c.
//
// Not known here, because no file of the image says it: the environment (LD_LIBRARY_PATH,
// LD_PRELOAD), the working directory, the CPU, and what a program opens by dlopen(). Of glibc's
// rules left out: secure mode of set-user-ID programs, which narrows $ORIGIN; the hardware folders
// other than glibc-hwcaps ("tls", "haswell", …), which glibc 2.37 dropped; DT_FILTER, DT_AUXILIARY
// and DT_AUDIT.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mkosi/image/tree.hpp"
#include "tools/base/result.hpp"

namespace etalon::loader {

// Scripts in a row that the kernel follows; the interpreter of the last must be an ELF program
// (exec_binprm(): depth > 5 is ELOOP).
inline constexpr std::size_t max_scripts = 5;
// Work for all programs of an image: names looked for, folders searched.
inline constexpr std::uint64_t max_lookups = 10'000'000;

// Index into the tree's entries(). The entry is the file itself, behind all symlinks, so its path
// is the one IMA records.
using EntryIndex = std::uint32_t;

struct Library {
  std::string name{};  // as it was asked for first, by a DT_NEEDED of the program or a library
  EntryIndex file = 0;
  // Only on a CPU with these ("x86-64-v3", of glibc-hwcaps) is this file taken, instead of the one
  // of the same name that follows. Empty: by every CPU that took none before it.
  std::string hwcaps{};

  bool operator==(const Library&) const = default;
};

// An ELF file with an entry point and an execute permission.
struct Program {
  EntryIndex file = 0;
  std::optional<EntryIndex> interpreter{};  // none: static, or it is missing (a finding)
  std::vector<Library> libraries{};         // in the loader's order, without those that are missing

  bool operator==(const Program&) const = default;
};

// A file with an execute permission that begins with "#!" and a line the kernel accepts.
struct Script {
  EntryIndex file = 0;
  // In the order the kernel opens them. The last is the ELF program, or there is a finding.
  std::vector<EntryIndex> interpreters{};

  bool operator==(const Script&) const = default;
};

// What the file of an entry is to others; counts are of programs or scripts.
struct Roles {
  bool program = false;
  bool script = false;
  bool library = false;                     // a shared object, by its own headers
  std::uint32_t elf_interpreter_of = 0;     // programs
  std::uint32_t needed_by = 0;              // programs that map it at their start
  std::uint32_t script_interpreter_of = 0;  // scripts, directly or through other scripts

  // Only dlopen() or a program of somewhere else can map it. Asked of an entry, not of its other
  // names: a file with several is mapped under the name that the search finds.
  bool unneeded_library() const { return library && needed_by == 0 && elf_interpreter_of == 0; }

  bool operator==(const Roles&) const = default;
};

struct LoadMap {
  std::vector<Program> programs{};  // by path
  std::vector<Script> scripts{};    // by path
  std::vector<Roles> roles{};       // of entry i at [i]
  // missing-interpreter, interpreter-loop, missing-library, bad-library, bad-elf, bad-script,
  // bad-ld-cache, relative-path, unknown-loader, ld-so-preload, unknown-content: of a program or
  // script each at most once, of a library once per program.
  std::vector<image::Finding> findings{};
};

// Of a tree whose walk inspected (WalkOptions::inspect): usage error otherwise. limit error for
// more than `lookups`.
Result<LoadMap> map_loads(const image::ImageTree& tree, std::uint64_t lookups = max_lookups);

}  // namespace etalon::loader
