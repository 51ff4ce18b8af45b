// SPDX-License-Identifier: Apache-2.0
#include "references/measure/boot/stub_initrd.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "mkosi/uki/uki.hpp"
#include "references/measure/boot/esp_files.hpp"
#include "references/measure/boot/stub_cpio.hpp"
#include "references/measure/profiles/stub.hpp"
#include "tests/support/fake_uki.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/writer.hpp"

namespace etalon::measure {
namespace {

using test::fake_uki;
using test::FakePe;

const std::vector<HashAlg> algs = {HashAlg::sha256, HashAlg::sha384};

// The archive of one file in one folder.
Bytes generated_cpio(std::string_view path, ByteView content) {
  const std::size_t slash = path.rfind('/');
  StubArchive archive(path.substr(0, slash));
  archive.add(path.substr(slash + 1), 0444, content);
  EXPECT_EQ(archive.size(), archive.bytes().size());
  return archive.bytes();
}

TEST(StubArchive, has_the_bytes_of_the_stub) {
  const std::string zero = "00000000";
  const std::string magic = "070701";
  const std::string four = zero + zero + zero + zero;
  ByteWriter expected;
  expected.text(magic + "00000001" + "0000416d" + zero + zero + "00000001" + zero + zero + four);
  expected.text("00000007" + zero + ".extra").u8(0).align(4);
  expected.text(magic + "00000002" + "00008124" + zero + zero + "00000001" + zero + "00000005");
  expected.text(four + "00000012" + zero + ".extra/os-release").u8(0).align(4);
  expected.text("ID=x\n").align(4);
  expected.text(magic + four + "00000001" + zero + zero + four + "0000000B" + zero + "TRAILER!!!");
  expected.fill(4);
  EXPECT_EQ(as_text(generated_cpio(".extra/os-release", as_bytes("ID=x\n"))),
            as_text(expected.view()));
  // The size seen in a boot: a 52-byte os-release gives 424 bytes.
  EXPECT_EQ(generated_cpio(".extra/os-release", Bytes(52)).size(), 424U);
}

TEST(StubArchive, counts_inodes_over_folders_and_files_and_pads_each_file) {
  StubArchive archive(".extra/credentials", 0500);
  archive.add("a", 0400, as_bytes("12345"));
  archive.add("b", 0400, as_bytes(""));
  const Bytes bytes = archive.bytes();
  const std::string_view text = as_text(bytes);
  EXPECT_NE(text.find("070701"
                      "00000001"
                      "0000416d"),
            text.npos)
      << ".extra is 0555";
  EXPECT_NE(text.find("070701"
                      "00000002"
                      "00004140"),
            text.npos)
      << "credentials is 0500";
  EXPECT_NE(text.find("070701"
                      "00000003"
                      "00008100"),
            text.npos)
      << "files are 0400";
  EXPECT_NE(text.find(std::string_view("12345\0\0\0"
                                       "070701"
                                       "00000004",
                                       22)),
            text.npos);
  EXPECT_EQ(bytes.size() % 4, 0U);
  EXPECT_EQ(archive.size(), bytes.size());
  MultiHasher hasher(algs);
  archive.feed(hasher);
  EXPECT_EQ(hasher.finish(), hash_all(algs, bytes));
}

// The digest over plain concatenation of what the members should be.
DigestSet of(const std::vector<Bytes>& members) {
  Bytes all;
  for (const Bytes& each : members) {
    append(all, each);
    all.resize((all.size() + 3) / 4 * 4);
  }
  return hash_all(algs, all);
}

TEST(StubInitrd, joins_members_in_the_order_of_the_version) {
  FakePe fake = fake_uki();
  fake.add(".osrel", "ID=demo").add(".initrd", "initrd").add(".ucode", "micro");
  fake.add(".pcrsig", "{}").add(".pcrpkey", "key").add(".profile", "ID=main");
  const Bytes file = fake.build();
  const auto image = uki::decode_uki(file);
  ASSERT_TRUE(image) << image.error().text();
  const Bytes initrd = to_bytes("initrd");
  const Bytes ucode = to_bytes("micro");
  const Bytes sig = generated_cpio(".extra/tpm2-pcr-signature.json", as_bytes("{}"));
  const Bytes key = generated_cpio(".extra/tpm2-pcr-public-key.pem", as_bytes("key"));
  const Bytes osrel = generated_cpio(".extra/os-release", as_bytes("ID=demo"));
  const Bytes profile = generated_cpio(".extra/profile", as_bytes("ID=main"));
  const auto digests = [&](unsigned stub) {
    const auto joined = hash_stub_initrd(*find_stub(stub), *image, {}, algs);
    return joined ? joined->digests : DigestSet();
  };
  EXPECT_EQ(digests(252), of({initrd, sig, key}));
  EXPECT_EQ(digests(255), of({initrd, sig, key}));
  EXPECT_EQ(digests(256), of({ucode, initrd, sig, key}));
  EXPECT_EQ(digests(257), of({ucode, initrd, sig, key, osrel, profile}));
  EXPECT_EQ(digests(262), of({ucode, initrd, sig, key, osrel, profile}));
}

TEST(StubInitrd, has_what_lies_beside_behind_the_images_own) {
  const Bytes file = fake_uki("258").add(".initrd", "init").add(".pcrsig", "{}").build();
  const auto image = uki::decode_uki(file);
  ASSERT_TRUE(image);
  const EspFile credential{.path = "x/a.cred", .bytes = as_bytes("secret")};
  const EspFile extension{.path = "loader/extensions/e.raw", .bytes = as_bytes("erofs")};
  const std::vector<Sidecar> sidecars = {
      {.kind = SidecarKind::credentials, .files = {&credential}},
      {.kind = SidecarKind::global_sysext, .files = {&extension}}};
  const Bytes first = archive_of(sidecars[0]).bytes();
  const Bytes second = archive_of(sidecars[1]).bytes();
  EXPECT_NE(as_text(first).find(".extra/credentials/a.cred"), std::string_view::npos);
  EXPECT_NE(as_text(second).find(".extra/global_sysext/e.raw"), std::string_view::npos);
  const auto initrd = hash_stub_initrd(*find_stub(258), *image, sidecars, algs);
  ASSERT_TRUE(initrd);
  EXPECT_EQ(initrd->members,
            (std::vector<std::string>{".initrd", ".extra/credentials", ".extra/global_sysext",
                                      ".extra/tpm2-pcr-signature.json"}));
  EXPECT_EQ(initrd->digests,
            of({to_bytes("init"), first, second,
                generated_cpio(".extra/tpm2-pcr-signature.json", as_bytes("{}"))}));
}

TEST(StubInitrd, does_not_pad_a_single_member) {
  const Bytes file = fake_uki("252").add(".initrd", "initrd").build();
  const auto image = uki::decode_uki(file);
  ASSERT_TRUE(image);
  const auto initrd = hash_stub_initrd(*find_stub(252), *image, {}, algs);
  ASSERT_TRUE(initrd);
  EXPECT_EQ(initrd->digests, hash_all(algs, as_bytes("initrd")));
  EXPECT_EQ(initrd->members, std::vector<std::string>{".initrd"});
}

TEST(StubInitrd, is_absent_without_members) {
  const Bytes file = fake_uki("252").add(".osrel", "ID=demo").build();
  const auto image = uki::decode_uki(file);
  ASSERT_TRUE(image);
  EXPECT_FALSE(hash_stub_initrd(*find_stub(252), *image, {}, algs));
  EXPECT_TRUE(hash_stub_initrd(*find_stub(257), *image, {}, algs));
}

}  // namespace
}  // namespace etalon::measure
