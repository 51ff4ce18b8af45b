// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/pcr_values.hpp"

#include <string>

#include <gtest/gtest.h>

#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"

namespace etalon::eventlog {
namespace {

const std::string forty(40, 'a');
const std::string sixty_four(64, 'b');

TEST(PcrValues, reads_plain_lines) {
  const auto values = parse_pcr_values("# of a boot\n\nsha1 10 " + forty + "\r\nsha256\t10  " +
                                       sixty_four + "\nsm3_256 3 00\n");
  ASSERT_TRUE(values.has_value()) << values.error().text();
  ASSERT_EQ(values->size(), 1U);
  EXPECT_EQ(values->at(10).find(HashAlg::sha1)->hex(), forty);
  EXPECT_EQ(values->at(10).find(HashAlg::sha256)->hex(), sixty_four);
}

TEST(PcrValues, reads_what_tpm2_pcrread_prints) {
  const auto values =
      parse_pcr_values("  sha1:\n    0 : 0x" + forty + "\n    10: 0x" + forty +
                       "\n  sm3_256:\n    1 : 0x00\n  sha256:\n    23: 0x" + sixty_four);
  ASSERT_TRUE(values.has_value()) << values.error().text();
  ASSERT_EQ(values->size(), 3U);
  EXPECT_EQ(values->at(0).find(HashAlg::sha1)->hex(), forty);
  EXPECT_EQ(values->at(23).find(HashAlg::sha256)->hex(), sixty_four);
}

TEST(PcrValues, reads_the_files_of_evmctl) {
  std::string spaced;
  for (int i = 0; i < 20; ++i)
    spaced += "AA ";
  const auto values = parse_pcr_values("PCR-00: " + spaced + "\nPCR-10: " + spaced + "\n");
  ASSERT_TRUE(values.has_value()) << values.error().text();
  EXPECT_EQ(values->at(10).find(HashAlg::sha1)->hex(), forty);
}

struct Refused {
  std::string text;
  std::string error;
};

TEST(PcrValues, refuses_everything_else) {
  const Refused all[] = {
      {"", "no PCR values"},
      {"# none\n", "no PCR values"},
      {"sm3_256 3 00\n", "no PCR values"},
      {"\nSHA1 10 " + forty, "line 2: 'SHA1' is no bank"},
      {"sha1 24 " + forty, "line 1: '24' is no PCR from 0 to 23"},
      {"sha1 -1 " + forty, "line 1: '-1' is no PCR from 0 to 23"},
      {"sha1 10", "line 1: sha1 digest must have 20 bytes, not 0"},
      {"sha1 10 " + sixty_four, "line 1: sha1 digest must have 20 bytes, not 32"},
      {"sha1 10 zz", "line 1: not a hexadecimal digit: zz"},
      {"sha1 1 " + forty + "\nsha1 1 " + forty, "line 2: sha1 PCR 1 is given twice"},
      {"10: abcd\n", "line 1: no bank has values of 4 digits"},
      {"x: y\n", "line 1: 'x' is no PCR from 0 to 23"},
  };
  for (const Refused& each : all) {
    const auto values = parse_pcr_values(each.text);
    ASSERT_FALSE(values.has_value()) << each.text;
    EXPECT_EQ(values.error().code, ErrorCode::malformed) << each.text;
    EXPECT_EQ(values.error().text(), each.error) << each.text;
  }
}

TEST(PcrValues, takes_single_values) {
  PcrValues values;
  EXPECT_EQ(*add_pcr_value(values, "sha1:" + forty), 10U);
  EXPECT_EQ(*add_pcr_value(values, "sha256:11:" + sixty_four), 11U);
  EXPECT_EQ(values.at(11).find(HashAlg::sha256)->hex(), sixty_four);
  EXPECT_EQ(add_pcr_value(values, "sha1").error().message, "must be BANK:[PCR:]HEX");
  EXPECT_EQ(add_pcr_value(values, "md5:" + forty).error().code, ErrorCode::usage);
  EXPECT_EQ(add_pcr_value(values, "sha1:99:" + forty).error().message,
            "'99' is no PCR from 0 to 23");
  EXPECT_EQ(add_pcr_value(values, "sha1:" + forty).error().message, "sha1 PCR 10 is given twice");
}

}  // namespace
}  // namespace etalon::eventlog
