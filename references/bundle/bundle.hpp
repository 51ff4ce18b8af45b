// SPDX-License-Identifier: Apache-2.0
// A bundle: the signed manifest, the members it lists by digest, and attachments beside them
// (docs/formats/bundle.md). It exists as a folder and as one ustar file with the same content;
// a lone manifest.dsse.json is a bundle of which nothing but the manifest is at hand. Not signed
// yet is an envelope with no signatures. Only the paths of the layout may occur; attachments are
// outside the signature, are never a source of expected values, and unknown ones are ignored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "references/bundle/manifest.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"
#include "tools/crypto/dsse.hpp"

namespace etalon::bundle {

inline constexpr std::string_view manifest_path = "manifest.dsse.json";
inline constexpr std::string_view files_path = "files.json";

enum class PathKind : std::uint8_t {
  manifest,    // manifest.dsse.json
  member,      // covered by the signature through its digest in the manifest
  attachment,  // attachments/…: self-authenticating or nothing
};

// Which part of the layout a path belongs to; malformed where the layout has no such path. Paths
// have at most 100 characters out of letters, digits and "._+@=-", in components that are neither
// empty nor start with a dot.
Result<PathKind> classify_path(std::string_view path);

// The media type a member is listed with, by its path.
std::string_view media_type(std::string_view path);

using Files = std::map<std::string, Bytes>;

struct Bundle {
  crypto::Envelope envelope{};
  Files files{};  // members and attachments by path; not the manifest

  bool operator==(const Bundle&) const = default;
};

// The unsigned bundle of a manifest and its members: lists `members` in the manifest with size,
// digest and media type (replacing what is there), and renders the payload. Refuses what
// validate() refuses and paths that are not a member's.
Result<Bundle> make_bundle(Manifest manifest, Files members);

// The manifest in an envelope whose signatures were checked (or are about to be made): unsupported
// error for a payload of another type, which a signer never meant as a manifest, and what
// parse_payload() refuses.
Result<Manifest> open_envelope(const crypto::Envelope& envelope);

// What comparing the files at hand with manifest.members says. Attachments are not looked at.
struct MemberCheck {
  std::vector<std::string> missing{};   // listed, not there
  std::vector<std::string> altered{};   // listed and there, with another size or digest
  std::vector<std::string> unlisted{};  // there, not listed
  bool none_present = false;            // only the manifest is at hand

  // Every member was compared and is the signed one.
  bool ok() const { return missing.empty() && altered.empty() && unlisted.empty(); }

  bool operator==(const MemberCheck&) const = default;
};

MemberCheck check_members(const Manifest& manifest, const Files& files);

}  // namespace etalon::bundle
