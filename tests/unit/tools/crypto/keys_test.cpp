// SPDX-License-Identifier: Apache-2.0
#include "tools/crypto/keys.hpp"

#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/source_files.hpp"
#include "tests/support/temp_folder.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"

namespace etalon::crypto {
namespace {

using test::source_file;

PrivateKey make(KeyType type) {
  auto key = PrivateKey::generate(type);
  EXPECT_TRUE(key.has_value());
  return *std::move(key);
}

TEST(Keys, a_generated_key_signs_and_comes_back_from_its_pem) {
  for (const KeyType type : {KeyType::p256, KeyType::ed25519, KeyType::p384}) {
    const PrivateKey key = make(type);
    EXPECT_EQ(key.public_key().type(), type);
    const auto pem = key.pem();
    ASSERT_TRUE(pem.has_value());
    EXPECT_TRUE(as_text(pem->view()).starts_with("-----BEGIN PRIVATE KEY-----\n"));
    const auto again = PrivateKey::from_pem(pem->view());
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->public_key(), key.public_key());
    const auto signature = again->sign(as_bytes("message"));
    ASSERT_TRUE(signature.has_value());
    const auto public_key = PublicKey::from_pem(as_bytes(key.public_key().pem()));
    ASSERT_TRUE(public_key.has_value());
    EXPECT_TRUE(public_key->verifies(as_bytes("message"), *signature));
    EXPECT_FALSE(public_key->verifies(as_bytes("massage"), *signature));
    EXPECT_FALSE(make(type).public_key().verifies(as_bytes("message"), *signature));
  }
}

TEST(Keys, ed25519_signatures_repeat) {
  const PrivateKey key = make(KeyType::ed25519);
  EXPECT_EQ(*key.sign(as_bytes("m")), *key.sign(as_bytes("m")));
}

// openssl pkey -pubin -outform DER | sha256sum
TEST(Keys, the_keyid_is_the_digest_of_the_public_key_info) {
  const auto key = PublicKey::from_pem(source_file("tests/data/dsse/test-p256.pub.pem"));
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(key->spki().size(), 91U);
  EXPECT_EQ(key->keyid(), "6eecbac49816f57608f6f9cc9fdfa2bb8ae4c226bdbca843c800f30acb6b3caf");
  EXPECT_EQ(as_bytes(key->pem()).size(), 178U);
}

TEST(Keys, refuses_public_keys_in_any_second_form) {
  const Bytes pem = source_file("tests/data/dsse/test-p256.pub.pem");
  const std::string text(as_text(pem));
  EXPECT_TRUE(PublicKey::from_pem(as_bytes(text + "\n \n")).has_value());
  const auto twice = PublicKey::from_pem(as_bytes(text + text));
  ASSERT_FALSE(twice.has_value());
  EXPECT_EQ(twice.error().code, ErrorCode::crypto);
  EXPECT_EQ(twice.error().message, "something follows the PUBLIC KEY block");
  const auto text_only = PublicKey::from_pem(as_bytes("hello"));
  ASSERT_FALSE(text_only.has_value());
  EXPECT_EQ(text_only.error().code, ErrorCode::crypto);
  EXPECT_EQ(text_only.error().message, "not a PEM file");
  const auto secret = make(KeyType::p256).pem();
  const auto private_half = PublicKey::from_pem(secret->view());
  ASSERT_FALSE(private_half.has_value());
  EXPECT_EQ(private_half.error().code, ErrorCode::crypto);
  EXPECT_EQ(private_half.error().message, "PEM block is not PUBLIC KEY but PRIVATE KEY");
  const auto large = PublicKey::from_pem(Bytes(max_key_file + 1));
  ASSERT_FALSE(large.has_value());
  EXPECT_EQ(large.error().code, ErrorCode::limit);
  EXPECT_EQ(large.error().message, "public key file too large");
}

TEST(Keys, refuses_public_keys_of_other_types_and_points_off_the_curve) {
  const auto key = PublicKey::from_pem(source_file("tests/data/dsse/test-p256.pub.pem"));
  ASSERT_TRUE(key.has_value());
  Bytes der = to_bytes(key->spki());
  der.back() ^= std::byte{1};
  const auto off_curve = PublicKey::from_spki(der);
  ASSERT_FALSE(off_curve.has_value());
  EXPECT_EQ(off_curve.error().code, ErrorCode::crypto);
  EXPECT_EQ(off_curve.error().message, "public key is not a point of its curve");
  der.back() ^= std::byte{1};
  der[26] = std::byte{6};  // hybrid point form
  const auto hybrid = PublicKey::from_spki(der);
  ASSERT_FALSE(hybrid.has_value());
  EXPECT_EQ(hybrid.error().code, ErrorCode::unsupported);
  EXPECT_EQ(hybrid.error().message,
            "the key is not P-256, P-384 (named curve, uncompressed point) or Ed25519");
  der[26] = std::byte{4};
  der.push_back(std::byte{0});
  EXPECT_EQ(PublicKey::from_spki(der).error().code, ErrorCode::unsupported);
  EXPECT_EQ(PublicKey::from_spki({}).error().code, ErrorCode::unsupported);
}

TEST(Keys, refuses_private_keys_it_cannot_read_without_quoting_them) {
  const auto bad = PrivateKey::from_pem(as_bytes("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n"));
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error().code, ErrorCode::crypto);
  EXPECT_EQ(bad.error().text(), "not an unencrypted private key in PEM form");
  EXPECT_EQ(PrivateKey::from_pem(source_file("tests/data/dsse/test-p256.pub.pem")).error().code,
            ErrorCode::crypto);
  EXPECT_EQ(PrivateKey::from_pem(Bytes(max_key_file + 1)).error().code, ErrorCode::limit);
}

