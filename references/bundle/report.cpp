// SPDX-License-Identifier: Apache-2.0
#include "references/bundle/report.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "references/bundle/bundle.hpp"
#include "references/bundle/manifest.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"
#include "tools/base/verdict.hpp"
#include "tools/codec/json.hpp"
#include "tools/crypto/dsse.hpp"

namespace etalon::bundle {
namespace {

constexpr std::string_view not_signed = "the manifest is not signed";

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& each : names)
    text += (text.empty() ? "" : ", ") + each;
  return text;
}

Check signatures_check(const Bundle& bundle, const std::vector<Signer>& signers) {
  Check check{.id = "signatures"};
  if (bundle.envelope.signatures.empty()) {
    check.detail = not_signed;
    return check;
  }
  std::vector<std::string> absent;
  for (const Signer& each : signers) {
    if (!each.valid) absent.push_back(each.keyid);
  }
  check.result = absent.empty() && !signers.empty() ? CheckResult::pass : CheckResult::fail;
  check.detail = absent.empty() ? std::to_string(signers.size()) + " of " +
                                      std::to_string(signers.size()) + " keys signed"
                                : "no valid signature by " + joined(absent);
  return check;
}

Check members_check(const MemberCheck& members, std::size_t listed, AbsentMembers absent) {
  Check check{.id = "members"};
  if (members.none_present && absent == AbsentMembers::allowed) {
    check.detail = "only the manifest is at hand";
    return check;
  }
  check.result = members.ok() ? CheckResult::pass : CheckResult::fail;
  if (members.ok()) {
    check.detail = std::to_string(listed) + " members are the signed ones";
    return check;
  }
  std::vector<std::string> faults;
  for (const auto& [what, names] :
       {std::pair{"missing: ", &members.missing}, std::pair{"altered: ", &members.altered},
        std::pair{"unlisted: ", &members.unlisted}}) {
    if (!names->empty()) faults.push_back(what + joined(*names));
  }
  check.detail = joined(faults);
  return check;
}

// Equal in every algorithm that both have, and one at least.
bool fits(const DigestSet& reference, const DigestSet& observed) {
  std::size_t common = 0;
  for (const auto& [alg, digest] : observed) {
    const AnyDigest* expected = reference.find(alg);
    if (expected == nullptr) continue;
    if (*expected != digest) return false;
    ++common;
  }
  return common > 0;
}

// Those worth computing over an image.
std::vector<HashAlg> subject_algs(const Manifest& manifest) {
  std::vector<HashAlg> algs;
  for (const HashAlg alg : all_hash_algs) {
    const bool used = std::ranges::any_of(
        manifest.subjects, [&](const Subject& s) { return s.digest.find(alg) != nullptr; });
    if (used) algs.push_back(alg);
  }
  return algs;
}

Check subject_check(const Manifest& manifest, const DigestSet& observed) {
  Check check{.id = "subject"};
  if (observed.empty()) {
    check.detail = "no image was named";
    return check;
  }
  const auto at = std::ranges::find_if(
      manifest.subjects, [&](const Subject& each) { return fits(each.digest, observed); });
  const bool found = at != manifest.subjects.end();
  check.result = found ? CheckResult::pass : CheckResult::fail;
  check.detail = found ? "is '" + printable(at->name) + "'" : "the image is none of the subjects";
  return check;
}

Check release_check(const Release& release, const std::optional<std::string>& asked) {
  Check check{.id = "release"};
  if (!asked) {
    check.detail = "no name was asked for";
    return check;
  }
  const bool same = !release.name.empty() && release.name == *asked;
  check.result = same ? CheckResult::pass : CheckResult::fail;
  check.detail =
      release.name.empty() ? "the release has no name" : "is '" + printable(release.name) + "'";
  return check;
}

