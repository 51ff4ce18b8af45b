// SPDX-License-Identifier: Apache-2.0
// Builds a small but complete bundle: every kind of value a manifest can hold, one member of every
// folder, signed on request. Bytes depend on nothing outside.
#pragma once

#include <initializer_list>
#include <string>

#include "references/bundle/bundle.hpp"
#include "references/bundle/manifest.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/crypto/keys.hpp"

namespace etalon::test {

// The image that the fake manifest is about.
inline constexpr const char* fake_image = "not really an image\n";

// Every algorithm's digest of a text.
DigestSet fake_digests(const std::string& text, std::initializer_list<HashAlg> algs);

bundle::Manifest fake_manifest();

// files.json, an event log per platform, the IMA policy, the kernel options and one export.
bundle::Files fake_members();

bundle::Bundle fake_bundle();

// One platform, one member, no texts that could be left out: for tests over every single bit.
bundle::Bundle tiny_bundle();

// The private half of the throw-away key in tests/data/keys.
crypto::PrivateKey test_key(const std::string& name);

}  // namespace etalon::test
