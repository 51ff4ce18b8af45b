// SPDX-License-Identifier: Apache-2.0
// Values of PCRs as tools print them: tpm2_pcrread (tpm2-tools 5), evmctl's --pcrs files, and plain
// lines. A value that a TPM did not sign is worth as much as the way it came.
//
//   file    = { line LF }
//   line    = blank | "#" text
//           | bank SP index SP hex                     "sha256 10 5f3c…"
//           | bank ":"                                 heading of the lines below
//           | [ "PCR-" ] index ":" [ "0x" ] hex        of that bank, or of the bank whose digests
//                                                      are as long; hex may have blanks inside
//
// Banks of hashes that are not ours are left out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>

#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"

namespace etalon::eventlog {

// By index, which is below 24.
using PcrValues = std::map<std::uint32_t, DigestSet>;

inline constexpr std::size_t max_pcr_file = std::size_t{1} << 20U;

// Malformed with the number of the line that is none of these, that names no PCR, whose value has
// not the size of its bank's digests, or that gives a PCR another time.
Result<PcrValues> parse_pcr_values(std::string_view text);

// "BANK:HEX", which is PCR 10, or "BANK:INDEX:HEX", added to `values`; a usage error otherwise. The
// index is what is returned.
Result<std::uint32_t> add_pcr_value(PcrValues& values, std::string_view text);

}  // namespace etalon::eventlog
