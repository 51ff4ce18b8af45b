// SPDX-License-Identifier: Apache-2.0
#include "references/bundle/bundle.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "references/bundle/manifest.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"
#include "tools/codec/ustar.hpp"
#include "tools/crypto/dsse.hpp"

namespace etalon::bundle {
namespace {

constexpr std::string_view name_characters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+@=-";

bool is_component(std::string_view text) {
  return !text.empty() && text.front() != '.' &&
         text.find_first_not_of(name_characters) == std::string_view::npos;
}

bool is_path(std::string_view path) {
  if (path.empty() || path.size() > max_ustar_name) return false;
  while (true) {
    const std::size_t slash = path.find('/');
    if (!is_component(path.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

// Directly in one of the folders that hold files only, or anywhere below exports/.
bool is_member_path(std::string_view path) {
  if (path == files_path || path.starts_with("exports/")) return true;
  for (const std::string_view folder : {"eventlogs/", "policy/", "kernel/"}) {
    if (path.starts_with(folder)) return path.find('/', folder.size()) == std::string_view::npos;
  }
  return false;
}

}  // namespace

Result<PathKind> classify_path(std::string_view path) {
  if (is_path(path)) {
    if (path == manifest_path) return PathKind::manifest;
    if (path.starts_with("attachments/")) return PathKind::attachment;
    if (is_member_path(path)) return PathKind::member;
  }
  return fail(ErrorCode::malformed, "'" + printable(path) + "' has no place in a bundle");
}

std::string_view media_type(std::string_view path) {
  if (path.ends_with(".json")) return "application/json";
  if (path.starts_with("policy/") || path.starts_with("kernel/")) return "text/plain";
  return "application/octet-stream";
}

Result<Bundle> make_bundle(Manifest manifest, Files members) {
  manifest.members.clear();
  for (const auto& [path, content] : members) {
    manifest.members.push_back({.path = path,
                                .sha256 = sha256(content),
                                .size = content.size(),
                                .media_type = std::string(media_type(path))});
  }
  TRY(in(validate(manifest), "manifest"));
  Bundle bundle;
  bundle.envelope.payload_type = crypto::in_toto_payload_type;
  bundle.envelope.payload = to_bytes(render_payload(manifest));
  bundle.files = std::move(members);
  return bundle;
}

// DSSE 1.0.2: the type is part of what was signed and decides how the payload is to be read.
Result<Manifest> open_envelope(const crypto::Envelope& envelope) {
  if (envelope.payload_type != crypto::in_toto_payload_type) {
    return in(Result<Manifest>(fail(ErrorCode::unsupported,
                                    "payload type '" + printable(envelope.payload_type) +
                                        "' is not " + std::string(crypto::in_toto_payload_type))),
              "DSSE envelope");
  }
  return parse_payload(envelope.payload);
}

MemberCheck check_members(const Manifest& manifest, const Files& files) {
  MemberCheck check;
  for (const Member& member : manifest.members) {
    const auto at = files.find(member.path);
    if (at == files.end()) {
      check.missing.push_back(member.path);
    } else if (at->second.size() != member.size || sha256(at->second) != member.sha256) {
      check.altered.push_back(member.path);
    }
  }
  std::size_t present = 0;
  for (const auto& [path, content] : files) {
    if (path.starts_with("attachments/")) continue;
    ++present;
    // validate() holds the list to be sorted by path.
    const bool listed = std::ranges::binary_search(manifest.members, path, {}, &Member::path);
    if (!listed) check.unlisted.push_back(path);
  }
  check.none_present = present == 0 && !manifest.members.empty();
  return check;
}

}  // namespace etalon::bundle
