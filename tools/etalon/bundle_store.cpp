// SPDX-License-Identifier: Apache-2.0
#include "tools/etalon/bundle_store.hpp"

#include <string>
#include <utility>

#include <tl/expected.hpp>

#include "references/bundle/bundle.hpp"
#include "references/bundle/bundle_file.hpp"
#include "references/bundle/manifest.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"
#include "tools/crypto/keys.hpp"

namespace etalon::build {
namespace {

Status check_whole(const bundle::Manifest& manifest, const bundle::Files& files) {
  const bundle::MemberCheck check = bundle::check_members(manifest, files);
  if (check.ok() || check.none_present) return {};
  if (!check.missing.empty()) {
    return fail(ErrorCode::mismatch, "member " + check.missing.front() + " is missing");
  }
  if (!check.altered.empty()) {
    return fail(ErrorCode::mismatch, "member " + check.altered.front() + " is not the listed one");
  }
  return fail(ErrorCode::mismatch, check.unlisted.front() + " is not listed in the manifest");
}

}  // namespace

Result<StoredBundle> load_bundle(const std::string& path) {
  StoredBundle stored;
  TRY_ASSIGN(stored.file, bundle::read_bundle(path));
  TRY_ASSIGN(stored.manifest, in_file(bundle::open_envelope(stored.file.bundle.envelope), path));
  TRY(in_file(in(check_whole(stored.manifest, stored.file.bundle.files), "bundle"), path));
  return stored;
}

Status store_bundle(const std::string& path, const std::string& output,
                    const bundle::BundleFile& file, const std::string& changed) {
  if (output.empty()) return bundle::update_bundle(path, file.form, file.bundle, changed);
  const bool lone = file.form == bundle::Form::manifest_only;
  return bundle::write_bundle(output, lone ? file.form : bundle::form_for(output), file.bundle);
}

Result<crypto::PublicKey> load_public_key(const std::string& path) {
  TRY_ASSIGN(const Bytes pem, read_file(path, crypto::max_key_file));
  return in_file(in(crypto::PublicKey::from_pem(pem), "public key"), path);
}

}  // namespace etalon::build
