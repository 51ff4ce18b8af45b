// SPDX-License-Identifier: Apache-2.0
// DSSE, the Dead Simple Signing Envelope 1.0.2 (github.com/secure-systems-lab/dsse). A signature
// is over PAE(payload type, payload), an unambiguous encoding of both, and therefore over the raw
// payload bytes: nothing is parsed before it has been verified. Key ids are hints and are not
// looked at when verifying. An envelope with an empty list of signatures is our form of "not
// signed yet"; it never verifies.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"
#include "tools/crypto/keys.hpp"

namespace etalon::crypto {

struct Signature {
  std::string keyid{};
  Bytes sig{};

  bool operator==(const Signature&) const = default;
};

struct Envelope {
  std::string payload_type{};
  Bytes payload{};
  std::vector<Signature> signatures{};

  bool operator==(const Envelope&) const = default;
};

inline constexpr std::string_view in_toto_payload_type = "application/vnd.in-toto+json";

// Limits of parse_envelope: a signature costs one check per key, and 16 KiB is room for any
// algorithm in use.
inline constexpr std::size_t max_signatures = 64;
inline constexpr std::size_t max_signature_size = 16384;

// Of the JSON text, none of which is verified when it is parsed: base64 of a payload of 16 MiB, and
// as many signatures of the largest size as there may be.
inline constexpr std::size_t max_envelope_size = std::size_t{24} << 20U;

// "DSSEv1 LENGTH TYPE LENGTH BODY", lengths in decimal bytes.
Bytes pae(std::string_view payload_type, ByteView payload);

// Base64 in the standard or the URL-safe alphabet (DSSE asks for both), padded; members it does
// not know are ignored; beyond the limits is a limit error.
Result<Envelope> parse_envelope(ByteView json);
// Canonical JSON without a final newline.
std::string render_envelope(const Envelope& envelope);

// Signs and puts the signature into the envelope. A signature that the same key already made over
// this payload is replaced, so that signing twice does not grow the envelope.
Status sign(Envelope& envelope, const PrivateKey& key);
// Puts in a signature made elsewhere, in the same way; crypto error if it is not this key's over
// this payload. Raw r||s, as PKCS#11 tokens give it, becomes DER.
Status attach(Envelope& envelope, const PublicKey& key, ByteView signature);

// For each of `keys`, whether one of the signatures is that key's over the payload. `keys` with
// the same key twice is the caller's to refuse.
std::vector<bool> signed_by(const Envelope& envelope, std::span<const PublicKey> keys);

}  // namespace etalon::crypto
