// SPDX-License-Identifier: Apache-2.0
// PCR dumps of captured boots: lines "sha256 4 HEX" or "PCR256 4 HEX", either case.
#pragma once

#include <map>
#include <string_view>

#include "tools/base/digest.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"

namespace etalon::test {

// The dumped values. Lines of other tags, such as a second reading's PCR256b, are left out.
Result<std::map<RegisterId, DigestSet>> parse_pcrs(std::string_view dump);

}  // namespace etalon::test
