// SPDX-License-Identifier: Apache-2.0
// decoder: references/measure/firmware/acpi_tables.cpp
// Input is padded with zeros, as files are. Tables that decode give files that agree with each
// other, and tables of another memory lead back to the same ones.
#include <cstddef>
#include <cstdint>
#include <span>

#include "references/measure/firmware/acpi_tables.hpp"
#include "tools/base/assert.hpp"
#include "tools/base/bytes.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace measure = etalon::measure;
  etalon::Bytes tables = etalon::to_bytes(std::as_bytes(std::span(data, size)));
  if (tables.size() < measure::acpi_tables_size) tables.resize(measure::acpi_tables_size);
  const auto files = measure::derive_acpi(tables);
  if (!files) {
    (void)files.error().text();
    return 0;
  }
  ETALON_ASSERT(measure::acpi_from_files(*files).has_value());
  const auto small = measure::acpi_for_memory(tables, 1ULL << 30U);
  const auto large = measure::acpi_for_memory(tables, 1ULL << 34U);
  ETALON_ASSERT(small.has_value() && large.has_value());
  ETALON_ASSERT(measure::acpi_with_aperture(tables, 46).has_value());
  const auto again = measure::acpi_for_memory(large->tables, 1ULL << 30U);
  ETALON_ASSERT(again.has_value() && again->tables == small->tables);
  ETALON_ASSERT(again->loader == files->loader && again->rsdp == files->rsdp);
  return 0;
}
