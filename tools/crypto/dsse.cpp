// SPDX-License-Identifier: Apache-2.0
#include "tools/crypto/dsse.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"
#include "tools/base/writer.hpp"
#include "tools/codec/base64.hpp"
#include "tools/codec/json.hpp"
#include "tools/crypto/keys.hpp"

namespace etalon::crypto {
namespace {

// Replaces what the same key signed before, which is why a full envelope may have room.
Status put(Envelope& envelope, const PublicKey& key, Bytes signature) {
  const Bytes message = pae(envelope.payload_type, envelope.payload);
  const auto same = std::ranges::stable_partition(
      envelope.signatures, [&](const Signature& each) { return !key.verifies(message, each.sig); });
  const auto others = same.begin();
  if (others - envelope.signatures.begin() == static_cast<std::ptrdiff_t>(max_signatures)) {
    return fail(ErrorCode::limit, "no room for another signature");
  }
  envelope.signatures.erase(others, envelope.signatures.end());
  envelope.signatures.push_back({.keyid = key.keyid(), .sig = std::move(signature)});
  return {};
}

}  // namespace

Bytes pae(std::string_view payload_type, ByteView payload) {
  ByteWriter writer;
  writer.text("DSSEv1 ").text(std::to_string(payload_type.size())).text(" ").text(payload_type);
  writer.text(" ").text(std::to_string(payload.size())).text(" ").bytes(payload);
  return writer.take();
}

std::string render_envelope(const Envelope& envelope) {
  Json::Array signatures;
  for (const Signature& each : envelope.signatures) {
    signatures.emplace_back(Json::Object{{"keyid", each.keyid}, {"sig", encode_base64(each.sig)}});
  }
  return Json(Json::Object{{"payload", encode_base64(envelope.payload)},
                           {"payloadType", envelope.payload_type},
                           {"signatures", std::move(signatures)}})
      .canonical();
}

Status sign(Envelope& envelope, const PrivateKey& key) {
  TRY_ASSIGN(Bytes signature, key.sign(pae(envelope.payload_type, envelope.payload)));
  return attach(envelope, key.public_key(), signature);
}

Status attach(Envelope& envelope, const PublicKey& key, ByteView signature) {
  auto accepted = key.accepted_form(pae(envelope.payload_type, envelope.payload), signature);
  if (!accepted) {
    return fail(ErrorCode::crypto, "the signature is not this key's over this payload");
  }
  return put(envelope, key, *std::move(accepted));
}

std::vector<bool> signed_by(const Envelope& envelope, std::span<const PublicKey> keys) {
  const Bytes message = pae(envelope.payload_type, envelope.payload);
  std::vector<bool> signers;
  for (const PublicKey& key : keys) {
    signers.push_back(std::ranges::any_of(envelope.signatures, [&](const Signature& each) {
      return key.verifies(message, each.sig);
    }));
  }
  return signers;
}

}  // namespace etalon::crypto
