// SPDX-License-Identifier: Apache-2.0
#include "tools/crypto/kernel_key.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <openssl/bio.h>
#include <openssl/decoder.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <tl/expected.hpp>

#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"
#include "tools/crypto/keys.hpp"

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
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Decoder = std::unique_ptr<OSSL_DECODER_CTX, Free<OSSL_DECODER_CTX_free>>;
using Context = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using PublicBits = std::unique_ptr<X509_PUBKEY, Free<X509_PUBKEY_free>>;
using KeyPointer = std::shared_ptr<EVP_PKEY>;

constexpr std::size_t id_size = 4;

tl::unexpected<Error> refused(std::string message) {
  ERR_clear_error();
  return fail(ErrorCode::crypto, std::move(message));
}

Bio read_only(ByteView bytes) {
  return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

ByteView view(const unsigned char* data, int size) {
  return std::as_bytes(std::span(data, size > 0 ? static_cast<std::size_t>(size) : 0));
}

const unsigned char* raw(ByteView bytes) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): OpenSSL's type of a byte
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

std::uint32_t id_of(ByteView identifier) {
  std::uint32_t id = 0;
  for (const std::byte byte : identifier.last(id_size))
    id = (id << 8U) | std::to_integer<std::uint32_t>(byte);
  return id;
}

Status check_type(EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      if (EVP_PKEY_get_bits(key) >= KernelKey::min_rsa_bits) return {};
      return refused("an RSA key of less than " + std::to_string(KernelKey::min_rsa_bits) +
                     " bits");
    case EVP_PKEY_EC: {
      std::array<char, 64> group{};
      std::size_t size = 0;
      if (EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) == 1) {
        const std::string name(group.data(), size);
        if (name == SN_X9_62_prime256v1 || name == SN_secp384r1) return {};
      }
      return refused("an ECDSA key on neither P-256 nor P-384");
    }
    default:
      return refused("a key that is neither RSA nor ECDSA");
  }
}

// SHA-1 of the key bits without the octet of unused bits.
Result<std::uint32_t> id_of_bits(EVP_PKEY* key) {
  X509_PUBKEY* made = nullptr;
  if (X509_PUBKEY_set(&made, key) != 1) return refused("cannot encode the public key");
  const PublicBits bits(made);
  const unsigned char* data = nullptr;
  int size = 0;
  if (X509_PUBKEY_get0_param(nullptr, &data, &size, nullptr, bits.get()) != 1) {
    return refused("the key has no public bits");
  }
  return id_of(hash(HashAlg::sha1, view(data, size)).view());
}

// Ready to sign or to verify a digest of the algorithm; nothing when that cannot be.
Context context_for(EVP_PKEY* key, HashAlg alg, int (*init)(EVP_PKEY_CTX*)) {
  Context context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  const EVP_MD* md = EVP_get_digestbyname(std::string(name(alg)).c_str());
  const bool rsa = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
  const bool ready =
      context != nullptr && md != nullptr && init(context.get()) == 1 &&
      (!rsa || EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1) &&
      EVP_PKEY_CTX_set_signature_md(context.get(), md) == 1;
  if (!ready) context.reset();
  return context;
}

Certificate read_certificate(ByteView file) {
  const Bio pem = read_only(file);
  Certificate certificate(PEM_read_bio_X509(pem.get(), nullptr, nullptr, nullptr));
  if (certificate != nullptr) return certificate;
  ERR_clear_error();
  const unsigned char* at = raw(file);
  certificate.reset(d2i_X509(nullptr, &at, static_cast<long>(file.size())));
  return certificate;
}

}  // namespace

Result<KernelKey> KernelKey::parse(ByteView file) {
  if (file.size() > max_key_file) return fail(ErrorCode::limit, "larger than any key");
  const Certificate certificate = read_certificate(file);
  ERR_clear_error();
  KeyPointer key;
  if (certificate != nullptr) {
    key.reset(X509_get_pubkey(certificate.get()), Free<EVP_PKEY_free>());
  } else {
    const Bio pem = read_only(file);
    key.reset(PEM_read_bio_PUBKEY(pem.get(), nullptr, nullptr, nullptr), Free<EVP_PKEY_free>());
  }
  if (key == nullptr) return refused("neither a certificate nor a public key");
  TRY(check_type(key.get()));
  const ASN1_OCTET_STRING* subject =
      certificate == nullptr ? nullptr : X509_get0_subject_key_id(certificate.get());
  if (subject != nullptr) {
    const ByteView identifier = view(ASN1_STRING_get0_data(subject), ASN1_STRING_length(subject));
    if (identifier.size() >= id_size) return KernelKey(id_of(identifier), std::move(key));
  }
  TRY_ASSIGN(const std::uint32_t id, id_of_bits(key.get()));
  return KernelKey(id, std::move(key));
}

Result<KernelSigner> KernelSigner::from_pem(ByteView pem) {
  if (pem.size() > max_key_file) return fail(ErrorCode::limit, "larger than any key");
  EVP_PKEY* pointer = nullptr;
  // No passphrase callback is set, so an encrypted key fails here instead of asking a terminal.
  const Decoder decoder(OSSL_DECODER_CTX_new_for_pkey(&pointer, "PEM", nullptr, nullptr,
                                                      EVP_PKEY_KEYPAIR, nullptr, nullptr));
  const Bio bio = read_only(pem);
  const bool read = decoder != nullptr && bio != nullptr &&
                    OSSL_DECODER_from_bio(decoder.get(), bio.get()) == 1 && pointer != nullptr;
  KeyPointer key(pointer, Free<EVP_PKEY_free>());
  if (!read) return refused("not an unencrypted private key in PEM form");
  TRY(check_type(key.get()));
  TRY_ASSIGN(const std::uint32_t id, id_of_bits(key.get()));
  return KernelSigner(id, std::move(key));
}

KernelKey KernelSigner::public_key() const {
  return {key_id_, key_};
}

Result<Bytes> KernelSigner::sign(const AnyDigest& digest) const {
  const Context context = context_for(key_.get(), digest.alg(), EVP_PKEY_sign_init);
  std::size_t size = 0;
  if (context == nullptr ||
      EVP_PKEY_sign(context.get(), nullptr, &size, raw(digest.view()), digest.view().size()) != 1) {
    return refused("cannot sign with this key");
  }
  Bytes signature(size);
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): OpenSSL's type of a byte
  auto* out = reinterpret_cast<unsigned char*>(signature.data());
  if (EVP_PKEY_sign(context.get(), out, &size, raw(digest.view()), digest.view().size()) != 1) {
    return refused("cannot sign with this key");
  }
  signature.resize(size);
  return signature;
}

bool KernelKey::verifies(const AnyDigest& digest, ByteView signature) const {
  const Context context = context_for(key_.get(), digest.alg(), EVP_PKEY_verify_init);
  const bool good =
      context != nullptr && EVP_PKEY_verify(context.get(), raw(signature), signature.size(),
                                            raw(digest.view()), digest.view().size()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace etalon::crypto
