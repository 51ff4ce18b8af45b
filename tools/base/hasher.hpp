// SPDX-License-Identifier: Apache-2.0
// Hashing with OpenSSL EVP. Algorithms are fetched once per process and contexts are reused: a
// fetch or a new context per message costs three times the hash of a short message. MultiHasher
// computes several digests of one buffer while it is in cache.
#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"

struct evp_md_ctx_st;

namespace etalon {

class Hasher {
 public:
  explicit Hasher(HashAlg alg);

  HashAlg alg() const { return alg_; }

  void update(ByteView data);
  // The digest of everything since construction or the last finish(); the hasher starts anew.
  AnyDigest finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };

  void reset();

  HashAlg alg_;
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

class MultiHasher {
 public:
  explicit MultiHasher(std::span<const HashAlg> algs);

  void update(ByteView data);
  DigestSet finish();

 private:
  std::vector<Hasher> hashers_;
};

// One digest of the concatenation of `parts`.
AnyDigest hash(HashAlg alg, std::initializer_list<ByteView> parts);
AnyDigest hash(HashAlg alg, ByteView data);
DigestSet hash_all(std::span<const HashAlg> algs, ByteView data);

Sha256 sha256(ByteView data);
Sha384 sha384(ByteView data);

}  // namespace etalon
