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

// A text in the URL-safe alphabet, respelled; one that mixes both alphabets is left to fail.
std::string standard_alphabet(std::string text) {
  if (text.find_first_of("+/") != std::string::npos) return text;
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  return text;
}

Result<Bytes> base64_member(const Json& json, std::string_view member) {
  TRY_ASSIGN(std::string text, json_text(json, member));
  return in(decode_base64(standard_alphabet(std::move(text))), member);
}

Result<Signature> parse_signature(const Json& json) {
  Signature signature;
  if (json.find("keyid") != nullptr) {
    TRY_ASSIGN(signature.keyid, json_text(json, "keyid"));
  }
  TRY_ASSIGN(signature.sig, base64_member(json, "sig"));
  if (signature.sig.size() > max_signature_size) {
    return fail(ErrorCode::limit,
                "signature larger than " + std::to_string(max_signature_size) + " bytes");
  }
  return signature;
}

Result<Envelope> parse(ByteView text) {
  TRY_ASSIGN(const Json json, parse_json(as_text(text)));
  Envelope envelope;
  TRY_ASSIGN(envelope.payload_type, json_text(json, "payloadType"));
  TRY_ASSIGN(envelope.payload, base64_member(json, "payload"));
  TRY_ASSIGN(const Json::Array* signatures, json_array(json, "signatures"));
  if (signatures->size() > max_signatures) {
    return fail(ErrorCode::limit, "more than " + std::to_string(max_signatures) + " signatures");
  }
  for (std::size_t i = 0; i < signatures->size(); ++i) {
    TRY_ASSIGN(Signature signature,
               in(parse_signature((*signatures)[i]), "signature " + std::to_string(i)));
    envelope.signatures.push_back(std::move(signature));
  }
  return envelope;
}

void put(Envelope& envelope, const PublicKey& key, Bytes signature) {
  const Bytes message = pae(envelope.payload_type, envelope.payload);
  std::erase_if(envelope.signatures,
                [&](const Signature& each) { return key.verifies(message, each.sig); });
  envelope.signatures.push_back({.keyid = key.keyid(), .sig = std::move(signature)});
}

Status check_room(const Envelope& envelope) {
  if (envelope.signatures.size() < max_signatures) return {};
  return fail(ErrorCode::limit, "no room for another signature");
}

}  // namespace

Bytes pae(std::string_view payload_type, ByteView payload) {
  ByteWriter writer;
  writer.text("DSSEv1 ").text(std::to_string(payload_type.size())).text(" ").text(payload_type);
  writer.text(" ").text(std::to_string(payload.size())).text(" ").bytes(payload);
  return writer.take();
}

Result<Envelope> parse_envelope(ByteView json) {
  return in(parse(json), "DSSE envelope");
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
  TRY(check_room(envelope));
  auto accepted = key.accepted_form(pae(envelope.payload_type, envelope.payload), signature);
  if (!accepted) {
    return fail(ErrorCode::crypto, "the signature is not this key's over this payload");
  }
  put(envelope, key, *std::move(accepted));
  return {};
}

std::vector<bool> signed_by(const Envelope& envelope, std::span<const PublicKey> keys) {
  const Bytes message = pae(envelope.payload_type, envelope.payload);
  std::vector<bool> signers;
  for (const PublicKey& key : keys) {
    signers.push_back(
        std::any_of(envelope.signatures.begin(), envelope.signatures.end(),
                    [&](const Signature& each) { return key.verifies(message, each.sig); }));
  }
  return signers;
}

}  // namespace etalon::crypto
