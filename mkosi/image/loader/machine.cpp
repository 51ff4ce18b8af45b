// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/loader/machine.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <elf.h>

#include "mkosi/image/elf/elf.hpp"

namespace etalon::loader {
namespace {

// ld.so --help of glibc 2.36 lists these in this order.
constexpr std::array<std::string_view, 3> x86_64_hwcaps = {"x86-64-v4", "x86-64-v3", "x86-64-v2"};

// Cache flags: glibc 2.36, sysdeps/generic/ldconfig.h and sysdeps/unix/sysv/linux/*/dl-cache.h.
// x86-64 is checked against ldconfig and ld.so of Debian 12; the other rows are only read in
// source.
constexpr std::array<Machine, 8> machines = {{
    {EM_X86_64, elf::Class::elf64, 0x0303, "x86_64-linux-gnu", "lib64", "x86_64", x86_64_hwcaps},
    {EM_X86_64, elf::Class::elf32, 0x0803, "x86_64-linux-gnux32", "libx32", "x86_64",
     x86_64_hwcaps},
    {EM_386, elf::Class::elf32, 0x0003, "i386-linux-gnu", "lib", "i686", {}},
    {EM_AARCH64, elf::Class::elf64, 0x0a03, "aarch64-linux-gnu", "lib64", "aarch64", {}},
    {EM_ARM, elf::Class::elf32, 0x0903, "arm-linux-gnueabihf", "lib", "v7l", {}},
    {EM_PPC64, elf::Class::elf64, 0x0503, "powerpc64le-linux-gnu", "lib64", "power8", {}},
    {EM_S390, elf::Class::elf64, 0x0403, "s390x-linux-gnu", "lib64", "z900", {}},
    {EM_RISCV, elf::Class::elf64, 0x1003, "riscv64-linux-gnu", "lib64/lp64d", "riscv", {}},
}};

}  // namespace

const Machine* find_machine(const elf::ElfFile& elf) {
  const auto* const found = std::ranges::find_if(machines, [&elf](const Machine& row) {
    return row.machine == elf.machine && row.file_class == elf.file_class;
  });
  return found == machines.end() ? nullptr : found;
}

Defaults defaults_of(const Machine& machine, std::string_view loader_path) {
  const std::string triplet(machine.triplet);
  if (loader_path.find("/" + triplet + "/") != std::string_view::npos) {
    return {.folders = {"/lib/" + triplet, "/usr/lib/" + triplet, "/lib", "/usr/lib"},
            .library = "lib/" + triplet};
  }
  const std::string library(machine.upstream_library);
  return {.folders = {"/" + library, "/usr/" + library}, .library = library};
}

}  // namespace etalon::loader
