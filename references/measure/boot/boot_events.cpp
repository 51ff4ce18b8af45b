// SPDX-License-Identifier: Apache-2.0
#include "references/measure/boot/boot_events.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "mkosi/uki/authenticode.hpp"
#include "mkosi/uki/pe.hpp"
#include "references/eventlog/event.hpp"
#include "references/measure/boot/log_builder.hpp"
#include "references/measure/boot/uki_boot.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"
#include "tools/base/writer.hpp"

namespace etalon::measure {

using eventlog::Basis;
using eventlog::Event;
using eventlog::EventType;
using eventlog::Origin;

Bytes utf16_text(std::string_view ascii) {
  ByteWriter out;
  for (const char each : ascii)
    out.u16(static_cast<unsigned char>(each));
  return out.u16(0).take();
}

Bytes tagged_data(std::uint32_t tag, ByteView description) {
  ByteWriter out;
  out.u32(tag).u32(static_cast<std::uint32_t>(description.size())).bytes(description);
  return out.take();
}

Basis firmware_basis(const LogBuilder& log) {
  return log.tee() == Tee::tdx ? Basis::log : Basis::boot;
}

Origin from_platform(std::string_view rule) {
  return {.kind = Origin::Kind::platform, .rule = std::string(rule)};
}

Origin from_input(std::string input, const DigestSet& digests, std::string_view rule) {
  Origin origin{.kind = Origin::Kind::input, .input = std::move(input), .rule = std::string(rule)};
  const AnyDigest* digest = digests.find(HashAlg::sha256);
  if (digest != nullptr) origin.sha256 = digest->as<HashAlg::sha256>();
  return origin;
}

Origin from_file(const NamedBytes& file, std::string_view rule) {
  return {.kind = Origin::Kind::input,
          .input = file.name,
          .sha256 = file.sha256 ? *file.sha256 : sha256(file.bytes),
          .rule = std::string(rule)};
}

Status add_image(LogBuilder& log, const uki::Pe& pe, Event event) {
  TRY_ASSIGN(event.digests, uki::authenticode(pe, log.algs()));
  event.reg = RegisterId::pcr<4>();
  event.type = EventType::efi_boot_services_application;
  log.add(std::move(event));
  return {};
}

}  // namespace etalon::measure
