// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/variable_text.hpp"

#include <cstddef>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"

namespace etalon::eventlog {
namespace {

std::string text(std::string_view name, const std::string& hex) {
  const auto bytes = from_hex(hex);
  EXPECT_TRUE(bytes.has_value()) << hex;
  return variable_text(name, *bytes).value_or("none");
}

TEST(VariableText, tells_the_secure_boot_state) {
  EXPECT_EQ(text("SecureBoot", "00"), "off");
  EXPECT_EQ(text("SecureBoot", "01"), "on");
  EXPECT_EQ(text("SecureBoot", "02"), "none");
  EXPECT_EQ(text("SecureBoot", "0100"), "none");
  EXPECT_EQ(text("SecureBoot", ""), "none");
}

TEST(VariableText, lists_the_boot_order) {
  EXPECT_EQ(text("BootOrder", "010000000200"), "0001 0000 0002");
  EXPECT_EQ(text("BootOrder", "1af3"), "f31a");
  EXPECT_EQ(text("BootOrder", "01"), "none");
  std::string many;
  for (int i = 0; i < 65; ++i)
    many += "0000";
  EXPECT_TRUE(text("BootOrder", many).ends_with(" 0000 ..."));
}

// Boot0000 of an OVMF boot, as it was logged.
constexpr std::string_view ui_app =
    "09010000"
    "2c00"
    "5500690041007000700000"
    "00"
    "04071400c9bdb87cebf8344faaea3ee4af6516a1"
    "0406140021aa2c4614760345836e8ab6f4662331"
    "7fff0400";

TEST(VariableText, reads_boot_entries) {
  EXPECT_EQ(text("Boot0000", std::string(ui_app)),
            "'UiApp' Fv(7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1)/"
            "FvFile(462caa21-7614-4503-836e-8ab6f4662331), attributes 0x109");
  EXPECT_EQ(text("Boot00FF", std::string(ui_app) + "abcd"),
            "'UiApp' Fv(7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1)/"
            "FvFile(462caa21-7614-4503-836e-8ab6f4662331), attributes 0x109, 2 bytes of options");
  EXPECT_EQ(text("Boot00ff", std::string(ui_app)), "none") << "not a boot entry's name";
}

TEST(VariableText, refuses_boot_entries_that_do_not_fit) {
  EXPECT_EQ(text("Boot0000", "09010000"), "none") << "no path size";
  EXPECT_EQ(text("Boot0000",
                 "09010000"
                 "0000"
                 "5500"),
            "none")
      << "no end of the description";
  EXPECT_EQ(text("Boot0000",
                 "09010000"
                 "0500"
                 "0000"
                 "7fff0400"),
            "none")
      << "path cut";
  EXPECT_EQ(text("Boot0000",
                 "09010000"
                 "0400"
                 "0000"
                 "01010600"),
            "none")
      << "path malformed";
  EXPECT_EQ(text("Boot0000",
                 "09010000"
                 "0400"
                 "00d80000"
                 "7fff0400"),
            "none")
      << "description is not UTF-16";
}

const std::string x509 = "a159c0a5e494a74a87b5ab155c2bf072";
const std::string sha256_list = "2616c4c14c509240aca941f936934328";
const std::string owner(32, '0');

TEST(VariableText, counts_what_signature_lists_hold) {
  // two certificates of 4 bytes, then a list with a header of 2 bytes and one digest
  const std::string certificates = x509 +
                                   "44000000"
                                   "00000000"
                                   "14000000" +
                                   owner + "01020304" + owner + "05060708";
  const std::string digests = sha256_list +
                              "4e000000"
                              "02000000"
                              "30000000"
                              "ffff" +
                              owner + std::string(64, 'a');
  EXPECT_EQ(text("db", certificates), "2 x X.509 certificate");
  EXPECT_EQ(text("dbx", digests + certificates), "1 x SHA-256 digest, 2 x X.509 certificate");
  EXPECT_EQ(text("PK", owner +
                           "2c000000"
                           "00000000"
                           "10000000" +
                           owner),
            "1 x entry of type 00000000-0000-0000-0000-000000000000");
}

TEST(VariableText, refuses_signature_lists_that_do_not_fit) {
  EXPECT_EQ(text("db", x509), "none") << "cut in the list's header";
  EXPECT_EQ(text("db", x509 + "1b000000"
                              "00000000"
                              "14000000"),
            "none")
      << "smaller than that";
  EXPECT_EQ(text("db", x509 + "20000000"
                              "05000000"
                              "14000000"
                              "00000000"),
            "none")
      << "header beyond the list";
  EXPECT_EQ(text("db", x509 +
                           "2b000000"
                           "00000000"
                           "0f000000" +
                           std::string(30, '0')),
            "none")
      << "entries without an owner";
  EXPECT_EQ(text("db", x509 +
                           "31000000"
                           "00000000"
                           "14000000" +
                           std::string(42, '0')),
            "none")
      << "one and a part of an entry";
  EXPECT_EQ(text("db", x509 +
                           "30000000"
                           "00000000"
                           "14000000" +
                           std::string(38, '0')),
            "none")
      << "cut in the entries";
}

TEST(VariableText, leaves_other_variables) {
  EXPECT_EQ(text("SbatLevel", "00"), "none");
  EXPECT_EQ(text("Boot", "00"), "none");
}

TEST(AuthorityText, names_the_entry_by_its_digest) {
  const Bytes entry(16 + 4);
  EXPECT_EQ(authority_text(entry), "certificate with SHA-256 " + sha256(Bytes(4)).hex() +
                                       " of owner 00000000-0000-0000-0000-000000000000");
  EXPECT_EQ(authority_text(Bytes(16 + 32)), "SHA-256 digest " + std::string(64, '0') +
                                                " of owner 00000000-0000-0000-0000-000000000000");
  const Bytes alone = *from_hex("3082000101");
  EXPECT_EQ(authority_text(alone), "certificate with SHA-256 " + sha256(alone).hex());
  EXPECT_EQ(authority_text(Bytes(16)), std::nullopt);
  EXPECT_EQ(authority_text(Bytes(3)), std::nullopt);
}

}  // namespace
}  // namespace etalon::eventlog
