// SPDX-License-Identifier: Apache-2.0
#include "references/bundle/report.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "references/bundle/bundle.hpp"
#include "tests/support/fake_bundle.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"
#include "tools/base/utc.hpp"
#include "tools/codec/json.hpp"
#include "tools/crypto/dsse.hpp"
#include "tools/crypto/keys.hpp"

namespace etalon::bundle {
namespace {

const crypto::PrivateKey& first_key() {
  static const crypto::PrivateKey key = test::test_key("ed25519");
  return key;
}

const crypto::PrivateKey& second_key() {
  static const crypto::PrivateKey key = test::test_key("p256");
  return key;
}

Bundle signed_bundle() {
  Bundle bundle = test::fake_bundle();
  EXPECT_TRUE(crypto::sign(bundle.envelope, first_key()).has_value());
  return bundle;
}

Questions asked() {
  return {.keys = {first_key().public_key()}, .time = *Utc::parse("2026-06-01T00:00:00Z")};
}

Report report_of(const Bundle& bundle, const Questions& questions) {
  auto report = check_bundle(bundle, questions);
  EXPECT_TRUE(report.has_value()) << report.error().text();
  return *std::move(report);
}

Check check_of(const Report& report, std::string_view id) {
  for (const Check& each : report.checks) {
    if (each.id == id) return each;
  }
  return {};
}

TEST(BundleReport, passes_a_signed_bundle_and_says_what_was_not_asked) {
  const Bundle bundle = signed_bundle();
  const Report report = report_of(bundle, asked());
  EXPECT_EQ(report.verdict, Verdict::pass);
  EXPECT_EQ(report.payload_sha256, sha256(bundle.envelope.payload));
  const std::vector<Check> expected = {
      {"signatures", CheckResult::pass, "1 of 1 keys signed"},
      {"members", CheckResult::pass, "6 members are the signed ones"},
      {"subject", CheckResult::skip, "no image was named"},
      {"release", CheckResult::skip, "no name was asked for"},
      {"validity", CheckResult::pass, "valid at 2026-06-01T00:00:00Z"}};
  EXPECT_EQ(report.checks, expected);
}

TEST(BundleReport, is_inconclusive_without_any_signature) {
  const Report report = report_of(test::fake_bundle(), asked());
  EXPECT_EQ(report.verdict, Verdict::inconclusive);
  EXPECT_EQ(check_of(report, "signatures").detail, "the manifest is not signed");
  EXPECT_FALSE(report.manifest.has_value());
  for (const Check& each : report.checks)
    EXPECT_EQ(each.result, CheckResult::skip);
}

TEST(BundleReport, fails_unless_every_key_has_signed) {
  Questions questions = asked();
  questions.keys = {first_key().public_key(), second_key().public_key()};
  Bundle bundle = signed_bundle();
  const Report one = report_of(bundle, questions);
  EXPECT_EQ(one.verdict, Verdict::fail);
  EXPECT_EQ(check_of(one, "signatures").detail,
            "no valid signature by " + second_key().public_key().keyid());
  EXPECT_TRUE(one.signers[0].valid);
  EXPECT_FALSE(one.signers[1].valid);
  ASSERT_TRUE(crypto::sign(bundle.envelope, second_key()).has_value());
  EXPECT_EQ(report_of(bundle, questions).verdict, Verdict::pass);
  questions.keys.clear();
  EXPECT_EQ(report_of(bundle, questions).verdict, Verdict::fail);
}

TEST(BundleReport, does_not_parse_what_the_keys_did_not_sign) {
  Bundle bundle = signed_bundle();
  bundle.envelope.payload = to_bytes("not a manifest");
  EXPECT_EQ(report_of(bundle, asked()).verdict, Verdict::fail);
  ASSERT_TRUE(crypto::sign(bundle.envelope, first_key()).has_value());
  const auto refused = check_bundle(bundle, asked());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::malformed);
  EXPECT_EQ(refused.error().text(), "manifest: JSON: at 1: not valid JSON");
}

// The same payload under another type was never signed as a manifest.
TEST(BundleReport, refuses_what_the_keys_signed_as_another_type) {
  Bundle bundle = test::fake_bundle();
  bundle.envelope.payload_type = "text/pl\nain";
  EXPECT_EQ(report_of(bundle, asked()).verdict, Verdict::inconclusive);
  ASSERT_TRUE(crypto::sign(bundle.envelope, first_key()).has_value());
  const auto refused = check_bundle(bundle, asked());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::unsupported);
  EXPECT_EQ(refused.error().text(),
            "DSSE envelope: payload type 'text/pl\\x0aain' is not application/vnd.in-toto+json");
}

TEST(BundleReport, names_members_that_are_not_the_signed_ones) {
  Bundle bundle = signed_bundle();
  bundle.files.erase("files.json");
  bundle.files["policy/ima-policy"][0] ^= std::byte{1};
  bundle.files["exports/more"] = {};
  const Report report = report_of(bundle, asked());
  EXPECT_EQ(report.verdict, Verdict::fail);
  EXPECT_EQ(check_of(report, "members").detail,
            "missing: files.json, altered: policy/ima-policy, unlisted: exports/more");
}

