// SPDX-License-Identifier: Apache-2.0
#include "kernel/config/ima_start.hpp"

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernel/config/kconfig.hpp"
#include "tests/support/source_files.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/kernel_version.hpp"

namespace etalon::kconfig {
namespace {

using Words = std::vector<std::string>;

constexpr KernelVersion v6_12{.version = 6, .patchlevel = 12};

ImaStart start(const Words& words, KernelVersion kernel = v6_12) {
  const auto config = Config::parse(
      "CONFIG_IMA=y\nCONFIG_IMA_DEFAULT_HASH=\"sha256\"\nCONFIG_IMA_DEFAULT_TEMPLATE=\"ima-ng\"\n"
      "CONFIG_CRYPTO_SHA1=y\nCONFIG_CRYPTO_SHA256=y\nCONFIG_CRYPTO_SHA512=m\nCONFIG_CRYPTO_MD5="
      "y\n");
  EXPECT_TRUE(config.has_value());
  return ima_start(*config, words, kernel);
}

struct Row {
  const char* name;
  Words words;
  ImaStart expected;
};

class ImaStartOf : public testing::TestWithParam<Row> {};

TEST_P(ImaStartOf, is_what_the_kernel_does) {
  const ImaStart result = start(GetParam().words);
  EXPECT_EQ(result.hash, GetParam().expected.hash);
  EXPECT_EQ(result.tmplate, GetParam().expected.tmplate);
  EXPECT_EQ(result.lost_hash, GetParam().expected.lost_hash);
  EXPECT_EQ(result.ignored, GetParam().expected.ignored);
}

constexpr const char* hash_set = "an ima_hash= before it counts";
constexpr const char* template_set = "an ima_template= or ima_template_fmt= before it counts";
constexpr const char* old_hash = "the template ima takes no hash but SHA-1 and MD5";

INSTANTIATE_TEST_SUITE_P(
    All, ImaStartOf,
    testing::Values(
        Row{"defaults", {"quiet"}, {.hash = "sha256", .tmplate = "ima-ng"}},
        Row{"hash", {"ima_hash=sha1"}, {.hash = "sha1", .tmplate = "ima-ng"}},
        Row{"first_hash",
            {"ima_hash=sha1", "ima_hash=sha256"},
            {.hash = "sha1", .tmplate = "ima-ng", .ignored = {{"ima_hash=sha256", hash_set}}}},
        Row{"lost_hash",
            {"ima_hash=sha384"},
            {.hash = "sha256", .tmplate = "ima-ng", .lost_hash = "sha384"}},
        Row{"unknown_hash",
            {"ima_hash=sha-1", "ima_hash=sha1"},
            {.hash = "sha1",
             .tmplate = "ima-ng",
             .ignored = {{"ima_hash=sha-1", "the kernel knows no such hash"}}}},
        Row{"old_template_then_hash",
            {"ima_template=ima", "ima_hash=sha1"},
            {.hash = "sha1", .tmplate = "ima"}},
        // The default of the configuration does not fit the template, so what was first stays.
        Row{"old_template_alone", {"ima_template=ima"}, {.hash = "sha1", .tmplate = "ima"}},
        Row{"old_template_md5",
            {"ima_template=ima", "ima_hash=md5x"},
            {.hash = "md5", .tmplate = "ima"}},
        Row{"old_template_wrong_hash",
            {"ima_template=ima", "ima_hash=sha256"},
            {.hash = "sha1", .tmplate = "ima", .ignored = {{"ima_hash=sha256", old_hash}}}},
        Row{"hash_then_old_template",
            {"ima_hash=sha256", "ima_template=ima"},
            {.hash = "sha256",
             .tmplate = "ima-ng",
             .ignored = {{"ima_template=ima",
                          "the template ima does not take the hash of the ima_hash= before it"}}}},
        Row{"first_template",
            {"ima_template_fmt=d-ng|n-ng|iuid", "ima_template=ima-sig"},
            {.hash = "sha256",
             .tmplate = "d-ng|n-ng|iuid",
             .ignored = {{"ima_template=ima-sig", template_set}}}},
        Row{"template_by_format",
            {"ima_template=d-ng|n-ng|sig"},
            {.hash = "sha256", .tmplate = "ima-sig"}},
        Row{"unknown_template",
            {"ima_template=imasig", "ima_template=ima-sig"},
            {.hash = "sha256",
             .tmplate = "ima-sig",
             .ignored = {{"ima_template=imasig", "the kernel knows no such template"}}}},
        Row{"unknown_field",
            {"ima_template_fmt=d-ng|path"},
            {.hash = "sha256",
             .tmplate = "ima-ng",
             .ignored = {{"ima_template_fmt=d-ng|path",
                          "the kernel does not know all these fields"}}}}),
    [](const auto& row) { return row.param.name; });

// What kernels that were booted with these words listed: Debian's, of the captured configurations.
struct Boot {
  const char* name;
  const char* kernel;
  Words words;
};

class ImaStartOfBoot : public testing::TestWithParam<Boot> {};

TEST_P(ImaStartOfBoot, is_what_the_list_has) {
  const std::string folder = "tests/data/ima-lists/" + std::string(GetParam().name);
  std::istringstream list{std::string(as_text(test::source_file(folder + "/ascii")))};
  std::string pcr;
  std::string digest;
  std::string tmplate;
  std::string rest;
  list >> pcr >> digest >> tmplate;
  std::getline(list, rest);  // of boot_aggregate, whose hash is the bank's
  std::string other;
  std::string file;
  list >> pcr >> digest >> other >> file;

  const Bytes config =
      test::source_file("tests/data/kernel-config/config-" + std::string(GetParam().kernel));
  const auto parsed = Config::parse(as_text(config));
  ASSERT_TRUE(parsed.has_value());
  const auto kernel = parse_kernel_version(GetParam().kernel);
  ASSERT_TRUE(kernel.has_value());
  const ImaStart result = ima_start(*parsed, GetParam().words, *kernel);
  EXPECT_EQ(result.tmplate, tmplate);
  if (tmplate == "ima")
    EXPECT_EQ(result.hash, file.size() == 40 ? "sha1" : "md5");
  else
    EXPECT_NE((":" + file).find(":" + result.hash + ":"), std::string::npos) << file;
  EXPECT_TRUE(result.ignored.empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, ImaStartOfBoot,
    testing::Values(
        Boot{"6.1-tcb", "6.1", {"ima_policy=tcb"}},
        Boot{"6.1-custom", "6.1", {"ima_template=ima-ng", "ima_policy=critical_data"}},
        Boot{"6.12-vonly", "6.12", {"ima_hash=sha256"}},
        Boot{"6.12-notpm", "6.12", {"ima_policy=tcb", "ima_template=ima", "ima_hash=sha1"}},
        Boot{
            "7.2-notpm2", "7.2", {"ima_hash=sha512", "ima_template_fmt=d-ng|n-ng|iuid|igid|imode"}},
        Boot{"7.2-ramfs",
             "7.2",
             {"ima_policy=tcb|critical_data", "ima_template=ima-ngv2", "ima_hash=sha384"}}),
    [](const auto& row) {
      std::string name = row.param.name;
      std::ranges::replace_if(
          name, [](char c) { return c == '-' || c == '.'; }, '_');
      return name;
    });

TEST(ImaStart, follows_the_version) {
  const KernelVersion v5_10{.version = 5, .patchlevel = 10};
  EXPECT_EQ(start({"ima_template=ima-ngv2"}).tmplate, "ima-ngv2");
  EXPECT_EQ(start({"ima_template=ima-ngv2"}, v5_10).ignored.size(), 1U);
  EXPECT_EQ(start({"ima_hash=sm3"}).lost_hash, "sm3");
  EXPECT_EQ(start({"ima_hash=sm3"}, v5_10).ignored.size(), 1U);
  EXPECT_EQ(start({"ima_hash=sm3-256"}).ignored.size(), 1U);
  EXPECT_EQ(start({"ima_template_fmt=d-ngv2"}, v5_10).ignored.size(), 1U);
}

}  // namespace
}  // namespace etalon::kconfig
