// SPDX-License-Identifier: Apache-2.0
// decoder: mkosi/uki/pe.cpp
// decoder: mkosi/uki/uki.cpp
// decoder: mkosi/uki/authenticode.cpp
// decoder: mkosi/uki/bzimage.cpp
// What decodes has its windows inside the file, and its Authenticode digest does not depend on the
// checksum field.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "mkosi/uki/authenticode.hpp"
#include "mkosi/uki/bzimage.hpp"
#include "mkosi/uki/pe.hpp"
#include "mkosi/uki/uki.hpp"
#include "tools/base/assert.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::array algs = {etalon::HashAlg::sha256};
constexpr std::uint64_t max_hashed = std::uint64_t{1} << 20U;  // keeps one run short

void check_image(const etalon::uki::Uki& uki) {
  for (const etalon::uki::NamedContent& each : uki.base) {
    if (each.content.size() > max_hashed) continue;
    ETALON_ASSERT(each.content.copy().size() == each.content.size());
    (void)etalon::uki::hash_content(algs, each.content);
    ETALON_ASSERT(uki.find(each.name) != nullptr);
  }
  const auto digests = etalon::uki::authenticode(uki.pe, algs);
  if (!digests) return;
  etalon::Bytes changed = etalon::to_bytes(uki.pe.file);
  changed.at(uki.pe.checksum_offset) ^= std::byte{1};
  const auto again = etalon::uki::decode_pe(changed);
  // Headers may overlap the DOS header, so the change can hit another field too.
  if (!again || again->checksum_offset != uki.pe.checksum_offset) return;
  if (again->sections != uki.pe.sections || again->headers_size != uki.pe.headers_size) return;
  if (again->security_entry_offset != uki.pe.security_entry_offset) return;
  const auto same = etalon::uki::authenticode(*again, algs);
  ETALON_ASSERT(same.has_value() && *same == *digests);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const etalon::ByteView file = std::as_bytes(std::span(data, size));
  const auto uki = etalon::uki::decode_uki(file);
  if (uki) {
    check_image(*uki);
  } else {
    (void)uki.error().text();
  }
  const auto kernel = etalon::uki::decode_bzimage(file);
  if (kernel) {
    ETALON_ASSERT(kernel->release().size() <= kernel->version_text.size());
  }
  return 0;
}
