// SPDX-License-Identifier: Apache-2.0
// Public keys as a kernel's keyrings hold them, for signatures over digests: RSA with PKCS#1 v1.5
// padding (RFC 8017, section 8.2) and ECDSA on P-256 and P-384 with DER signatures (RFC 3279,
// section 2.2.3). They come from a certificate, whose own validity nobody asks about here, or
// alone. Unlike PublicKey they are no signers of bundles.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"

struct evp_pkey_st;

namespace etalon::crypto {

class KernelKey {
  friend class KernelSigner;

 public:
  static constexpr int min_rsa_bits = 2048;

  // One PEM block, CERTIFICATE or PUBLIC KEY, or the DER of a certificate.
  static Result<KernelKey> parse(ByteView file);

  // What a signature's header names the key by: the last four bytes of the certificate's subject
  // key identifier, else of the SHA-1 of the key bits (RFC 5280, section 4.2.1.2, method 1).
  std::uint32_t key_id() const { return key_id_; }

  // Whether `signature` is this key's over the digest.
  bool verifies(const AnyDigest& digest, ByteView signature) const;

 private:
  KernelKey(std::uint32_t key_id, std::shared_ptr<evp_pkey_st> key)
      : key_id_(key_id), key_(std::move(key)) {}

  std::uint32_t key_id_;
  std::shared_ptr<evp_pkey_st> key_;
};

// The private half. RSA signatures are the same every time, ECDSA ones are not.
class KernelSigner {
 public:
  // A PKCS#8, PKCS#1 or SEC 1 PEM without a passphrase.
  static Result<KernelSigner> from_pem(ByteView pem);

  // As the public key alone has it; evmctl's way to name a key.
  std::uint32_t key_id() const { return key_id_; }

  // Of the same key, to check what was signed.
  KernelKey public_key() const;

  Result<Bytes> sign(const AnyDigest& digest) const;

 private:
  KernelSigner(std::uint32_t key_id, std::shared_ptr<evp_pkey_st> key)
      : key_id_(key_id), key_(std::move(key)) {}

  std::uint32_t key_id_;
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace etalon::crypto
