// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/facts.hpp"

#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "kernel/config/kconfig.hpp"
#include "tools/base/result.hpp"

namespace etalon::policy {
namespace {

TEST(KernelVersionOfPolicy, reads_what_uname_says) {
  for (const char* text : {"6.12", "v6.12", "6.12.95+deb12-amd64", "6.12-rc3"}) {
    const auto version = known_kernel(text);
    ASSERT_TRUE(version.has_value()) << text;
    EXPECT_EQ(*version, (KernelVersion{.version = 6, .patchlevel = 12}));
  }
}

TEST(KernelVersionOfPolicy, refuses_what_is_none_or_is_not_known) {
  for (const char* text : {"", "6", "6.", "x.1", "6x1", "-6.1"}) {
    const auto version = known_kernel(text);
    ASSERT_FALSE(version.has_value()) << text;
    EXPECT_EQ(version.error().code, ErrorCode::malformed);
    EXPECT_EQ(version.error().message, "'" + std::string(text) + "' is no kernel version");
  }
  for (const char* text : {"5.9", "4.19", "7.3", "8.0", "99999.1"}) {
    const auto version = known_kernel(text);
    ASSERT_FALSE(version.has_value()) << text;
    EXPECT_EQ(version.error().code, ErrorCode::unsupported);
    EXPECT_EQ(version.error().message, "the policy language of Linux " + std::string(text) +
                                           " is not known, only that of 5.10 to 7.2");
  }
}

TEST(FeatureRows, say_where_a_feature_is_absent_present_and_unknown) {
  for (const FeatureRow& row : feature_rows()) {
    ASSERT_LT(row.last_without, row.first_with) << row.name;
    EXPECT_FALSE(row.source.empty()) << row.name;
    EXPECT_EQ(KernelFacts(row.last_without, std::nullopt).holds(row.fact), Known::no) << row.name;
    EXPECT_EQ(KernelFacts(row.first_with, std::nullopt).holds(row.fact), Known::yes) << row.name;
    KernelVersion next = row.last_without;
    ++next.patchlevel;
    if (next < row.first_with) {
      EXPECT_EQ(KernelFacts(next, std::nullopt).holds(row.fact), Known::unknown) << row.name;
    }
  }
}

const HashName& hash_named(const char* name) {
  for (const HashName& hash : hash_names()) {
    if (hash.name == name) return hash;
  }
  return hash_names().front();
}

TEST(KernelFactsOfConfig, a_hash_must_be_built_in) {
  const auto config = kconfig::Config::parse(
      "CONFIG_CRYPTO_SHA256=y\nCONFIG_CRYPTO_SHA512=m\n"
      "CONFIG_CRYPTO_SM3_GENERIC=y\nCONFIG_IMA_APPRAISE_MODSIG=y\n");
  ASSERT_TRUE(config.has_value());
  const KernelFacts kernel(last_known_kernel, *config);
  EXPECT_EQ(kernel.has_hash(hash_named("sha224")), Known::yes);
  EXPECT_EQ(kernel.has_hash(hash_named("sha384")), Known::no);
  EXPECT_TRUE(kernel.hash_is_module(hash_named("sha384")));
  EXPECT_EQ(kernel.has_hash(hash_named("sm3")), Known::yes);
  EXPECT_EQ(kernel.has_hash(hash_named("sha1")), Known::no);
  EXPECT_FALSE(kernel.hash_is_module(hash_named("sha1")));
  EXPECT_EQ(kernel.holds(Fact::modsig), Known::yes);
  EXPECT_EQ(kernel.holds(Fact::asymmetric_keys), Known::no);
}

TEST(KernelFactsOfConfig, without_one_only_sha1_is_sure) {
  const KernelFacts kernel(last_known_kernel, std::nullopt);
  EXPECT_EQ(kernel.has_hash(hash_named("sha1")), Known::yes);
  EXPECT_EQ(kernel.has_hash(hash_named("sha256")), Known::unknown);
  EXPECT_EQ(kernel.holds(Fact::modsig), Known::unknown);
  EXPECT_EQ(describe(Fact::modsig), "CONFIG_IMA_APPRAISE_MODSIG");
}

}  // namespace
}  // namespace etalon::policy
