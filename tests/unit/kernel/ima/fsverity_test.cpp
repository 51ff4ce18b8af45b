// SPDX-License-Identifier: Apache-2.0
#include "kernel/ima/fsverity.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

#include <gtest/gtest.h>

#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"

namespace etalon::ima {
namespace {

Bytes content(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<std::byte>((i * 7 + i / 251) % 256);
  return bytes;
}

std::string digest_of(ByteView bytes, const VerityParameters& parameters, std::size_t piece) {
  auto hasher = VerityHasher::make(parameters);
  EXPECT_TRUE(hasher.has_value());
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    hasher->update(bytes.subspan(at, std::min(piece, bytes.size() - at)));
  return hasher->finish().hex();
}

struct Case {
  std::size_t size;
  const char* sha256;        // blocks of 4096, no salt
  const char* small_salted;  // SHA-256, blocks of 1024, salt 0102
};

// What fsverity(1) of fsverity-utils 1.5 says of the same content.
TEST(FsVerity, is_what_fsverity_utils_compute) {
  const Case cases[] = {
      {0, "3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95",
       "94ea8bbf8cc40233b038fcae051ccb913dec41c39f355de618ce69768093c46f"},
      {1, "b803429503d95915829b29fdbc8bbad142f3abfd11b1cadf5526582e685c0551",
       "af689a16d2ef4adced8cf5f89184600fd7b96730136e53697e243c8a60cba38b"},
      {1024, "f455de53a38188162c147642706147884e5dce10d61deb4acaff0d70f1e85f98",
       "c6675730c63c15e959b18b20de9674006710ecf4ccf67039b1aabf254892a71e"},
      {4095, "841acbc4d3c22ad5f67a748aab2d3e5a4d21de6879a73cb6ec235049dd94dc40",
       "70be221a242bd3e1354ae6a83a7cb5c2c7fe11f80dbbce16732fbdbc8d8945a7"},
      {4096, "2b41866549a2f4f4a80ebbb30aa8d8436ce675229143bf493d8dc6fce99081a0",
       "f007e0bb38264094202e02cbf0ea58b00721801ad158723124df9e37a871df26"},
      {4097, "2492558cab5973a8b471d3a517cf3fc8ae04bffa6083e7d443e7839b65d94651",
       "d4bf3b248545541f3685a03cb51f7c134fb3a19ba8933b28fcc21e969c2f5d27"},
      // a level that is full, and one block more
      {524288, "6feaceaea1f345a5da49693b409602e6b1878a9484241670db45aef27aaec575",
       "58a96392619e5841ce452af5300f217142c4e00c8ce2a3a2f8e798a63b4b2639"},
      {524289, "64272326908c4b8fdd9de8dd28615fcb25d5bb0fca2a9949d29305f6ce54ac6c",
       "409f285487fd69fb0a667fd50097792a5baadc02c5028dfbf2700c1d85805736"},
      {600000, "a3402d0343cd8b817976e097049b30010f72785cf1d733826d6278234fce917d",
       "d5badb96a2cb395dc524f1e2f0d00a75096af3d7785fb951857e65adbee50c69"},
  };
  const VerityParameters salted{.block_size = 1024, .salt = {std::byte{1}, std::byte{2}}};
  for (const Case& each : cases) {
    const Bytes bytes = content(each.size);
    EXPECT_EQ(digest_of(bytes, {}, 65536), each.sha256) << each.size;
    EXPECT_EQ(digest_of(bytes, {}, 1000), each.sha256) << each.size << " in pieces";
    EXPECT_EQ(digest_of(bytes, salted, 4096), each.small_salted) << each.size;
  }
}

TEST(FsVerity, knows_sha512_and_large_blocks) {
  const Bytes bytes = content(524289);
  EXPECT_EQ(
      digest_of(bytes, {.alg = HashAlg::sha512}, 65536),
      "18c7a8a8411fd9e5677f24496649a8e58683e23433c73d9e429c7352df56fc8294b6a8fda0a6845b0cf751f7ebf"
      "fbc829b89020279d97584003bc595eb106437");
  const VerityParameters large{
      .alg = HashAlg::sha512, .block_size = 65536, .salt = Bytes(32, std::byte{0xab})};
  EXPECT_EQ(
      digest_of(bytes, large, 65536),
      "a077baa24b8b45478e0435d4b7e566592bd5f88b81af75b349444de73c9d8c638143c6662dc08a1d802ad5c1473"
      "1aae54d8b66bc07a4d9fdc7217633a5b8ba22");
}

TEST(FsVerity, starts_anew_after_a_digest) {
  auto hasher = VerityHasher::make({});
  hasher->update(content(5000));
  const AnyDigest first = hasher->finish();
  hasher->update(content(5000));
  EXPECT_EQ(hasher->finish(), first);
}

TEST(FsVerity, refuses_parameters_that_it_does_not_have) {
  EXPECT_EQ(VerityHasher::make({.alg = HashAlg::sha384}).error().message,
            "fs-verity has no sha384, only sha256 and sha512");
  for (const std::uint32_t size : {0U, 512U, 1025U, 131072U}) {
    EXPECT_EQ(VerityHasher::make({.block_size = size}).error().message,
              std::to_string(size) + " is no power of two from 1024 to 65536");
  }
  EXPECT_EQ(VerityHasher::make({.salt = Bytes(33)}).error().message, "a salt has at most 32 bytes");
}

}  // namespace
}  // namespace etalon::ima
