// SPDX-License-Identifier: Apache-2.0
// decoder: references/bundle/bundle_decode.cpp
// decoder: references/bundle/manifest_parse.cpp
// decoder: references/bundle/manifest_rules.cpp
// decoder: references/eventlog/expectation.cpp
// decoder: tools/codec/base64.cpp
// decoder: tools/codec/ustar.cpp
// decoder: tools/crypto/dsse_parse.cpp
// The input is tried as a bundle file, as an envelope, as a payload and as a tar file. An accepted
// tar file must be encoded to the same bytes. Of an envelope or a payload the white space and the
// members that are not known are dropped: it must be rendered to a text with an equal value.
#include <cstddef>
#include <cstdint>
#include <string>

#include "references/bundle/bundle.hpp"
#include "references/bundle/bundle_file.hpp"
#include "references/bundle/manifest.hpp"
#include "tools/base/assert.hpp"
#include "tools/base/bytes.hpp"
#include "tools/codec/ustar.hpp"
#include "tools/crypto/dsse.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using namespace etalon;

void try_payload(ByteView payload) {
  const auto manifest = bundle::parse_payload(payload);
  if (!manifest) {
    (void)manifest.error().text();
    return;
  }
  ETALON_ASSERT(bundle::validate(*manifest).has_value());
  // Members that are not known are dropped, so that only a second rendering is a fixed point.
  const std::string text = bundle::render_payload(*manifest);
  const auto again = bundle::parse_payload(as_bytes(text));
  ETALON_ASSERT(again.has_value() && bundle::render_payload(*again) == text);
}

void try_envelope(ByteView json) {
  const auto envelope = crypto::parse_envelope(json);
  if (!envelope) return;
  const std::string text = crypto::render_envelope(*envelope);
  const auto again = crypto::parse_envelope(as_bytes(text));
  ETALON_ASSERT(again.has_value() && *again == *envelope);
  try_payload(envelope->payload);
}

void try_tar(ByteView tar) {
  const auto entries = decode_ustar(tar, 64);
  if (!entries) return;
  const auto encoded = encode_ustar(*entries);
  ETALON_ASSERT(encoded.has_value() && equal(*encoded, tar));
  const auto decoded = bundle::decode_tar(tar);
  if (!decoded) return;
  const auto again = bundle::encode_tar(*decoded);
  ETALON_ASSERT(again.has_value());
  const auto same = bundle::decode_tar(*again);
  ETALON_ASSERT(same.has_value() && *same == *decoded);
  try_payload(decoded->envelope.payload);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): libFuzzer's byte type
  const ByteView input(reinterpret_cast<const std::byte*>(data), size);
  const auto file = bundle::parse_bundle(input);
  if (!file) (void)file.error().text();
  try_payload(input);
  try_envelope(input);
  try_tar(input);
  return 0;
}
