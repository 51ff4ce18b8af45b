// SPDX-License-Identifier: Apache-2.0
// The rules of a manifest that its types do not express.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "references/bundle/bundle.hpp"
#include "references/bundle/manifest.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"

namespace etalon::bundle {
namespace {

constexpr std::uint64_t max_number = (std::uint64_t{1} << 53U) - 1;
constexpr std::size_t max_id = 64;

tl::unexpected<Error> broken(std::string message) {
  return fail(ErrorCode::malformed, std::move(message));
}

Status check_subjects(const Manifest& manifest) {
  if (manifest.subjects.empty()) return broken("no subject");
  for (const Subject& each : manifest.subjects) {
    if (each.digest.find(HashAlg::sha256) == nullptr) {
      return broken("subject '" + printable(each.name) + "' has no sha256");
    }
  }
  return {};
}

Status check_release(const Release& release) {
  if (release.sequence > max_number) return broken("release sequence beyond 2^53");
  if (release.not_before && release.not_after && *release.not_after < *release.not_before) {
    return broken("release notAfter lies before notBefore");
  }
  return {};
}

Status check_members(const Manifest& manifest) {
  if (manifest.members.size() > max_members) {
    return fail(ErrorCode::limit, "more than " + std::to_string(max_members) + " members");
  }
  const Member* before = nullptr;
  for (const Member& each : manifest.members) {
    TRY_ASSIGN(const PathKind kind, classify_path(each.path));
    if (kind != PathKind::member) return broken("'" + each.path + "' cannot be a member");
    if (before != nullptr && before->path >= each.path) {
      return broken("members are not sorted by path at '" + each.path + "'");
    }
    if (each.size > max_number) return broken("size of '" + each.path + "' beyond 2^53");
    before = &each;
  }
  return {};
}

Status check_listed(const Manifest& manifest, const std::string& path) {
  if (path.empty()) return {};
  const bool listed =
      std::ranges::any_of(manifest.members, [&](const Member& each) { return each.path == path; });
  if (listed) return {};
  return broken("'" + printable(path) + "' is named but is not a member");
}

bool is_id(std::string_view id) {
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !id.empty() && id.size() <= max_id && id.front() != '.' &&
         id.find_first_not_of(allowed) == std::string_view::npos;
}

Status check_bits(const MaskedBits& bits, std::string_view name) {
  if ((bits.value & ~bits.mask) == 0) return {};
  return broken(std::string(name) + " has bits outside its mask");
}

Status check_td(const Platform& platform) {
  if (!platform.td) return {};
  if (platform.tee != "tdx") {
    return broken("platform '" + platform.id + "' has a TD body but is no TD");
  }
  TRY(check_bits(platform.td->attributes, "attributes"));
  return check_bits(platform.td->xfam, "xfam");
}

Status check_platforms(const Manifest& manifest) {
  if (manifest.platforms.size() > max_platforms) {
    return fail(ErrorCode::limit, "more than " + std::to_string(max_platforms) + " platforms");
  }
  std::set<std::string_view> ids;
  for (const Platform& each : manifest.platforms) {
    if (!is_id(each.id)) return broken("'" + printable(each.id) + "' is not a platform id");
    if (!ids.insert(each.id).second) return broken("platform '" + each.id + "' appears twice");
    TRY(check_listed(manifest, each.eventlog));
    TRY(check_td(each));
  }
  return {};
}

}  // namespace

Status validate(const Manifest& manifest) {
  TRY(check_subjects(manifest));
  TRY(check_release(manifest.release));
  TRY(check_members(manifest));
  TRY(check_platforms(manifest));
  for (const Component& each : manifest.image.components) {
    if (each.size > max_number) return broken("size of component beyond 2^53");
  }
  if (!manifest.ima) return {};
  TRY(check_listed(manifest, manifest.ima->policy));
  return check_listed(manifest, manifest.ima->files);
}

}  // namespace etalon::bundle