TEST(Keys, types_have_names_on_the_command_line) {
  for (const KeyType type : {KeyType::p256, KeyType::ed25519, KeyType::p384})
    EXPECT_EQ(*parse_key_type(name(type)), type);
  const auto unknown = parse_key_type("rsa");
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, ErrorCode::usage);
  EXPECT_EQ(unknown.error().message, "unknown key type 'rsa': not one of p256, ed25519, p384");
}

std::string openssl_command(KeyType type, const test::TempFolder& folder) {
  const std::string pub = folder / "pub";
  const std::string sig = folder / "sig";
  const std::string msg = folder / "msg";
  switch (type) {
    case KeyType::p256:
      return "openssl dgst -sha256 -verify " + pub + " -signature " + sig + " " + msg;
    case KeyType::p384:
      return "openssl dgst -sha384 -verify " + pub + " -signature " + sig + " " + msg;
    case KeyType::ed25519:
      break;
  }
  return "openssl pkeyutl -verify -pubin -rawin -in " + msg + " -sigfile " + sig + " -inkey " + pub;
}

// A second implementation accepts what we sign: the openssl command with our PEM files.
TEST(Keys, openssl_accepts_our_signatures) {
  if (std::system("openssl version >/dev/null 2>&1") != 0) GTEST_SKIP() << "no openssl command";
  for (const KeyType type : {KeyType::p256, KeyType::ed25519, KeyType::p384}) {
    const test::TempFolder folder;
    const PrivateKey key = make(type);
    ASSERT_TRUE(write_file_atomic(folder / "pub", as_bytes(key.public_key().pem())));
    ASSERT_TRUE(write_file_atomic(folder / "msg", as_bytes("DSSEv1 1 a 1 b")));
    ASSERT_TRUE(write_file_atomic(folder / "sig", *key.sign(as_bytes("DSSEv1 1 a 1 b"))));
    const std::string command = openssl_command(type, folder) + " >/dev/null";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
  }
}

// Without a terminal to ask, and with one it must not ask either.
TEST(Keys, refuses_encrypted_private_keys_and_those_of_another_type) {
  if (std::system("openssl version >/dev/null 2>&1") != 0) GTEST_SKIP() << "no openssl command";
  const test::TempFolder folder;
  ASSERT_TRUE(write_file_atomic(folder / "k", make(KeyType::p256).pem()->view()));
  const std::string encrypt = "openssl pkcs8 -topk8 -in " + (folder / "k") +
                              " -passout pass:secret -out " + (folder / "encrypted");
  const std::string rsa = "openssl genrsa -out " + (folder / "rsa") + " 2048 2>/dev/null";
  ASSERT_EQ(std::system(encrypt.c_str()), 0);
  ASSERT_EQ(std::system(rsa.c_str()), 0);
  const auto encrypted = PrivateKey::from_pem(*read_file(folder / "encrypted", max_key_file));
  ASSERT_FALSE(encrypted.has_value());
  EXPECT_EQ(encrypted.error().code, ErrorCode::crypto);
  EXPECT_EQ(encrypted.error().message, "not an unencrypted private key in PEM form");
  const auto other = PrivateKey::from_pem(*read_file(folder / "rsa", max_key_file));
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().code, ErrorCode::unsupported);
  EXPECT_EQ(other.error().message,
            "the key is not P-256, P-384 (named curve, uncompressed point) or Ed25519");
}

}  // namespace
}  // namespace etalon::crypto
