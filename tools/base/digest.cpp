// SPDX-License-Identifier: Apache-2.0
#include "tools/base/digest.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon {

std::string_view name(HashAlg alg) {
  switch (alg) {
    case HashAlg::sha1:
      return "sha1";
    case HashAlg::sha256:
      return "sha256";
    case HashAlg::sha384:
      return "sha384";
    case HashAlg::sha512:
      return "sha512";
  }
  return "unknown";
}

Result<HashAlg> parse_hash_alg(std::string_view name) {
  for (const HashAlg alg : all_hash_algs) {
    if (name == etalon::name(alg)) return alg;
  }
  return fail(ErrorCode::usage, "unknown hash algorithm '" + printable(name) +
                                    "' (known: sha1, sha256, sha384, sha512)");
}

Result<std::vector<HashAlg>> parse_hash_algs(std::string_view list) {
  std::vector<HashAlg> algs;
  while (true) {
    const std::size_t comma = list.find(',');
    TRY_ASSIGN(const HashAlg alg, parse_hash_alg(list.substr(0, comma)));
    algs.push_back(alg);
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  std::ranges::sort(algs);
  const auto repeated = std::ranges::unique(algs);
  algs.erase(repeated.begin(), repeated.end());
  return algs;
}

std::optional<HashAlg> hash_alg_from_tpm(std::uint16_t id) {
  for (const HashAlg alg : all_hash_algs) {
    if (static_cast<std::uint16_t>(alg) == id) return alg;
  }
  return std::nullopt;
}

Result<AnyDigest> AnyDigest::from_bytes(HashAlg alg, ByteView bytes) {
  if (bytes.size() != digest_size(alg)) {
    return fail(ErrorCode::malformed, std::string(name(alg)) + " digest must have " +
                                          std::to_string(digest_size(alg)) + " bytes, not " +
                                          std::to_string(bytes.size()));
  }
  AnyDigest digest(alg);
  std::ranges::copy(bytes, digest.value_.begin());
  return digest;
}

Result<AnyDigest> AnyDigest::from_hex(HashAlg alg, std::string_view hex) {
  TRY_ASSIGN(const Bytes bytes, etalon::from_hex(hex));
  return from_bytes(alg, bytes);
}

bool AnyDigest::is_zero() const {
  return std::ranges::all_of(view(), [](std::byte b) { return b == std::byte{0}; });
}

}  // namespace etalon
