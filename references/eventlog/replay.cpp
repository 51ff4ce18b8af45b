// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/replay.hpp"

#include <cstddef>
#include <span>
#include <string>

#include "references/eventlog/event.hpp"
#include "tools/base/assert.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"

namespace etalon::eventlog {
namespace {

DigestSet start_values(const Event& event) {
  DigestSet values;
  for (const auto& [alg, digest] : event.digests)
    values.set(start_value(event.reg, alg));
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
  for (std::size_t i = 0; i < log.size(); ++i) {
    const Event& event = log[i];
    if (event.type == EventType::no_action) continue;
    const auto at = values.try_emplace(event.reg, start_values(event)).first;
    TRY(extend_all(at->second, event, i));
  }
  return values;
}

}  // namespace etalon::eventlog
