// SPDX-License-Identifier: Apache-2.0
// Digest types. A Digest<Alg> has exactly its algorithm's length, so a wrong-length or
// uninitialised digest cannot be written down. AnyDigest carries its algorithm at run time and
// DigestSet holds at most one digest per algorithm, in the order of HashAlg. Algorithm numbers are
// those of the TCG algorithm registry (TPM_ALG_ID).
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon {

enum class HashAlg : std::uint16_t {
  sha1 = 0x0004,
  sha256 = 0x000b,
  sha384 = 0x000c,
  sha512 = 0x000d,
};

inline constexpr std::array all_hash_algs = {HashAlg::sha1, HashAlg::sha256, HashAlg::sha384,
                                             HashAlg::sha512};

constexpr std::size_t digest_size(HashAlg alg) {
  switch (alg) {
    case HashAlg::sha1:
      return 20;
    case HashAlg::sha256:
      return 32;
    case HashAlg::sha384:
      return 48;
    case HashAlg::sha512:
      return 64;
  }
  return 0;
}

std::string_view name(HashAlg alg);
// "sha1", "sha256", "sha384", "sha512"; usage error otherwise.
Result<HashAlg> parse_hash_alg(std::string_view name);
// "sha256,sha384": sorted, without repetition.
Result<std::vector<HashAlg>> parse_hash_algs(std::string_view list);
std::optional<HashAlg> hash_alg_from_tpm(std::uint16_t id);

template <HashAlg A>
struct Digest {
  static constexpr HashAlg alg = A;
  std::array<std::byte, digest_size(A)> value{};

  static Result<Digest> from_bytes(ByteView bytes) {
    if (bytes.size() != digest_size(A)) {
      return fail(ErrorCode::malformed, std::string(name(A)) + " digest must have " +
                                            std::to_string(digest_size(A)) + " bytes, not " +
                                            std::to_string(bytes.size()));
    }
    Digest digest;
    for (std::size_t i = 0; i < bytes.size(); ++i)
      digest.value[i] = bytes[i];
    return digest;
  }

  static Result<Digest> from_hex(std::string_view hex) {
    TRY_ASSIGN(const Bytes bytes, etalon::from_hex(hex));
    return from_bytes(bytes);
  }

  ByteView view() const { return value; }

  std::string hex() const { return to_hex(value); }

  auto operator<=>(const Digest&) const = default;
};

using Sha1 = Digest<HashAlg::sha1>;
using Sha256 = Digest<HashAlg::sha256>;
using Sha384 = Digest<HashAlg::sha384>;
using Sha512 = Digest<HashAlg::sha512>;

class AnyDigest {
 public:
  template <HashAlg A>
  // NOLINTNEXTLINE(google-explicit-constructor): widening a typed digest loses nothing
  AnyDigest(const Digest<A>& digest) : alg_(A) {
    for (std::size_t i = 0; i < digest.value.size(); ++i)
      value_[i] = digest.value[i];
  }

  // All zero: the start value of a PCR or RTMR.
  static AnyDigest zero(HashAlg alg) { return AnyDigest(alg); }

  static Result<AnyDigest> from_bytes(HashAlg alg, ByteView bytes);
  static Result<AnyDigest> from_hex(HashAlg alg, std::string_view hex);

  HashAlg alg() const { return alg_; }

  ByteView view() const { return ByteView(value_).first(digest_size(alg_)); }

  std::string hex() const { return to_hex(view()); }

  bool is_zero() const;

  // The typed digest; nothing when the algorithm is another.
  template <HashAlg A>
  std::optional<Digest<A>> as() const {
    if (alg_ != A) return std::nullopt;
    Digest<A> digest;
    for (std::size_t i = 0; i < digest.value.size(); ++i)
      digest.value[i] = value_[i];
    return digest;
  }

  auto operator<=>(const AnyDigest&) const = default;

 private:
  friend class Hasher;  // writes the value where it stays

  explicit AnyDigest(HashAlg alg) : alg_(alg) {}

  HashAlg alg_;
  std::array<std::byte, 64> value_{};
};

class DigestSet {
 public:
  void set(const AnyDigest& digest) { digests_.insert_or_assign(digest.alg(), digest); }

  const AnyDigest* find(HashAlg alg) const {
    const auto at = digests_.find(alg);
    return at == digests_.end() ? nullptr : &at->second;
  }

  bool empty() const { return digests_.empty(); }

  std::size_t size() const { return digests_.size(); }

  auto begin() const { return digests_.begin(); }

  auto end() const { return digests_.end(); }

  bool operator==(const DigestSet&) const = default;

 private:
  std::map<HashAlg, AnyDigest> digests_;
};

}  // namespace etalon
