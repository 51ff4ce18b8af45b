// SPDX-License-Identifier: Apache-2.0
// The decoder of dsse.hpp. It sees what nobody has vouched for yet, so its limits come first.
#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"
#include "tools/codec/base64.hpp"
#include "tools/codec/json.hpp"
#include "tools/crypto/dsse.hpp"

namespace etalon::crypto {
namespace {

// A text in the URL-safe alphabet, respelled; one that mixes both alphabets is left to fail.
std::string standard_alphabet(std::string text) {
  if (text.find_first_of("+/") != std::string::npos) return text;
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
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
  if (text.size() > max_envelope_size) {
    return fail(ErrorCode::limit, "larger than " + std::to_string(max_envelope_size) + " bytes");
  }
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

}  // namespace

Result<Envelope> parse_envelope(ByteView json) {
  return in(parse(json), "DSSE envelope");
}

}  // namespace etalon::crypto