TEST(BundleReport, judges_a_lone_manifest_unless_members_are_required) {
  Bundle bundle = signed_bundle();
  bundle.files.clear();
  Questions questions = asked();
  const Report report = report_of(bundle, questions);
  EXPECT_EQ(report.verdict, Verdict::pass);
  EXPECT_EQ(check_of(report, "members"),
            (Check{"members", CheckResult::skip, "only the manifest is at hand"}));
  questions.absent_members = AbsentMembers::refused;
  EXPECT_EQ(report_of(bundle, questions).verdict, Verdict::fail);
}

TEST(BundleReport, finds_the_image_by_digest_alone) {
  const Bundle bundle = signed_bundle();
  Questions questions = asked();
  questions.subject = test::fake_digests(test::fake_image, {HashAlg::sha256, HashAlg::sha512});
  EXPECT_EQ(check_of(report_of(bundle, questions), "subject"),
            (Check{"subject", CheckResult::pass, "is 'demo.efi'"}));
  questions.subject = test::fake_digests("fw", {HashAlg::sha256});
  EXPECT_EQ(check_of(report_of(bundle, questions), "subject").detail, "is 'OVMF.fd'");
  questions.subject = test::fake_digests(test::fake_image, {HashAlg::sha512});
  EXPECT_EQ(report_of(bundle, questions).verdict, Verdict::fail);
  questions.subject = test::fake_digests(test::fake_image, {HashAlg::sha256});
  questions.subject.set(hash(HashAlg::sha384, as_bytes("another")));
  EXPECT_EQ(check_of(report_of(bundle, questions), "subject"),
            (Check{"subject", CheckResult::fail, "the image is none of the subjects"}));
}

TEST(BundleReport, asks_for_the_digests_that_the_subjects_have) {
  Questions questions = asked();
  std::vector<HashAlg> wanted;
  questions.hash_image = [&](const std::vector<HashAlg>& algs) -> Result<DigestSet> {
    wanted = algs;
    return hash_all(algs, as_bytes(test::fake_image));
  };
  EXPECT_EQ(check_of(report_of(signed_bundle(), questions), "subject").result, CheckResult::pass);
  EXPECT_EQ(wanted, (std::vector<HashAlg>{HashAlg::sha256, HashAlg::sha384}));
  questions.hash_image = [](const std::vector<HashAlg>& /*algs*/) -> Result<DigestSet> {
    return fail(ErrorCode::io, "gone");
  };
  const auto refused = check_bundle(signed_bundle(), questions);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message, "gone");
}

TEST(BundleReport, compares_the_name_of_the_release) {
  Questions questions = asked();
  questions.release = "demo";
  EXPECT_EQ(check_of(report_of(signed_bundle(), questions), "release").result, CheckResult::pass);
  questions.release = "demo2";
  EXPECT_EQ(report_of(signed_bundle(), questions).verdict, Verdict::fail);
  Manifest nameless = test::fake_manifest();
  nameless.release.name.clear();
  Bundle bundle = *make_bundle(nameless, test::fake_members());
  ASSERT_TRUE(crypto::sign(bundle.envelope, first_key()).has_value());
  questions.release = "";
  EXPECT_EQ(check_of(report_of(bundle, questions), "release"),
            (Check{"release", CheckResult::fail, "the release has no name"}));
}

TEST(BundleReport, holds_the_release_to_its_limits) {
  Questions questions = asked();
  const std::pair<const char*, const char*> times[] = {
      {"2025-12-31T23:59:59Z", "not valid before 2026-01-01T00:00:00Z"},
      {"2026-01-01T00:00:00Z", "valid at 2026-01-01T00:00:00Z"},
      {"2027-01-01T00:00:00Z", "valid at 2027-01-01T00:00:00Z"},
      {"2027-01-01T00:00:01Z", "not valid after 2027-01-01T00:00:00Z"}};
  for (const auto& [time, detail] : times) {
    questions.time = *Utc::parse(time);
    EXPECT_EQ(check_of(report_of(signed_bundle(), questions), "validity").detail, detail);
  }
  Bundle tiny = test::tiny_bundle();
  ASSERT_TRUE(crypto::sign(tiny.envelope, first_key()).has_value());
  EXPECT_EQ(check_of(report_of(tiny, questions), "validity"),
            (Check{"validity", CheckResult::skip, "no limits are stated"}));
}

TEST(BundleReport, prints_the_documented_members) {
  const Json json = report_json(report_of(signed_bundle(), asked()));
  EXPECT_EQ(*json_text(json, "verdict"), "pass");
  EXPECT_EQ(*json_text(json, "release"), "demo");
  const Json& signer = (*json.find("signers")->array())[0];
  EXPECT_EQ(*json_text(signer, "keyid"), first_key().public_key().keyid());
  EXPECT_TRUE(signer.find("role")->is_null());
  EXPECT_TRUE(*signer.find("valid")->boolean());
  EXPECT_TRUE(*json.find("members")->find("ok")->boolean());
  EXPECT_EQ(json.find("checks")->array()->size(), 5U);
}

}  // namespace
}  // namespace etalon::bundle
