// SPDX-License-Identifier: Apache-2.0
// Judges a bundle by itself: who signed it, whether its files are the signed ones, and whether it
// is the release, the image and the time that were asked for. The payload is parsed only after
// every key that was asked for has been found to have signed it. The checks and their order are
// fixed; docs/formats/verify-bundle.md documents each.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "references/bundle/bundle.hpp"
#include "references/bundle/manifest.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"
#include "tools/base/utc.hpp"
#include "tools/base/verdict.hpp"
#include "tools/codec/json.hpp"
#include "tools/crypto/keys.hpp"

namespace etalon::bundle {

enum class CheckResult : std::uint8_t { pass, fail, skip };
// Inconclusive: no check failed, but there is no signature to compare anything with.
using etalon::Verdict;

std::string_view name(CheckResult result);

struct Check {
  std::string_view id{};
  CheckResult result = CheckResult::skip;
  std::string detail{};

  bool operator==(const Check&) const = default;
};

enum class AbsentMembers : std::uint8_t {
  allowed,  // a manifest without its members is enough
  refused,
};

struct Questions {
  std::vector<crypto::PublicKey> keys{};  // each must have signed
  DigestSet subject{};                    // of the image at hand; empty: not asked
  // Instead of `subject`: computes it in the algorithms that the subjects have digests in.
  std::function<Result<DigestSet>(const std::vector<HashAlg>& algs)> hash_image{};
  std::optional<std::string> release{};  // the name the release must have
  Utc time;                              // for which the release must be valid
  AbsentMembers absent_members = AbsentMembers::allowed;
};

struct Signer {
  std::string keyid{};
  bool valid = false;

  bool operator==(const Signer&) const = default;
};

struct Report {
  Verdict verdict = Verdict::inconclusive;
  Sha256 payload_sha256{};
  std::optional<Manifest> manifest{};  // only where the signatures are good
  std::vector<Signer> signers{};       // in the order of Questions::keys
  MemberCheck members{};
  std::vector<Check> checks{};
};

// Malformed where a signed payload is not a manifest, unsupported where it is of another type.
Result<Report> check_bundle(const Bundle& bundle, const Questions& questions);

// {verdict,payload_sha256,release,signers,members,checks}
Json report_json(const Report& report);

}  // namespace etalon::bundle
