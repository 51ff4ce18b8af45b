// SPDX-License-Identifier: Apache-2.0
// Builds ELF files that have what a loader reads, and caches of ld.so, right by default; a test
// spoils one field.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <elf.h>

#include "tools/base/bytes.hpp"

namespace etalon::test {

struct FakeElf {
  std::uint8_t bits = 64;
  bool big_endian = false;
  std::uint16_t type = ET_DYN;
  std::uint16_t machine = EM_X86_64;
  std::uint64_t entry = 0x1000;
  std::string interpreter{};  // empty: none
  std::vector<std::string> needed{};
  std::string soname{};
  std::string rpath{};
  std::string runpath{};
  std::uint64_t flags_1 = 0;
  bool dynamic = true;
  std::uint32_t load_flags = PF_R | PF_X;
  // What headers claim, when that is not the truth.
  std::optional<std::uint16_t> phentsize{};
  std::optional<std::uint16_t> phnum{};
  std::optional<std::uint64_t> phoff{};
  std::optional<std::uint64_t> interpreter_size{};
  std::optional<std::uint64_t> interpreter_offset{};
  std::optional<std::uint64_t> dynamic_address{};
  std::optional<std::uint64_t> dynamic_size{};
  std::optional<std::uint64_t> string_address{};
  std::optional<std::uint64_t> string_size{};
  std::optional<std::uint64_t> needed_index{};  // of all of them
  bool ends_dynamic = true;

  Bytes build() const;
  std::string text() const;  // the same bytes
};

// A program of 64 bits with an interpreter, and a library.
FakeElf fake_program(std::vector<std::string> needed,
                     std::string interpreter = "/lib64/ld-linux-x86-64.so.2");
FakeElf fake_library(std::string soname, std::vector<std::string> needed = {});

struct FakeCachedLibrary {
  std::string name{};
  std::string path{};
  std::uint32_t flags = 0x0303;
  std::uint64_t hwcap = 0;
};

struct FakeLdCache {
  std::vector<FakeCachedLibrary> libraries{};
  std::vector<std::string> hwcaps{};
  std::string generator = "fake";
  bool big_endian = false;
  bool old_table = false;       // before the new one
  std::uint8_t order_flag = 2;  // 3 when big_endian
  std::string version = "1.1";
  std::optional<std::uint32_t> count{};
  std::optional<std::uint32_t> key{};  // of all libraries
  std::optional<std::uint32_t> extension_offset{};
  std::uint32_t extension_magic = 0xeaa42174;
  std::uint32_t extension_count = 2;
  std::optional<std::uint32_t> hwcaps_size{};

  Bytes build() const;
};

}  // namespace etalon::test
