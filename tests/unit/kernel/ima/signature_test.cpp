// SPDX-License-Identifier: Apache-2.0
#include "kernel/ima/signature.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "kernel/ima/hash_algo.hpp"
#include "kernel/ima/verify.hpp"
#include "kernel/ima/xattr.hpp"
#include "tests/support/fake_ima_list.hpp"
#include "tests/support/source_files.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"
#include "tools/base/verdict.hpp"
#include "tools/crypto/kernel_key.hpp"

namespace etalon::ima {
namespace {

crypto::KernelKey key_of(const std::string& name) {
  const auto key =
      crypto::KernelKey::parse(test::source_file("tests/data/ima-lists/keys/" + name + ".crt"));
  EXPECT_TRUE(key.has_value());
  return *key;
}

Report report_of(const std::string& boot, std::vector<crypto::KernelKey> keys) {
  ListCheck check({.keys = std::move(keys)});
  EXPECT_TRUE(check.add(test::source_file("tests/data/ima-lists/" + boot + "/binary")).has_value());
  return *check.finish();
}

// Made by evmctl with an RSA and an ECDSA key, and copied into the list by the kernels.
TEST(Signature, those_of_real_lists_are_good) {
  for (const auto& [boot, good] : {std::pair{"6.1-custom", 2U}, std::pair{"6.12-custom", 4U}}) {
    const Report report = report_of(boot, {key_of("rsa"), key_of("ec")});
    EXPECT_EQ(report.survey.signatures.at(SignatureState::good), good) << boot;
    EXPECT_FALSE(report.survey.signatures.contains(SignatureState::bad)) << boot;
    EXPECT_NE(report.verdict, Verdict::fail);
  }
}

TEST(Signature, needs_the_key_it_names) {
  const Report report = report_of("6.12-custom", {key_of("ec")});
  EXPECT_EQ(report.survey.signatures.at(SignatureState::good) +
                report.survey.signatures.at(SignatureState::unknown_key),
            4U);
  const Finding& finding = report.findings.front();
  EXPECT_EQ(finding.id, "unknown-key");
  EXPECT_NE(finding.message.find("of a key that was not given: "), std::string::npos);
  EXPECT_TRUE(report_of("6.12-custom", {}).survey.signatures.empty()) << "nobody asked";
}

// An entry of ima-sig with this signature field, over a list of its own.
Report with_signature(const Bytes& value, const std::string& content = "content") {
  test::FakeEntry entry = test::fake_entry("/a", content);
  entry.templ = "ima-sig";
  entry.fields.push_back(value);
  ListCheck check({.keys = {key_of("rsa"), key_of("ec")}});
  EXPECT_TRUE(
      check.add(test::FakeList{.entries = {test::fake_entry("boot_aggregate"), entry}}.binary())
          .has_value());
  return *check.finish();
}

TEST(Signature, over_another_digest_is_bad) {
  const Xattr value{.type = XattrType::signature,
                    .version = 2,
                    .algorithm = 4,
                    .key_id = key_of("ec").key_id(),
                    .value = {}};
  const Report report = with_signature(encode_xattr(value));
  EXPECT_EQ(report.verdict, Verdict::fail);
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].id, "signature");
  EXPECT_EQ(report.findings[0].entry, 1U);
}

struct Unreadable {
  Bytes value;
  std::string why;
};

TEST(Signature, that_cannot_be_checked_says_why) {
  const auto signature = [](XattrType type, std::uint8_t version, std::uint8_t algorithm) {
    return encode_xattr({.type = type, .version = version, .algorithm = algorithm});
  };
  const Unreadable all[] = {
      {signature(XattrType::signature, 2, 6),
       "it is over sha512, and the entry's digest is sha256"},
      {signature(XattrType::signature, 2, 99), "hash algorithm 99 is not known"},
      {signature(XattrType::evm_portable, 2, 4),
       "a portable EVM signature is no signature of the content"},
      {encode_xattr({.type = XattrType::digest, .value = Bytes(20)}),
       "a digest is no signature of the content"},
      {Bytes(1, std::byte{9}), "type at 0: 9 is not known"},
  };
  for (const Unreadable& each : all) {
    const Report report = with_signature(each.value);
    ASSERT_EQ(report.findings.size(), 1U) << each.why;
    EXPECT_EQ(report.findings[0].id, "signature-form");
    EXPECT_EQ(report.findings[0].message, "the signature cannot be checked: " + each.why);
    EXPECT_EQ(report.verdict, Verdict::fail);
  }
}

TEST(Signature, version_3_is_over_type_algorithm_and_digest) {
  const AnyDigest file = hash(HashAlg::sha256, as_bytes("x"));
  const Xattr v2{.type = XattrType::signature, .version = 2, .algorithm = 4};
  EXPECT_EQ(signed_digest(v2, file), file);
  const Xattr v3{.type = XattrType::verity_signature, .version = 3, .algorithm = 4};
  Bytes id = {std::byte{6}, std::byte{4}};
  append(id, file.view());
  EXPECT_EQ(signed_digest(v3, file), hash(HashAlg::sha256, id));
}

