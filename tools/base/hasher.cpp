// SPDX-License-Identifier: Apache-2.0
#include "tools/base/hasher.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>

#include <openssl/evp.h>

#include "tools/base/assert.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"

namespace etalon {
namespace {

// Small enough that every algorithm but the first reads a piece from the cache.
constexpr std::size_t cached_piece = 64U << 10U;

struct FreeMd {
  void operator()(EVP_MD* md) const { EVP_MD_free(md); }
};

using Md = std::unique_ptr<EVP_MD, FreeMd>;

std::size_t slot(HashAlg alg) {
  for (std::size_t i = 0; i < all_hash_algs.size(); ++i) {
    if (all_hash_algs[i] == alg) return i;
  }
  return 0;
}

// Fetched once, then shared by every thread without a lock: an EVP_MD is immutable.
const EVP_MD* fetched(HashAlg alg) {
  static const std::array<Md, all_hash_algs.size()> algorithms = [] {
    std::array<Md, all_hash_algs.size()> all;
    for (const HashAlg each : all_hash_algs) {
      all[slot(each)].reset(EVP_MD_fetch(nullptr, std::string(name(each)).c_str(), nullptr));
    }
    return all;
  }();
  const EVP_MD* md = algorithms[slot(alg)].get();
  ETALON_ASSERT(md != nullptr);
  return md;
}

}  // namespace

void Hasher::Free::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

Hasher::Hasher(HashAlg alg) : alg_(alg), context_(EVP_MD_CTX_new()) {
  ETALON_ASSERT(context_ != nullptr);
  reset();
}

void Hasher::reset() {
  const int done = EVP_DigestInit_ex2(context_.get(), fetched(alg_), nullptr);
  ETALON_ASSERT(done == 1);
}

void Hasher::update(ByteView data) {
  const int done = EVP_DigestUpdate(context_.get(), data.data(), data.size());
  ETALON_ASSERT(done == 1);
}

AnyDigest Hasher::finish() {
  static_assert(sizeof(AnyDigest::value_) >= EVP_MAX_MD_SIZE);
  AnyDigest digest = AnyDigest::zero(alg_);
  unsigned int size = 0;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): OpenSSL's bytes are unsigned char
  auto* out = reinterpret_cast<unsigned char*>(digest.value_.data());
  const int done = EVP_DigestFinal_ex(context_.get(), out, &size);
  ETALON_ASSERT(done == 1 && size == digest_size(alg_));
  reset();
  return digest;
}

MultiHasher::MultiHasher(std::span<const HashAlg> algs) {
  hashers_.reserve(algs.size());
  for (const HashAlg alg : algs)
    hashers_.emplace_back(alg);
}

void MultiHasher::update(ByteView data) {
  while (!data.empty()) {
    const ByteView piece = data.first(std::min(data.size(), cached_piece));
    for (Hasher& hasher : hashers_)
      hasher.update(piece);
    data = data.subspan(piece.size());
  }
}

DigestSet MultiHasher::finish() {
  DigestSet digests;
  for (Hasher& hasher : hashers_)
    digests.set(hasher.finish());
  return digests;
}

AnyDigest hash(HashAlg alg, std::initializer_list<ByteView> parts) {
  Hasher hasher(alg);
  for (const ByteView part : parts)
    hasher.update(part);
  return hasher.finish();
}

AnyDigest hash(HashAlg alg, ByteView data) {
  return hash(alg, {data});
}

DigestSet hash_all(std::span<const HashAlg> algs, ByteView data) {
  MultiHasher hasher(algs);
  hasher.update(data);
  return hasher.finish();
}

Sha256 sha256(ByteView data) {
  // NOLINTNEXTLINE(bugprone-unchecked-optional-access): the digest is of the algorithm asked for
  return *hash(HashAlg::sha256, data).as<HashAlg::sha256>();
}

Sha384 sha384(ByteView data) {
  // NOLINTNEXTLINE(bugprone-unchecked-optional-access): the digest is of the algorithm asked for
  return *hash(HashAlg::sha384, data).as<HashAlg::sha384>();
}

}  // namespace etalon
