// SPDX-License-Identifier: Apache-2.0
#include "tools/base/digest.hpp"

#include <array>
#include <cstddef>
#include <string>

#include <gtest/gtest.h>

#include "tools/base/bytes.hpp"
#include "tools/base/hasher.hpp"

namespace etalon {
namespace {

// FIPS 180-4 example values for "abc".
struct Vector {
  HashAlg alg;
  const char* hex;
};

constexpr std::array vectors = {
    Vector{HashAlg::sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
    Vector{HashAlg::sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    Vector{HashAlg::sha384,
           "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
           "8086072ba1e7cc2358baeca134c825a7"},
    Vector{HashAlg::sha512,
           "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
           "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
};

TEST(Hasher, computes_the_standard_examples) {
  for (const Vector& vector : vectors) {
    EXPECT_EQ(hash(vector.alg, as_bytes("abc")).hex(), vector.hex) << name(vector.alg);
  }
}

TEST(Hasher, starts_anew_after_finish) {
  Hasher hasher(HashAlg::sha256);
  hasher.update(as_bytes("something else"));
  (void)hasher.finish();
  hasher.update(as_bytes("a"));
  hasher.update(as_bytes("bc"));
  EXPECT_EQ(hasher.finish().hex(), vectors[1].hex);
}

TEST(MultiHasher, computes_all_digests_of_one_buffer) {
  const DigestSet digests = hash_all(all_hash_algs, as_bytes("abc"));
  ASSERT_EQ(digests.size(), vectors.size());
  for (const Vector& vector : vectors) {
    ASSERT_NE(digests.find(vector.alg), nullptr);
    EXPECT_EQ(digests.find(vector.alg)->hex(), vector.hex);
  }
}

TEST(MultiHasher, gives_the_same_when_a_buffer_needs_several_pieces) {
  Bytes buffer(200'001);
  for (std::size_t i = 0; i < buffer.size(); ++i)
    buffer[i] = static_cast<std::byte>(i % 251);
  const DigestSet digests = hash_all(all_hash_algs, buffer);
  for (const HashAlg alg : all_hash_algs)
    EXPECT_EQ(*digests.find(alg), hash(alg, buffer)) << name(alg);
}

TEST(Digest, refuses_a_wrong_length) {
  const auto result = Sha256::from_hex("00");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().text(), "sha256 digest must have 32 bytes, not 1");
  EXPECT_EQ(AnyDigest::from_hex(HashAlg::sha384, "00").error().text(),
            "sha384 digest must have 48 bytes, not 1");
}

TEST(Digest, converts_only_to_its_own_algorithm) {
  const AnyDigest digest = sha256(as_bytes("abc"));
  EXPECT_TRUE(digest.as<HashAlg::sha256>().has_value());
  EXPECT_FALSE(digest.as<HashAlg::sha384>().has_value());
  EXPECT_TRUE(AnyDigest::zero(HashAlg::sha1).is_zero());
  EXPECT_FALSE(digest.is_zero());
}

TEST(HashAlgList, is_sorted_and_without_repetition) {
  const auto algs = parse_hash_algs("sha384,sha1,sha384");
  ASSERT_TRUE(algs.has_value());
  EXPECT_EQ(*algs, (std::vector{HashAlg::sha1, HashAlg::sha384}));
}

TEST(HashAlgList, refuses_an_unknown_or_empty_name) {
  EXPECT_EQ(parse_hash_algs("sha256,md5").error().code, ErrorCode::usage);
  EXPECT_EQ(parse_hash_algs("sha256,").error().text(),
            "unknown hash algorithm '' (known: sha1, sha256, sha384, sha512)");
}

}  // namespace
}  // namespace etalon
