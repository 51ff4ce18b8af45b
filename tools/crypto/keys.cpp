// SPDX-License-Identifier: Apache-2.0
#include "tools/crypto/keys.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/decoder.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <tl/expected.hpp>

#include "tools/base/bytes.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"

namespace etalon::crypto {
namespace {

template <auto Function>
struct Free {
  template <class T>
  void operator()(T* object) const {
    Function(object);
  }
};

using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using Decoder = std::unique_ptr<OSSL_DECODER_CTX, Free<OSSL_DECODER_CTX_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>>;
using KeyPointer = std::shared_ptr<EVP_PKEY>;

// The DER before the key bits, which fixes algorithm, curve and point form (RFC 5480; RFC 8410).
struct SpkiForm {
  KeyType type;
  std::string_view prefix_hex;
  std::size_t size;  // of the whole SubjectPublicKeyInfo
};

constexpr std::array spki_forms = {
    SpkiForm{KeyType::p256, "3059301306072a8648ce3d020106082a8648ce3d03010703420004", 91},
    SpkiForm{KeyType::ed25519, "302a300506032b6570032100", 44},
    SpkiForm{KeyType::p384, "3076301006072a8648ce3d020106052b8104002203620004", 120},
};

std::optional<KeyType> type_of(ByteView spki) {
  const std::string hex = to_hex(spki);
  for (const SpkiForm& form : spki_forms) {
    if (spki.size() == form.size && hex.starts_with(form.prefix_hex)) return form.type;
  }
  return std::nullopt;
}

// Width of r and of s in a raw ECDSA signature; zero for Ed25519.
std::size_t scalar_size(KeyType type) {
  switch (type) {
    case KeyType::p256:
      return 32;
    case KeyType::p384:
      return 48;
    case KeyType::ed25519:
      return 0;
  }
  return 0;
}

// The hash a signature of ours is over; Ed25519 hashes by itself.
const char* own_hash(KeyType type) {
  switch (type) {
    case KeyType::p256:
      return "SHA256";
    case KeyType::p384:
      return "SHA384";
    case KeyType::ed25519:
      return nullptr;
  }
  return nullptr;
}

const unsigned char* raw(ByteView bytes) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): OpenSSL's type of a byte
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* raw(Bytes& bytes) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): OpenSSL's type of a byte
  return reinterpret_cast<unsigned char*>(bytes.data());
}

// OpenSSL's own reasons are dropped: they say nothing a user can act on, and nothing of a key's
// content may come out this way.
tl::unexpected<Error> refused(std::string message) {
  ERR_clear_error();
  return fail(ErrorCode::crypto, std::move(message));
}

Bio read_only(ByteView bytes) {
  return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

Bytes content(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return to_bytes(std::string_view(data, static_cast<std::size_t>(size)));
}

Status check_only_white_space_left(BIO* bio) {
  std::array<char, max_key_file> rest{};
  const int size = BIO_read(bio, rest.data(), static_cast<int>(rest.size()));
  const std::string_view text(rest.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return {};
  return refused("something follows the PUBLIC KEY block");
}

Result<Bytes> spki_of(EVP_PKEY* key) {
  const int size = i2d_PUBKEY(key, nullptr);
  if (size <= 0) return refused("the key has no public half");
  Bytes spki(static_cast<std::size_t>(size));
  unsigned char* at = raw(spki);
  if (i2d_PUBKEY(key, &at) != size) return refused("cannot encode the public key");
  return spki;
}

// r||s of fixed width to the DER form that OpenSSL checks.
Result<Bytes> der_signature(ByteView fixed, std::size_t width) {
  const EcdsaSignature signature(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(raw(fixed.first(width)), static_cast<int>(width), nullptr);
  BIGNUM* s = BN_bin2bn(raw(fixed.subspan(width)), static_cast<int>(width), nullptr);
  if (signature == nullptr || ECDSA_SIG_set0(signature.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return refused("cannot hold a signature");
  }
  const int size = i2d_ECDSA_SIG(signature.get(), nullptr);
  if (size <= 0) return refused("cannot encode a signature");
  Bytes der(static_cast<std::size_t>(size));
  unsigned char* at = raw(der);
  (void)i2d_ECDSA_SIG(signature.get(), &at);
  return der;
}

bool verifies_with(EVP_PKEY* key, const char* hash, ByteView message, ByteView signature) {
  const Digest context(EVP_MD_CTX_new());
  const bool good =
      context != nullptr &&
      EVP_DigestVerifyInit_ex(context.get(), nullptr, hash, nullptr, nullptr, key, nullptr) == 1 &&
      EVP_DigestVerify(context.get(), raw(signature), signature.size(), raw(message),
                       message.size()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace

std::string_view name(KeyType type) {
  switch (type) {
    case KeyType::p256:
      return "p256";
    case KeyType::ed25519:
      return "ed25519";
    case KeyType::p384:
      return "p384";
  }
  return "unknown";
}

Result<KeyType> parse_key_type(std::string_view text) {
  for (const KeyType type : {KeyType::p256, KeyType::ed25519, KeyType::p384}) {
    if (text == name(type)) return type;
  }
  return fail(ErrorCode::usage,
              "unknown key type '" + printable(text) + "': not one of p256, ed25519, p384");
}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::move(other.bytes_);
  }
  return *this;
}

SecretBytes::~SecretBytes() {
  wipe();
}

void SecretBytes::wipe() {
  if (!bytes_.empty()) OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

Result<PublicKey> PublicKey::from_pem(ByteView pem) {
  if (pem.size() > max_key_file) return fail(ErrorCode::limit, "public key file too large");
  const Bio bio = read_only(pem);
  char* type = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  if (bio == nullptr || PEM_read_bio(bio.get(), &type, &header, &data, &size) != 1) {
    return refused("not a PEM file");
  }
  const std::string found = type;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): OpenSSL's type of a byte
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  const Bytes der = to_bytes(ByteView(bytes, static_cast<std::size_t>(size)));
  OPENSSL_free(type);
  OPENSSL_free(header);
  OPENSSL_clear_free(data, der.size());
  if (found != "PUBLIC KEY") {
    return refused("PEM block is not PUBLIC KEY but " + printable(found));
  }
  TRY(check_only_white_space_left(bio.get()));
  return from_spki(der);
}

Result<PublicKey> PublicKey::from_spki(ByteView der) {
  const auto type = type_of(der);
  if (!type) {
    return fail(ErrorCode::unsupported,
                "the key is not P-256, P-384 (named curve, uncompressed point) or Ed25519");
  }
  const unsigned char* at = raw(der);
  const KeyPointer key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())), EVP_PKEY_free);
  if (key == nullptr) return refused("public key is not a point of its curve");
  return PublicKey(*type, to_bytes(der), key);
}

std::string PublicKey::keyid() const {
  return sha256(spki_).hex();
}

std::string PublicKey::pem() const {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || PEM_write_bio_PUBKEY(bio.get(), key_.get()) != 1) return {};
  return std::string(as_text(content(bio.get())));
}

