// SPDX-License-Identifier: Apache-2.0
#include "mkosi/uki/authenticode.hpp"

#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

#include "mkosi/uki/pe.hpp"
#include "tests/support/fake_uki.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"

namespace etalon::uki {
namespace {

using test::FakePe;
using test::put_u32;

const std::vector<HashAlg> banks(all_hash_algs.begin(), all_hash_algs.end());

FakePe two_sections() {
  FakePe pe;
  pe.add(".first", "one").add(".second", "two");
  return pe;
}

DigestSet digests_of(const Bytes& file) {
  const auto pe = decode_pe(file);
  EXPECT_TRUE(pe) << pe.error().text();
  if (!pe) return {};
  const auto digests = authenticode(*pe, banks);
  EXPECT_TRUE(digests) << digests.error().text();
  return digests ? *digests : DigestSet();
}

// The definition once more: cut the two fields and the certificates out of the file.
DigestSet reference(const FakePe& fake) {
  Bytes file = fake.build();
  file.resize(file.size() - fake.certificates.size());
  if (fake.directories > 4) {
    const auto entry = file.begin() + static_cast<std::ptrdiff_t>(fake.security_offset());
    file.erase(entry, entry + 8);
  }
  const auto checksum = file.begin() + static_cast<std::ptrdiff_t>(test::fake_pe::checksum);
  file.erase(checksum, checksum + 4);
  return hash_all(banks, file);
}

TEST(Authenticode, covers_all_but_checksum_entry_and_certificates) {
  for (const bool plus : {true, false}) {
    for (const std::uint32_t directories : {4U, 5U, 16U}) {
      for (const char* trailing : {"", "odd", "0123456789abcdef"}) {
        FakePe fake = two_sections();
        fake.plus = plus;
        fake.directories = directories;
        fake.trailing = to_bytes(trailing);
        if (directories > 4) fake.certificates = to_bytes("certificate");
        EXPECT_EQ(digests_of(fake.build()), reference(fake)) << plus << directories << trailing;
      }
    }
  }
}

TEST(Authenticode, does_not_depend_on_the_signature) {
  FakePe fake = two_sections();
  const DigestSet without = digests_of(fake.build());
  fake.certificates = to_bytes("certificate");
  Bytes file = fake.build();
  put_u32(file, test::fake_pe::checksum, 1);
  EXPECT_EQ(digests_of(file), without);
}

TEST(Authenticode, changes_with_every_other_byte) {
  const FakePe fake = two_sections();
  const Bytes file = fake.build();
  const DigestSet before = digests_of(file);
  for (std::size_t i = test::fake_pe::optional + 70; i < file.size(); ++i) {
    const bool directory = i >= fake.count_offset() && i < fake.section_offset(0);
    const bool table = i >= fake.section_offset(0) && i < fake.section_offset(2);
    if (directory || table) continue;  // changes the structure
    Bytes other = file;
    other[i] ^= std::byte{1};
    EXPECT_NE(digests_of(other), before) << i;
  }
}

TEST(Authenticode, hashes_in_the_order_of_the_file_not_of_the_table) {
  const FakePe fake = two_sections();
  const Bytes file = fake.build();
  FakePe swapped;
  swapped.add(".second", "one").add(".first", "two");
  Bytes other = swapped.build();
  // The same file with its two table entries exchanged.
  for (std::size_t i = 0; i < 40; ++i) {
    other[fake.section_offset(0) + i] = file[fake.section_offset(1) + i];
    other[fake.section_offset(1) + i] = file[fake.section_offset(0) + i];
  }
  const auto pe = decode_pe(other);
  ASSERT_TRUE(pe) << pe.error().text();
  EXPECT_EQ(pe->sections[0].name, ".second");
  Bytes plain = other;
  const auto entry = plain.begin() + static_cast<std::ptrdiff_t>(fake.security_offset());
  plain.erase(entry, entry + 8);
  const auto checksum = plain.begin() + static_cast<std::ptrdiff_t>(test::fake_pe::checksum);
  plain.erase(checksum, checksum + 4);
  EXPECT_EQ(digests_of(other), hash_all(banks, plain));
}

TEST(Authenticode, refuses_certificates_larger_than_what_follows_the_sections) {
  FakePe fake = two_sections();
  fake.certificates = to_bytes("certificate");
  Bytes file = fake.build();
  put_u32(file, fake.security_offset(), 1000);
  put_u32(file, fake.security_offset() + 4, 12);
  const auto pe = decode_pe(file);
  ASSERT_TRUE(pe) << pe.error().text();
  const auto digests = authenticode(*pe, banks);
  ASSERT_FALSE(digests);
  EXPECT_EQ(digests.error().code, ErrorCode::malformed);
  EXPECT_EQ(digests.error().text(),
            "PE: certificate table of 12 bytes, but only 11 follow the sections");
}

}  // namespace
}  // namespace etalon::uki
