// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/replay.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "references/eventlog/event.hpp"
#include "tools/base/assert.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"

namespace etalon::eventlog {
namespace {

// A TPM started at another locality than 0 holds that number in the last byte of PCR 0, and the log
// says so by an EV_NO_ACTION event "StartupLocality" NUL, u8 (TCG PC Client Platform Firmware
// Profile 1.06, section 10.4.5.3; TPM 2.0 library part 3, TPM2_Startup).
Result<std::optional<std::byte>> startup_locality(const Event& event, std::size_t index) {
  constexpr std::string_view signature("StartupLocality\0", 16);
  if (event.reg != RegisterId::pcr<0>() || !as_text(event.data).starts_with(signature)) {
    return std::nullopt;
  }
  constexpr std::byte last_locality{4};
  if (event.data.size() != signature.size() + 1 || event.data.back() > last_locality) {
    return fail(ErrorCode::malformed,
                "event " + std::to_string(index) + ": StartupLocality is not one byte 0 to 4");
  }
  return event.data.back();
}

AnyDigest with_last_byte(HashAlg alg, std::byte last) {
  Bytes value(digest_size(alg));
  value.back() = last;
  const auto digest = AnyDigest::from_bytes(alg, value);
  ETALON_ASSERT(digest.has_value());
  return *digest;
}

DigestSet start_values(const Event& event, std::byte locality) {
  DigestSet values;
  for (const auto& [alg, digest] : event.digests) {
    values.set(event.reg == RegisterId::pcr<0>() ? with_last_byte(alg, locality)
                                                 : start_value(event.reg, alg));
  }
  return values;
}

Status extend_all(DigestSet& values, const Event& event, std::size_t index) {
  for (const auto& [alg, digest] : event.digests) {
    const AnyDigest* value = values.find(alg);
    if (value == nullptr || values.size() != event.digests.size()) {
      return fail(ErrorCode::mismatch, "event " + std::to_string(index) + " of " +
                                           event.reg.text() +
                                           " has other banks than the events before it");
    }
    values.set(extend(*value, digest));
  }
  return {};
}

}  // namespace

AnyDigest start_value(RegisterId reg, HashAlg alg) {
  const bool ones = reg.kind() == RegisterId::Kind::pcr && reg.index() >= 17 && reg.index() <= 22;
  if (!ones) return AnyDigest::zero(alg);
  const auto value = AnyDigest::from_bytes(alg, Bytes(digest_size(alg), std::byte{0xff}));
  ETALON_ASSERT(value.has_value());
  return *value;
}

AnyDigest extend(const AnyDigest& value, const AnyDigest& digest) {
  ETALON_ASSERT(value.alg() == digest.alg());
  return hash(value.alg(), {value.view(), digest.view()});
}

Result<RegisterValues> replay(std::span<const Event> log) {
  RegisterValues values;
  std::byte locality{0};
  for (std::size_t i = 0; i < log.size(); ++i) {
    const Event& event = log[i];
    if (event.type == EventType::no_action) {
      TRY_ASSIGN(const auto announced, startup_locality(event, i));
      locality = announced.value_or(locality);
      continue;
    }
    const auto at = values.try_emplace(event.reg, start_values(event, locality)).first;
    TRY(extend_all(at->second, event, i));
  }
  return values;
}

}  // namespace etalon::eventlog