TEST(Xattr, decodes_what_it_encodes) {
  const Bytes twenty(20, std::byte{7});
  const Bytes thirty_two(32, std::byte{8});
  const Xattr all[] = {
      {.type = XattrType::digest, .value = twenty},
      {.type = XattrType::digest, .value = ByteView(twenty).first(16)},
      {.type = XattrType::evm_hmac, .value = twenty},
      {.type = XattrType::digest_ng, .algorithm = 4, .value = thirty_two},
      {.type = XattrType::signature,
       .version = 2,
       .algorithm = 4,
       .key_id = 0x01020304,
       .value = twenty},
      {.type = XattrType::signature, .version = 3, .algorithm = 6, .key_id = 0xffffffff},
      {.type = XattrType::evm_portable, .version = 2, .algorithm = 4, .value = thirty_two},
      {.type = XattrType::verity_signature, .version = 3, .algorithm = 4, .value = twenty},
  };
  for (const Xattr& each : all) {
    const Bytes bytes = encode_xattr(each);
    const auto decoded = decode_xattr(bytes);
    ASSERT_TRUE(decoded.has_value()) << name(each.type);
    EXPECT_EQ(decoded->type, each.type);
    EXPECT_EQ(decoded->version, each.version);
    EXPECT_EQ(decoded->algorithm, each.algorithm);
    EXPECT_EQ(decoded->key_id, each.key_id);
    EXPECT_TRUE(equal(decoded->value, each.value));
    EXPECT_EQ(encode_xattr(*decoded), bytes);
  }
}

TEST(Xattr, refuses_what_the_kernel_does_not_write) {
  const std::pair<const char*, const char*> all[] = {
      {"", "type at 0: need 1 bytes, 0 left"},
      {"00", "type at 0: 0 is not known"},
      {"07", "type at 0: 7 is not known"},
      {"0102", "digest at 1: 1 bytes, which is no digest of this type"},
      {"0200112233445566778899aabbccddeeff",
       "digest at 1: 16 bytes, which is no digest of this type"},
      {"04", "algorithm at 1: need 1 bytes, 0 left"},
      {"0404aa", "digest at 2: 1 bytes, but sha256 has 32"},
      {"0301", "version at 2: 1 is no version of a signature"},
      {"0602", "version at 2: 2 is no version of a fs-verity signature"},
      {"030204aabbccdd0002ee", "signature at 9: need 2 bytes, 1 left"},
      {"030204aabbccdd0001eeff", "signature at 10: 1 trailing bytes"},
  };
  for (const auto& [hex, text] : all) {
    const Bytes bytes = *from_hex(hex);
    const auto decoded = decode_xattr(bytes);
    ASSERT_FALSE(decoded.has_value()) << hex;
    EXPECT_EQ(decoded.error().text(), text) << hex;
  }
  EXPECT_EQ(decode_xattr(Bytes(max_xattr + 1)).error().code, ErrorCode::limit);
}

TEST(HashAlgo, is_numbered_as_the_kernel_does) {
  EXPECT_EQ(hash_algo_at(4)->name, "sha256");
  EXPECT_EQ(hash_algo_at(17)->name, "sm3");
  EXPECT_EQ(hash_algo_at(22)->name, "sha3-512");
  EXPECT_EQ(hash_algo_at(23), nullptr);
  EXPECT_EQ(find_hash_algo("sha384")->size, 48U);
  EXPECT_EQ(find_hash_algo("SHA384"), nullptr);
  for (const HashAlg alg : all_hash_algs)
    EXPECT_EQ(find_hash_algo(name(alg))->size, digest_size(alg));
}

TEST(KernelKey, is_a_certificate_or_a_public_key) {
  const Bytes pem = test::source_file("tests/data/ima-lists/keys/rsa.crt");
  EXPECT_TRUE(crypto::KernelKey::parse(pem).has_value());
  const auto alone =
      crypto::KernelKey::parse(test::source_file("tests/data/keys/TEST-ONLY-p256.pub"));
  ASSERT_TRUE(alone.has_value());
  for (const auto& [text, why] :
       {std::pair{std::string("hello"), "neither a certificate nor a public key"},
        std::pair{std::string(), "neither a certificate nor a public key"},
        std::pair{std::string(20000, 'x'), "larger than any key"}}) {
    const auto key = crypto::KernelKey::parse(as_bytes(text));
    ASSERT_FALSE(key.has_value());
    EXPECT_EQ(key.error().message, why);
  }
  const auto ed25519 =
      crypto::KernelKey::parse(test::source_file("tests/data/keys/TEST-ONLY-ed25519.pub"));
  ASSERT_FALSE(ed25519.has_value());
  EXPECT_EQ(ed25519.error().message, "a key that is neither RSA nor ECDSA");
}

}  // namespace
}  // namespace etalon::ima
