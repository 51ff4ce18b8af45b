// SPDX-License-Identifier: Apache-2.0
// The Authenticode digest of a PE image exactly as firmware measures it into PCR 4 (EDK2,
// MeasureBootPeCoff and DxeTpm2MeasureBootLib): everything but the CheckSum field, the Certificate
// Table entry and the certificate table. EDK2 does not pad the stream to eight bytes; signing tools
// pad the file before they sign it, so for signed files there is no difference.
#pragma once

#include <span>

#include "mkosi/uki/pe.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"

namespace etalon::uki {

// All asked-for digests in one pass. Malformed when the certificate table is larger than what
// follows the sections, where EDK2 refuses to measure.
Result<DigestSet> authenticode(const Pe& pe, std::span<const HashAlg> algs);

}  // namespace etalon::uki
