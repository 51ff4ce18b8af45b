// SPDX-License-Identifier: Apache-2.0
// decoder: mkosi/image/elf/elf.cpp
// decoder: mkosi/image/elf/facts.cpp
// decoder: mkosi/image/elf/ld_cache.cpp
// decoder: mkosi/image/elf/shebang.cpp
// A file says the same whether it comes whole or in pieces, and bytes behind what a loader reads of
// an ELF file do not matter.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "mkosi/image/elf/elf.hpp"
#include "mkosi/image/elf/facts.hpp"
#include "tools/base/assert.hpp"
#include "tools/base/bytes.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t piece_size = 37;

etalon::elf::FactsPtr in_pieces(etalon::ByteView file) {
  etalon::elf::FactsBudget budget;
  etalon::elf::Inspector inspector(budget);
  inspector.begin();
  while (!file.empty()) {
    const std::size_t part = std::min(file.size(), piece_size);
    inspector.add(file.first(part));
    file = file.subspan(part);
  }
  return inspector.end();
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const etalon::ByteView file = std::as_bytes(std::span(data, size));
  const auto facts = etalon::elf::read_facts(file);
  ETALON_ASSERT(*facts == *in_pieces(file));
  if (const auto* elf = facts->elf()) {
    etalon::Bytes longer = etalon::to_bytes(file);
    longer.resize(longer.size() + piece_size);
    const auto again = etalon::elf::read_elf(longer);
    // What lay outside the file may lie inside now, so only a file that is whole stays the same.
    ETALON_ASSERT(!again || again->machine == elf->machine);
  }
  return 0;
}
