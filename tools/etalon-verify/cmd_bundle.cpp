// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "references/bundle/bundle_file.hpp"
#include "references/bundle/report.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/file.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"
#include "tools/base/utc.hpp"
#include "tools/cli/program.hpp"
#include "tools/crypto/keys.hpp"
#include "tools/etalon-verify/outcome.hpp"
#include "tools/etalon-verify/verbs.hpp"

namespace etalon::relying {
namespace {

struct Options {
  std::string bundle;
  std::vector<std::string> keys;
  std::string image;
  std::string subject;
  std::optional<std::string> release;
  std::string time;
  bool require_members = false;
};

Result<std::vector<crypto::PublicKey>> load_keys(const std::vector<std::string>& paths) {
  std::vector<crypto::PublicKey> keys;
  for (const std::string& path : paths) {
    TRY_ASSIGN(const Bytes pem, read_file(path, crypto::max_key_file));
    TRY_ASSIGN(const crypto::PublicKey key,
               in_file(in(crypto::PublicKey::from_pem(pem), "public key"), path));
    if (std::ranges::find(keys, key) != keys.end()) {
      return in_file(Result<std::vector<crypto::PublicKey>>(
                         fail(ErrorCode::usage, "the same key is given twice")),
                     path);
    }
    keys.push_back(key);
  }
  return keys;
}

Result<DigestSet> parse_subject(std::string_view text) {
  const std::size_t colon = text.find(':');
  TRY_ASSIGN(const HashAlg alg, parse_hash_alg(text.substr(0, colon)));
  if (colon == std::string_view::npos) return fail(ErrorCode::usage, "must be ALG:HEX");
  TRY_ASSIGN(const AnyDigest digest, AnyDigest::from_hex(alg, text.substr(colon + 1)));
  DigestSet digests;
  digests.set(digest);
  return digests;
}

// The image is opened now, so that a wrong name is told whatever the bundle is worth, and read when
// it is known which digests to compare.
Status ask_about_image(const std::string& path, bundle::Questions& questions) {
  TRY_ASSIGN(FileHandle handle, open_regular(path));
  const auto file = std::make_shared<const FileHandle>(std::move(handle));
  questions.hash_image = [path, file](const std::vector<HashAlg>& algs) -> Result<DigestSet> {
    MultiHasher hasher(algs);
    TRY(stream_file(*file, path, std::numeric_limits<std::uint64_t>::max(),
                    [&](ByteView piece) { hasher.update(piece); }));
    return hasher.finish();
  };
  return {};
}

Result<Utc> judged_at(const std::string& time) {
  if (!time.empty()) return as_usage(Utc::parse(time), "--time");
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return Utc::from_unix(std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

void print(const bundle::Report& report, std::ostream& out) {
  out << "verdict  " << name(report.verdict) << "\npayload  " << report.payload_sha256.hex()
      << '\n';
  if (report.manifest && !report.manifest->release.name.empty()) {
    out << "release  " << printable(report.manifest->release.name);
    if (!report.manifest->release.version.empty()) {
      out << ' ' << printable(report.manifest->release.version);
    }
    out << '\n';
  }
  for (const bundle::Signer& each : report.signers)
    out << "signer   " << each.keyid << (each.valid ? " valid\n" : " absent\n");
  for (const bundle::Check& each : report.checks)
    out << "check    " << name(each.result) << ' ' << each.id << ": " << each.detail << '\n';
}

Result<cli::ExitCode> run(const Options& options, cli::Io& io) {
  TRY_ASSIGN(const Utc time, judged_at(options.time));
  bundle::Questions questions{.release = options.release,
                              .time = time,
                              .absent_members = options.require_members
                                                    ? bundle::AbsentMembers::refused
                                                    : bundle::AbsentMembers::allowed};
  TRY_ASSIGN(questions.keys, load_keys(options.keys));
  if (!options.image.empty()) TRY(ask_about_image(options.image, questions));
  if (!options.subject.empty()) {
    TRY_ASSIGN(questions.subject, as_usage(parse_subject(options.subject), "--subject"));
  }
  TRY_ASSIGN(const bundle::BundleFile file, bundle::read_bundle(options.bundle));
  TRY_ASSIGN(const bundle::Report report,
             in_file(bundle::check_bundle(file.bundle, questions), options.bundle));
  if (io.json)
    io.out << bundle::report_json(report).pretty();
  else
    print(report, io.out);
  return exit_code(report.verdict);
}

}  // namespace

void add_bundle(cli::Program& program) {
  cli::Verb verb = program.verb("bundle", "check who signed a bundle and what");
  const auto options = std::make_shared<Options>();
  verb.option("BUNDLE", options->bundle, "folder, tar file or manifest.dsse.json").required();
  verb.option("--key", options->keys, "public key that must have signed; may be repeated")
      .required();
  const cli::Option image =
      verb.option("--image", options->image, "file that must be one of the subjects");
  verb.option("--subject", options->subject, "its digest, as ALG:HEX").excludes(image);
  verb.option("--name", options->release, "name that the release must have");
  verb.option("--time", options->time,
              "time of judgement, as 2026-07-01T12:00:00Z; the default is now");
  verb.flag("--require-members", options->require_members,
            "fail where only the manifest is at hand");
  verb.json();
  verb.runs([options](cli::Io& io) { return run(*options, io); });
}

}  // namespace etalon::relying
