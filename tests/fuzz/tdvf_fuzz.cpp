// SPDX-License-Identifier: Apache-2.0
// decoder: references/measure/tdx/guid_table.cpp
// decoder: references/measure/tdx/tdvf.cpp
// decoder: references/measure/tdx/tdvf_validate.cpp
// decoder: references/measure/tdx/mrtd.cpp
// What decodes must encode to the bytes it came from, in every image; what validates must have a
// value in both orderings, and they agree unless some section with content to measure has more than
// one page.
#include <cstddef>
#include <cstdint>
#include <span>

#include "references/measure/tdx/mrtd.hpp"
#include "references/measure/tdx/tdvf.hpp"
#include "tools/base/assert.hpp"
#include "tools/base/bytes.hpp"

namespace {

namespace tdx = etalon::measure::tdx;

void check_metadata(etalon::ByteView image) {
  const auto offset = tdx::find_descriptor(image);
  if (!offset) return;
  const auto metadata = tdx::decode_metadata(image, *offset);
  if (!metadata) return;
  const etalon::Bytes encoded = tdx::encode_metadata(*metadata);
  ETALON_ASSERT(etalon::equal(encoded, image.subspan(*offset, encoded.size())));
}

void check_values(etalon::ByteView image, const tdx::Metadata& metadata) {
  constexpr std::uint64_t enough = 1U << 20U;  // more only makes the fuzzer slow
  bool one_page = true;
  std::uint64_t added = 0;
  for (const tdx::Section& section : metadata.sections) {
    if (section.added()) added += section.mem_size;
    if (section.extended()) one_page = one_page && section.mem_size == tdx::page_size;
  }
  if (added > enough) return;
  const auto page = tdx::predict_mrtd(image, metadata, tdx::MrtdOrdering::page);
  const auto section = tdx::predict_mrtd(image, metadata, tdx::MrtdOrdering::section);
  ETALON_ASSERT(page.has_value() && section.has_value());
  ETALON_ASSERT(!one_page || *page == *section);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const etalon::ByteView image = std::as_bytes(std::span(data, size));
  check_metadata(image);
  const auto metadata = tdx::read_metadata(image);
  if (metadata)
    check_values(image, *metadata);
  else
    (void)metadata.error().text();
  return 0;
}
