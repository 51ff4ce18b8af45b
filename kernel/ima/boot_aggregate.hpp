// SPDX-License-Identifier: Apache-2.0
// The content of the first entry of a list: a digest of the PCRs that firmware and boot loader
// extended, read when IMA starts. Source: Linux, security/integrity/ima/ima_crypto.c,
// ima_calc_boot_aggregate_tfm(): PCRs 0 to 7 with SHA-1, 0 to 9 with any other hash (since 5.8; up
// to then, and in some vendors' kernels since, 0 to 7 with all).
#pragma once

#include <cstdint>
#include <optional>

#include "kernel/ima/replay.hpp"
#include "tools/base/digest.hpp"

namespace etalon::ima {

enum class BootPcrs : std::uint8_t { to_7 = 7, to_9 = 9 };

constexpr BootPcrs boot_pcrs(HashAlg alg) {
  return alg == HashAlg::sha1 ? BootPcrs::to_7 : BootPcrs::to_9;
}

// Nothing when a PCR is missing in the bank of `alg`.
std::optional<AnyDigest> boot_aggregate(HashAlg alg, BootPcrs last, const PcrValues& values);

}  // namespace etalon::ima
