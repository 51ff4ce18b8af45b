// SPDX-License-Identifier: Apache-2.0
// What the verbs that work on a bundle share: reading one that is fit to be signed, and writing it
// back in place or elsewhere.
#pragma once

#include <string>

#include "references/bundle/bundle_file.hpp"
#include "references/bundle/manifest.hpp"
#include "tools/base/result.hpp"
#include "tools/crypto/keys.hpp"

namespace etalon::build {

struct StoredBundle {
  bundle::BundleFile file{};
  bundle::Manifest manifest{};
};

// A bundle whose payload is a manifest and whose members, where any are at hand, are the listed
// ones; mismatch error naming the first that is not.
Result<StoredBundle> load_bundle(const std::string& path);

// Writes the bundle that came from `path`, of which only the file `changed` is different: back to
// `path` where `output` is empty, else as a whole to `output`.
Status store_bundle(const std::string& path, const std::string& output,
                    const bundle::BundleFile& file, const std::string& changed);

Result<crypto::PublicKey> load_public_key(const std::string& path);

}  // namespace etalon::build
