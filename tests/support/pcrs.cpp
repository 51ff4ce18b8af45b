// SPDX-License-Identifier: Apache-2.0
#include "tests/support/pcrs.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "tools/base/digest.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"

namespace etalon::test {
namespace {

std::optional<HashAlg> bank(std::string_view tag) {
  if (tag == "PCR256") return HashAlg::sha256;
  if (tag == "PCR384") return HashAlg::sha384;
  const auto alg = parse_hash_alg(tag);
  return alg ? std::optional(*alg) : std::nullopt;
}

}  // namespace

Result<std::map<RegisterId, DigestSet>> parse_pcrs(std::string_view dump) {
  std::map<RegisterId, DigestSet> values;
  std::istringstream lines{std::string(dump)};
  std::string tag;
  std::string hex;
  std::uint32_t index = 0;
  while (lines >> tag >> index >> hex) {
    const auto alg = bank(tag);
    if (!alg) continue;
    TRY_ASSIGN(const RegisterId reg, RegisterId::pcr(index));
    TRY_ASSIGN(const AnyDigest value, AnyDigest::from_hex(*alg, hex));
    values[reg].set(value);
  }
  if (!lines.eof()) return fail(ErrorCode::malformed, "not a PCR dump");
  return values;
}

}  // namespace etalon::test
