// SPDX-License-Identifier: Apache-2.0
#include "kernel/ima/boot_aggregate.hpp"

#include <cstdint>
#include <optional>

#include "kernel/ima/replay.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"

namespace etalon::ima {

std::optional<AnyDigest> boot_aggregate(HashAlg alg, BootPcrs last, const PcrValues& values) {
  Hasher hasher(alg);
  for (std::uint32_t pcr = 0; pcr <= static_cast<std::uint32_t>(last); ++pcr) {
    const auto at = values.find(pcr);
    const AnyDigest* value = at == values.end() ? nullptr : at->second.find(alg);
    if (value == nullptr) return std::nullopt;
    hasher.update(value->view());
  }
  return hasher.finish();
}

}  // namespace etalon::ima
