// SPDX-License-Identifier: Apache-2.0
// Signing keys over OpenSSL EVP. A public key is held with its SubjectPublicKeyInfo (RFC 5280,
// section 4.1.2.7) and accepted only in the one encoding each type has (named curve, uncompressed
// point), so that two spellings of one key cannot pass as two signers. Types: ECDSA P-256 with
// SHA-256 (the default: every consumer accepts it), Ed25519, and ECDSA P-384 with SHA-384 for those
// whose rules ask for it. Private bytes held here are wiped when freed and never reach a message.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

struct evp_pkey_st;

namespace etalon::crypto {

enum class KeyType : std::uint8_t { p256, ed25519, p384 };

std::string_view name(KeyType type);
// "p256", "ed25519" or "p384"; usage error otherwise.
Result<KeyType> parse_key_type(std::string_view text);

// No PEM file of a key that we read is larger.
inline constexpr std::uint64_t max_key_file = 16384;

// Bytes that are overwritten before their memory is given back.
class SecretBytes {
 public:
  SecretBytes() = default;

  explicit SecretBytes(Bytes bytes) : bytes_(std::move(bytes)) {}

  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  SecretBytes(SecretBytes&&) noexcept = default;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  ~SecretBytes();

  ByteView view() const { return bytes_; }

 private:
  void wipe();

  Bytes bytes_;
};

class PublicKey {
 public:
  // One PEM block "PUBLIC KEY" and nothing after it but white space.
  static Result<PublicKey> from_pem(ByteView pem);
  // The DER of a SubjectPublicKeyInfo of a known type.
  static Result<PublicKey> from_spki(ByteView der);

  KeyType type() const { return type_; }

  ByteView spki() const { return spki_; }

  // Lower-hex SHA-256 of the SubjectPublicKeyInfo. A hint for finding a key; never proof of one.
  std::string keyid() const;
  std::string pem() const;

  // Whether `signature` is this key's over `message`. ECDSA signatures are DER as every signer
  // writes them, or raw r||s as the DSSE specification's own example has them. P-384 signatures
  // may be over SHA-384 or, as cosign makes them, over SHA-256.
  bool verifies(ByteView message, ByteView signature) const;
  // The same signature in the form that every verifier reads: DER for ECDSA. Nothing where it is
  // not this key's over `message`.
  std::optional<Bytes> accepted_form(ByteView message, ByteView signature) const;

  bool operator==(const PublicKey& other) const { return spki_ == other.spki_; }

 private:
  PublicKey(KeyType type, Bytes spki, std::shared_ptr<evp_pkey_st> key)
      : type_(type), spki_(std::move(spki)), key_(std::move(key)) {}

  KeyType type_;
  Bytes spki_;
  std::shared_ptr<evp_pkey_st> key_;
};

class PrivateKey {
 public:
  static Result<PrivateKey> generate(KeyType type);
  // A PKCS#8 or SEC 1 PEM without a passphrase.
  static Result<PrivateKey> from_pem(ByteView pem);

  const PublicKey& public_key() const { return public_; }

  // PKCS#8, unencrypted.
  Result<SecretBytes> pem() const;

  // ECDSA: DER, over SHA-256 (P-256) or SHA-384 (P-384), different on every call. Ed25519: 64
  // bytes, always the same.
  Result<Bytes> sign(ByteView message) const;

 private:
  static Result<PrivateKey> own(evp_pkey_st* pointer);

  PrivateKey(PublicKey public_key, std::shared_ptr<evp_pkey_st> key)
      : public_(std::move(public_key)), key_(std::move(key)) {}

  PublicKey public_;
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace etalon::crypto