bool PublicKey::verifies(ByteView message, ByteView signature) const {
  return accepted_form(message, signature).has_value();
}

std::optional<Bytes> PublicKey::accepted_form(ByteView message, ByteView signature) const {
  const char* hash = own_hash(type_);
  if (verifies_with(key_.get(), hash, message, signature) ||
      (type_ == KeyType::p384 && verifies_with(key_.get(), "SHA256", message, signature))) {
    return to_bytes(signature);
  }
  const std::size_t width = scalar_size(type_);
  if (width == 0 || signature.size() != 2 * width) return std::nullopt;
  const auto der = der_signature(signature, width);
  if (!der || !verifies_with(key_.get(), hash, message, *der)) return std::nullopt;
  return *der;
}

Result<PrivateKey> PrivateKey::own(evp_pkey_st* pointer) {
  const KeyPointer key(pointer, EVP_PKEY_free);
  TRY_ASSIGN(const Bytes spki, spki_of(key.get()));
  TRY_ASSIGN(PublicKey public_key, PublicKey::from_spki(spki));
  return PrivateKey(std::move(public_key), key);
}

Result<PrivateKey> PrivateKey::generate(KeyType type) {
  EVP_PKEY* key = nullptr;
  switch (type) {
    case KeyType::p256:
      key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
      break;
    case KeyType::p384:
      key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384");
      break;
    case KeyType::ed25519:
      key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
      break;
  }
  if (key == nullptr) return refused("cannot generate a key");
  return own(key);
}

Result<PrivateKey> PrivateKey::from_pem(ByteView pem) {
  if (pem.size() > max_key_file) return fail(ErrorCode::limit, "private key file too large");
  EVP_PKEY* key = nullptr;
  // No passphrase callback is set, so an encrypted key fails here instead of asking a terminal.
  const Decoder decoder(OSSL_DECODER_CTX_new_for_pkey(&key, "PEM", nullptr, nullptr,
                                                      EVP_PKEY_KEYPAIR, nullptr, nullptr));
  const Bio bio = read_only(pem);
  if (decoder == nullptr || bio == nullptr ||
      OSSL_DECODER_from_bio(decoder.get(), bio.get()) != 1 || key == nullptr) {
    EVP_PKEY_free(key);
    return refused("not an unencrypted private key in PEM form");
  }
  return own(key);
}

Result<SecretBytes> PrivateKey::pem() const {
  const Bio bio(BIO_new(BIO_s_secmem()));
  if (bio == nullptr || PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0,
                                                      nullptr, nullptr) != 1) {
    return refused("cannot encode the private key");
  }
  return SecretBytes(content(bio.get()));
}

Result<Bytes> PrivateKey::sign(ByteView message) const {
  const Digest context(EVP_MD_CTX_new());
  std::size_t size = 0;
  if (context == nullptr ||
      EVP_DigestSignInit_ex(context.get(), nullptr, own_hash(public_.type()), nullptr, nullptr,
                            key_.get(), nullptr) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, raw(message), message.size()) != 1) {
    return refused("cannot sign with this key");
  }
  Bytes signature(size);
  if (EVP_DigestSign(context.get(), raw(signature), &size, raw(message), message.size()) != 1) {
    return refused("cannot sign with this key");
  }
  signature.resize(size);
  return signature;
}

}  // namespace etalon::crypto
