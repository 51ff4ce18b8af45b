// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/ima_sign.hpp"

#include <string>

#include <gtest/gtest.h>

#include "kernel/ima/xattr.hpp"
#include "mkosi/image/walk.hpp"
#include "tests/support/source_files.hpp"
#include "tests/support/temp_folder.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/file.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"
#include "tools/crypto/kernel_key.hpp"

namespace etalon::pipeline {
namespace {

crypto::KernelSigner signer() {
  const auto key =
      crypto::KernelSigner::from_pem(test::source_file("tests/data/keys/TEST-ONLY-p256.key"));
  EXPECT_TRUE(key.has_value());
  return *key;
}

TEST(ImaSign, makes_values_that_the_public_key_accepts) {
  const crypto::KernelSigner key = signer();
  for (const HashAlg alg : {HashAlg::sha256, HashAlg::sha384, HashAlg::sha512}) {
    for (const SignedDigest over : {SignedDigest::content, SignedDigest::verity}) {
      const AnyDigest digest = hash(alg, as_bytes("content"));
      const auto value =
          ima_signature({.key = key, .alg = alg, .over = over, .key_id = 0x01020304}, digest);
      ASSERT_TRUE(value.has_value());
      const auto decoded = ima::decode_xattr(*value);
      ASSERT_TRUE(decoded.has_value());
      EXPECT_EQ(decoded->key_id, 0x01020304U);
      EXPECT_EQ(decoded->version, over == SignedDigest::content ? 2 : 3);
      EXPECT_TRUE(key.public_key().verifies(signed_digest(*decoded, digest), decoded->value));
      EXPECT_FALSE(key.public_key().verifies(hash(alg, as_bytes("other")), decoded->value));
    }
  }
}

TEST(ImaSign, lists_each_file_once_in_the_order_of_paths) {
  const test::TempFolder folder;
  for (const char* name : {"b", "a b", "new\nline"})
    ASSERT_TRUE(write_file_atomic(folder / name, as_bytes(name)).has_value());
  const auto walked = image::walk_directory(folder.path(), {.algs = {HashAlg::sha256}});
  ASSERT_TRUE(walked.has_value());
  const crypto::KernelSigner key = signer();
  const auto list = signature_list(walked->tree, {.key = key});
  ASSERT_TRUE(list.has_value());
  std::string paths;
  for (std::string_view left = *list; !left.empty();) {
    const std::string_view line = left.substr(0, left.find('\n'));
    left.remove_prefix(line.size() + 1);
    paths += std::string(line.substr(line.find(' '))) + ";";
  }
  EXPECT_EQ(paths, "  /a b;  /b;  /new\\012line;");
  const auto other = signature_list(walked->tree, {.key = key, .alg = HashAlg::sha512});
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().message, "the tree was walked without digests");
}

TEST(ImaSign, refuses_keys_that_the_kernel_cannot_use) {
  const auto ed25519 =
      crypto::KernelSigner::from_pem(test::source_file("tests/data/keys/TEST-ONLY-ed25519.key"));
  ASSERT_FALSE(ed25519.has_value());
  EXPECT_EQ(ed25519.error().message, "a key that is neither RSA nor ECDSA");
  EXPECT_EQ(crypto::KernelSigner::from_pem(as_bytes("x")).error().message,
            "not an unencrypted private key in PEM form");
  EXPECT_EQ(crypto::KernelSigner::from_pem(Bytes(20000)).error().code, ErrorCode::limit);
}

TEST(ImaSign, an_archive_that_grows_too_large_is_refused) {
  const crypto::KernelSigner key = signer();
  const auto signed_tar =
      sign_tar(as_bytes("no tar at all"), 1 << 20, {.key = key}, [](ByteView) { return Status(); });
  ASSERT_FALSE(signed_tar.has_value());
  EXPECT_EQ(signed_tar.error().structure(), "tar");
}

}  // namespace
}  // namespace etalon::pipeline
