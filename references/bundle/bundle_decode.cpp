// SPDX-License-Identifier: Apache-2.0
// The part of bundle_file.hpp that decodes bytes and touches no file.
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "references/bundle/bundle.hpp"
#include "references/bundle/bundle_file.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"
#include "tools/codec/ustar.hpp"
#include "tools/crypto/dsse.hpp"

namespace etalon::bundle {

// The manifest comes first, so that a reader of a stream may stop there; the rest is sorted.
Result<Bundle> decode_tar(ByteView tar) {
  TRY_ASSIGN(const auto entries, decode_ustar(tar, max_bundle_files));
  if (entries.empty() || entries.front().name != manifest_path) {
    return fail_at(ErrorCode::malformed, "", 0,
                   "does not start with " + std::string(manifest_path));
  }
  Bundle bundle;
  TRY_ASSIGN(bundle.envelope, in(crypto::parse_envelope(entries.front().content), manifest_path));
  std::string_view before;
  for (const UstarEntry& entry : std::span(entries).subspan(1)) {
    const auto kind = classify_path(entry.name);
    if (!kind) return fail_at(kind.error().code, "", entry.offset, kind.error().message);
    if (*kind == PathKind::manifest || entry.name <= before) {
      return fail_at(ErrorCode::malformed, "", entry.offset,
                     "'" + entry.name + "' is out of order");
    }
    bundle.files.emplace(entry.name, to_bytes(entry.content));
    before = entry.name;
  }
  return bundle;
}

// The first byte tells the two kinds of files apart: a manifest is a JSON object, and no path of a
// bundle starts with a brace.
Result<BundleFile> parse_bundle(ByteView content) {
  if (!content.empty() && content.front() == std::byte{'{'}) {
    TRY_ASSIGN(crypto::Envelope envelope, crypto::parse_envelope(content));
    return BundleFile{.form = Form::manifest_only,
                      .bundle = {.envelope = std::move(envelope), .files = {}}};
  }
  TRY_ASSIGN(Bundle bundle, decode_tar(content));
  return BundleFile{.form = Form::tar, .bundle = std::move(bundle)};
}

}  // namespace etalon::bundle