Check validity_check(const Release& release, Utc time) {
  Check check{.id = "validity"};
  if (!release.not_before && !release.not_after) {
    check.detail = "no limits are stated";
  } else if (release.not_before && time < *release.not_before) {
    check.result = CheckResult::fail;
    check.detail = "not valid before " + release.not_before->text();
  } else if (release.not_after && time > *release.not_after) {
    check.result = CheckResult::fail;
    check.detail = "not valid after " + release.not_after->text();
  } else {
    check.result = CheckResult::pass;
    check.detail = "valid at " + time.text();
  }
  return check;
}

void skip_the_rest(Report& report) {
  for (const std::string_view id : {"members", "subject", "release", "validity"})
    report.checks.push_back({.id = id, .result = CheckResult::skip, .detail = "not looked at"});
}

Verdict verdict_of(const std::vector<Check>& checks) {
  const auto has = [&](CheckResult result) {
    return std::ranges::any_of(checks, [&](const Check& each) { return each.result == result; });
  };
  if (has(CheckResult::fail)) return Verdict::fail;
  return checks.front().result == CheckResult::pass ? Verdict::pass : Verdict::inconclusive;
}

Json texts_json(const std::vector<std::string>& texts) {
  return Json::Array(texts.begin(), texts.end());
}

Json release_name(const Report& report) {
  if (!report.manifest || report.manifest->release.name.empty()) return {};
  return report.manifest->release.name;
}

}  // namespace

std::string_view name(CheckResult result) {
  switch (result) {
    case CheckResult::pass:
      return "pass";
    case CheckResult::fail:
      return "fail";
    case CheckResult::skip:
      return "skip";
  }
  return "unknown";
}

Result<Report> check_bundle(const Bundle& bundle, const Questions& questions) {
  Report report;
  report.payload_sha256 = sha256(bundle.envelope.payload);
  const std::vector<bool> valid = crypto::signed_by(bundle.envelope, questions.keys);
  for (std::size_t i = 0; i < valid.size(); ++i)
    report.signers.push_back({.keyid = questions.keys[i].keyid(), .valid = valid[i]});
  report.checks.push_back(signatures_check(bundle, report.signers));
  if (report.checks.front().result != CheckResult::pass) {
    skip_the_rest(report);
    report.verdict = verdict_of(report.checks);
    return report;
  }
  TRY_ASSIGN(report.manifest, open_envelope(bundle.envelope));
  const Manifest& manifest = *report.manifest;
  report.members = check_members(manifest, bundle.files);
  DigestSet subject = questions.subject;
  if (questions.hash_image) {
    TRY_ASSIGN(subject, questions.hash_image(subject_algs(manifest)));
  }
  report.checks.push_back(
      members_check(report.members, manifest.members.size(), questions.absent_members));
  report.checks.push_back(subject_check(manifest, subject));
  report.checks.push_back(release_check(manifest.release, questions.release));
  report.checks.push_back(validity_check(manifest.release, questions.time));
  report.verdict = verdict_of(report.checks);
  return report;
}

Json report_json(const Report& report) {
  Json::Array signers;
  for (const Signer& each : report.signers) {
    signers.emplace_back(
        Json::Object{{"keyid", each.keyid}, {"role", Json()}, {"valid", each.valid}});
  }
  Json::Array checks;
  for (const Check& each : report.checks) {
    checks.emplace_back(
        Json::Object{{"id", each.id}, {"result", name(each.result)}, {"detail", each.detail}});
  }
  const bool members_ok = report.manifest.has_value() && report.members.ok();
  return Json(
      Json::Object{{"verdict", name(report.verdict)},
                   {"payload_sha256", report.payload_sha256.hex()},
                   {"release", release_name(report)},
                   {"signers", std::move(signers)},
                   {"members", Json::Object{{"ok", members_ok},
                                            {"missing", texts_json(report.members.missing)},
                                            {"altered", texts_json(report.members.altered)},
                                            {"unlisted", texts_json(report.members.unlisted)}}},
                   {"checks", std::move(checks)}});
}

}  // namespace etalon::bundle
