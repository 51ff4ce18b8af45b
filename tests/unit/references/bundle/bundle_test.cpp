// SPDX-License-Identifier: Apache-2.0
#include "references/bundle/bundle.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "references/bundle/manifest.hpp"
#include "tests/support/fake_bundle.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"
#include "tools/crypto/dsse.hpp"

namespace etalon::bundle {
namespace {

TEST(BundleLayout, knows_its_paths_and_no_others) {
  EXPECT_EQ(*classify_path("manifest.dsse.json"), PathKind::manifest);
  for (const char* path : {"files.json", "eventlogs/p.json", "eventlogs/p.ccel",
                           "policy/ima-policy", "kernel/ima.config", "exports/rego/a/b.rego"}) {
    EXPECT_EQ(*classify_path(path), PathKind::member) << path;
  }
  EXPECT_EQ(*classify_path("attachments/a"), PathKind::attachment);
  EXPECT_EQ(*classify_path("attachments/tsa/a.tsr"), PathKind::attachment);
  for (const char* path :
       {"", "files.jsonl", "Files.json", "eventlogs", "eventlogs/", "eventlogs/a/b", "policy/a/b",
        "kernel/.hidden", "exports/", "exports/../files.json", "exports//a", "/exports/a",
        "attachments/a b", "attachments/\xc3\xa9", "other/a", "a"}) {
    const auto refused = classify_path(path);
    ASSERT_FALSE(refused.has_value()) << path;
    EXPECT_EQ(refused.error().code, ErrorCode::malformed);
    EXPECT_EQ(refused.error().message, "'" + printable(path) + "' has no place in a bundle");
  }
  EXPECT_TRUE(classify_path("exports/" + std::string(92, 'x')).has_value());
  EXPECT_FALSE(classify_path("exports/" + std::string(93, 'x')).has_value());
}

TEST(MakeBundle, lists_every_member_and_signs_nothing) {
  const Bundle bundle = test::fake_bundle();
  EXPECT_TRUE(bundle.envelope.signatures.empty());
  EXPECT_EQ(bundle.envelope.payload_type, crypto::in_toto_payload_type);
  const auto manifest = parse_payload(bundle.envelope.payload);
  ASSERT_TRUE(manifest.has_value());
  ASSERT_EQ(manifest->members.size(), 6U);
  EXPECT_EQ(manifest->members[5], (Member{.path = "policy/ima-policy",
                                          .sha256 = sha256(as_bytes("measure func=BPRM_CHECK\n")),
                                          .size = 24,
                                          .media_type = "text/plain"}));
  EXPECT_EQ(manifest->members[0].media_type, "application/json");
  EXPECT_EQ(manifest->members[2].media_type, "application/octet-stream");
  EXPECT_TRUE(check_members(*manifest, bundle.files).ok());
}

TEST(MakeBundle, refuses_members_out_of_place) {
  Files files = test::fake_members();
  files.emplace("stray", to_bytes("x"));
  const auto made = make_bundle(test::fake_manifest(), files);
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, ErrorCode::malformed);
  EXPECT_EQ(made.error().text(), "manifest: 'stray' has no place in a bundle");
  files.erase("stray");
  files.emplace("attachments/x", to_bytes("x"));
  EXPECT_EQ(make_bundle(test::fake_manifest(), files).error().text(),
            "manifest: 'attachments/x' cannot be a member");
}

TEST(CheckMembers, tells_missing_altered_and_unlisted_apart) {
  const Bundle bundle = test::fake_bundle();
  const auto manifest = parse_payload(bundle.envelope.payload);
  ASSERT_TRUE(manifest.has_value());
  Files files = bundle.files;
  files.erase("files.json");
  files["kernel/ima.config"][0] ^= std::byte{1};
  files["policy/ima-policy"].push_back(std::byte{'\n'});
  files["exports/extra"] = {};
  files["attachments/extra"] = {};
  const MemberCheck check = check_members(*manifest, files);
  EXPECT_EQ(check.missing, std::vector<std::string>{"files.json"});
  EXPECT_EQ(check.altered, (std::vector<std::string>{"kernel/ima.config", "policy/ima-policy"}));
  EXPECT_EQ(check.unlisted, std::vector<std::string>{"exports/extra"});
  EXPECT_FALSE(check.none_present);
  EXPECT_FALSE(check.ok());
}

TEST(CheckMembers, knows_when_only_the_manifest_is_at_hand) {
  const Bundle bundle = test::fake_bundle();
  const auto manifest = parse_payload(bundle.envelope.payload);
  ASSERT_TRUE(manifest.has_value());
  const MemberCheck check = check_members(*manifest, {{"attachments/a", {}}});
  EXPECT_TRUE(check.none_present);
  EXPECT_EQ(check.missing.size(), 6U);
  EXPECT_FALSE(check.ok());
}

}  // namespace
}  // namespace etalon::bundle
