// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/render.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "kernel/config/kconfig.hpp"
#include "policy/lang/facts.hpp"
#include "policy/lang/parse.hpp"
#include "policy/lang/rule.hpp"
#include "tests/unit/policy/lang/captured_kernel.hpp"

namespace etalon::policy {
namespace {

// Of a kernel with everything an IMA rule can depend on.
KernelFacts full_kernel(std::string_view version) {
  return {*known_kernel(version),
          *kconfig::Config::parse("CONFIG_IMA_APPRAISE_MODSIG=y\nCONFIG_IMA_LSM_RULES=y\n"
                                  "CONFIG_IMA_MEASURE_ASYMMETRIC_KEYS=y\n"
                                  "CONFIG_CRYPTO_SHA256=y\nCONFIG_CRYPTO_SHA512=y\n"),
          Labels::loaded};
}

// The canonical spelling; "" and a failure where the rule is refused or does not survive.
std::string round_trip(const std::string& text, const KernelFacts& kernel) {
  const Verdict verdict = judge_rule(text, kernel);
  if (!verdict.rule) {
    ADD_FAILURE() << text << ": " << verdict.reason;
    return "";
  }
  std::string rendered = render_rule(*verdict.rule);
  const Verdict again = judge_rule(rendered, kernel);
  EXPECT_EQ(again.accepted, verdict.accepted) << rendered << ": " << again.reason;
  EXPECT_EQ(again.rule, verdict.rule) << text << "\n" << rendered;
  return rendered;
}

class RenderCaptured : public testing::TestWithParam<const char*> {};

TEST_P(RenderCaptured, reads_back_as_the_same_rule) {
  const KernelFacts kernel = test::captured_kernel(GetParam());
  std::size_t count = 0;
  for (const test::CapturedRule& row : test::captured_rules(GetParam())) {
    if (row.verdict != "accept" || row.rule.find('\n') != std::string::npos) continue;
    if (!judge_rule(row.rule, kernel).rule) continue;  // a comment
    const std::string rendered = round_trip(row.rule, kernel);
    EXPECT_EQ(round_trip(rendered, kernel), rendered);
    ++count;
  }
  EXPECT_GE(count, 50U);
}

INSTANTIATE_TEST_SUITE_P(All, RenderCaptured, testing::Values("6.1", "6.12", "7.2"),
                         [](const auto& row) {
                           std::string name = row.param;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

TEST(RenderRule, has_one_spelling) {
  const KernelFacts kernel = full_kernel("6.12");
  const std::vector<std::vector<std::string>> rows = {
      {"func=FILE_MMAP  measure", "measure func=MMAP_CHECK"},
      {"measure pcr=11 template=d-ng|n-ng euid>5 func=PATH_CHECK mask=^MAY_READ",
       "measure func=FILE_CHECK mask=^MAY_READ euid>5 pcr=11 template=ima-ng"},
      {"dont_measure fsmagic=01021994 fgroup<9 fowner=0 egid=3",
       "dont_measure fsmagic=0x1021994 egid=3 fowner=0 fgroup<9"},
      {"measure subj_type=b obj_user=a", "measure obj_user=a subj_type=b"},
      {"measure func=KEY_CHECK keyrings=.ima|.evm", "measure func=KEY_CHECK keyrings=.ima|.evm"},
      {"measure label=a|b func=CRITICAL_DATA", "measure func=CRITICAL_DATA label=a|b"},
      {"appraise appraise_algos=sha256,sha512 appraise_type=imasig permit_directio",
       "appraise appraise_type=imasig appraise_algos=sha256,sha512 permit_directio"},
      {"appraise func=MODULE_CHECK appraise_type=imasig|modsig",
       "appraise func=MODULE_CHECK appraise_type=imasig|modsig"},
      {"measure fsuuid=8BCBE394-4F13-4144-BE8E-5AA9EA2CE2F6xyz fsname=ext4",
       "measure fsname=ext4 fsuuid=8bcbe394-4f13-4144-be8e-5aa9ea2ce2f6"}};
  for (const auto& row : rows)
    EXPECT_EQ(round_trip(row.at(0), kernel), row.at(1));
}

TEST(RenderRule, keeps_the_order_that_a_version_needs) {
  EXPECT_EQ(round_trip("appraise digest_type=verity appraise_type=sigv3", full_kernel("6.1")),
            "appraise digest_type=verity appraise_type=sigv3");
  const KernelFacts newest = full_kernel("7.2");
  EXPECT_EQ(round_trip("appraise appraise_type=sigv3 digest_type=verity", newest),
            "appraise digest_type=verity appraise_type=sigv3");
  EXPECT_EQ(round_trip("appraise appraise_type=imasig digest_type=verity", newest),
            "appraise appraise_type=imasig digest_type=verity");
  EXPECT_EQ(round_trip("appraise func=MODULE_CHECK appraise_type=imasig|modsig "
                       "appraise_flag=check_blacklist",
                       full_kernel("6.1")),
            "appraise func=MODULE_CHECK appraise_type=imasig|modsig "
            "appraise_flag=check_blacklist");
}

}  // namespace
}  // namespace etalon::policy
