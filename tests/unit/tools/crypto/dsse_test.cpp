// SPDX-License-Identifier: Apache-2.0
#include "tools/crypto/dsse.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/source_files.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"
#include "tools/codec/base64.hpp"
#include "tools/codec/json.hpp"
#include "tools/crypto/keys.hpp"

namespace etalon::crypto {
namespace {

using test::source_file;

PublicKey key_file(const std::string& name) {
  auto key = PublicKey::from_pem(source_file("tests/data/dsse/test-" + name + ".pub.pem"));
  EXPECT_TRUE(key.has_value());
  return *std::move(key);
}

Envelope envelope_file(const std::string& name) {
  auto envelope = parse_envelope(source_file("tests/data/dsse/" + name + ".dsse.json"));
  EXPECT_TRUE(envelope.has_value());
  return *std::move(envelope);
}

// The key of the specification's example.
constexpr std::string_view vector_spki =
    "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
    "67cd390f77aa359cb08c2235f652270493a9ed832b0abcc01f70954c0390d238"
    "0c782bd54e269125a44f4433aff1432ce94e12bca73aa67ac80cea12608ddf74";

Envelope small() {
  return {.payload_type = "t", .payload = to_bytes("body"), .signatures = {}};
}

// The example of the specification: X and Y of its key, its PAE, its raw r||s signature.
TEST(Dsse, reproduces_the_example_of_the_specification) {
  const auto vector = parse_json(as_text(source_file("tests/data/dsse/spec-vector.json")));
  ASSERT_TRUE(vector.has_value());
  const std::string type = *json_text(*vector, "payloadType");
  const std::string payload = *json_text(*vector, "payload_utf8");
  const Bytes message = pae(type, as_bytes(payload));
  EXPECT_EQ(as_text(message), *json_text(*vector, "pae_utf8"));
  const auto key = PublicKey::from_spki(*from_hex(vector_spki));
  ASSERT_TRUE(key.has_value());
  const Bytes signature = *decode_base64(*json_text(*vector, "sig"));
  EXPECT_EQ(signature.size(), 64U);
  EXPECT_TRUE(key->verifies(message, signature));
  for (std::size_t i = 0; i < signature.size(); ++i) {
    Bytes flipped = signature;
    flipped[i] ^= std::byte{0x10};
    EXPECT_FALSE(key->verifies(message, flipped)) << i;
  }
}

TEST(Dsse, attaches_a_raw_signature_in_der_form) {
  const auto vector = parse_json(as_text(source_file("tests/data/dsse/spec-vector.json")));
  ASSERT_TRUE(vector.has_value());
  Envelope envelope{.payload_type = *json_text(*vector, "payloadType"),
                    .payload = to_bytes(*json_text(*vector, "payload_utf8"))};
  const auto key = PublicKey::from_spki(*from_hex(vector_spki));
  ASSERT_TRUE(key.has_value());
  const Bytes raw = *decode_base64(*json_text(*vector, "sig"));
  ASSERT_TRUE(attach(envelope, *key, raw).has_value());
  const Bytes& der = envelope.signatures.at(0).sig;
  EXPECT_EQ(der.at(0), std::byte{0x30});
  EXPECT_EQ(to_hex(ByteView(der).last(32)), to_hex(ByteView(raw).last(32)));
  EXPECT_TRUE(key->verifies(pae(envelope.payload_type, envelope.payload), der));
}

TEST(Dsse, accepts_envelopes_of_other_tools_with_the_right_key_only) {
  const std::array keys = {key_file("p256"), key_file("ed25519"), key_file("p384")};
  const std::vector<std::pair<std::string, std::vector<bool>>> files = {
      {"p256", {true, false, false}},
      {"ed", {false, true, false}},
      {"multi", {true, true, false}},
      {"p384", {false, false, true}},
      {"p384s256", {false, false, true}}};
  for (const auto& [name, expected] : files) {
    Envelope envelope = envelope_file(name);
    EXPECT_EQ(envelope.payload_type, in_toto_payload_type);
    EXPECT_EQ(signed_by(envelope, keys), expected) << name;
    envelope.payload.back() ^= std::byte{1};
    EXPECT_EQ(signed_by(envelope, keys), std::vector<bool>(3)) << name;
    envelope.payload.back() ^= std::byte{1};
    envelope.payload_type += "x";
    EXPECT_EQ(signed_by(envelope, keys), std::vector<bool>(3)) << name;
  }
}

TEST(Dsse, renders_what_it_parses) {
  Envelope envelope = small();
  const auto key = PrivateKey::generate(KeyType::ed25519);
  ASSERT_TRUE(sign(envelope, *key).has_value());
  const std::string text = render_envelope(envelope);
  const auto back = parse_envelope(as_bytes(text));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(*back, envelope);
  EXPECT_EQ(render_envelope(*back), text);
}

TEST(Dsse, signing_again_replaces_the_same_keys_signature) {
  Envelope envelope = small();
  const auto first = PrivateKey::generate(KeyType::p256);
  const auto second = PrivateKey::generate(KeyType::ed25519);
  ASSERT_TRUE(sign(envelope, *first).has_value());
  ASSERT_TRUE(sign(envelope, *second).has_value());
  ASSERT_TRUE(sign(envelope, *first).has_value());
  ASSERT_EQ(envelope.signatures.size(), 2U);
  EXPECT_EQ(envelope.signatures[1].keyid, first->public_key().keyid());
  const std::array keys = {first->public_key(), second->public_key()};
  EXPECT_EQ(signed_by(envelope, keys), std::vector<bool>(2, true));
}

// One slot is free, or is taken by an earlier signature of the key.
TEST(Dsse, has_room_for_64_signatures_and_for_replacing_one) {
  Envelope envelope = small();
  const auto first = PrivateKey::generate(KeyType::ed25519);
  const auto second = PrivateKey::generate(KeyType::ed25519);
  envelope.signatures.resize(max_signatures - 1);
  ASSERT_TRUE(sign(envelope, *first).has_value());
  ASSERT_TRUE(sign(envelope, *first).has_value());
  EXPECT_EQ(envelope.signatures.size(), max_signatures);
  const Envelope before = envelope;
  const Status full = sign(envelope, *second);
  ASSERT_FALSE(full.has_value());
  EXPECT_EQ(full.error().code, ErrorCode::limit);
  EXPECT_EQ(full.error().message, "no room for another signature");
  EXPECT_EQ(envelope, before);
}

TEST(Dsse, attaches_only_a_signature_that_fits) {
  Envelope envelope = small();
  const auto key = PrivateKey::generate(KeyType::p256);
  const Bytes other = *key->sign(as_bytes("body"));
  const Status refused = attach(envelope, key->public_key(), other);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::crypto);
  EXPECT_EQ(refused.error().message, "the signature is not this key's over this payload");
  EXPECT_TRUE(envelope.signatures.empty());
  const Bytes good = *key->sign(pae("t", as_bytes("body")));
  EXPECT_TRUE(attach(envelope, key->public_key(), good).has_value());
  EXPECT_EQ(envelope.signatures.size(), 1U);
}

TEST(Dsse, an_envelope_without_signatures_is_signed_by_nobody) {
  const auto envelope = parse_envelope(
      as_bytes(R"({"payload":"Ym9keQ==","payloadType":"t","signatures":[],"extra":[1]})"));
  ASSERT_TRUE(envelope.has_value());
  EXPECT_EQ(*envelope, small());
  const std::array keys = {key_file("p256")};
  EXPECT_EQ(signed_by(*envelope, keys), std::vector<bool>{false});
}

TEST(Dsse, reads_both_base64_alphabets_but_no_mixture) {
  const auto parse = [](const std::string& payload) {
    return parse_envelope(
        as_bytes("{\"payload\":\"" + payload + "\",\"payloadType\":\"t\",\"signatures\":[]}"));
  };
  ASSERT_TRUE(parse("-_-_").has_value());
  EXPECT_EQ(parse("-_-_")->payload, parse("+/+/")->payload);
  EXPECT_EQ(parse("-/-_").error().code, ErrorCode::malformed);
  EXPECT_EQ(parse("-/-_").error().text(),
            "DSSE envelope: payload: base64 at 0: not a base64 character");
  EXPECT_EQ(parse("Ym9keQ").error().text(),
            "DSSE envelope: payload: base64 length is not a multiple of 4");
  EXPECT_EQ(parse("Ym9keR==").error().text(),
            "DSSE envelope: payload: base64 at 7: unused bits are not zero");
}

struct Refusal {
  const char* json;
  ErrorCode code;
  const char* text;
};

constexpr std::array refusals = {
    Refusal{R"({"payload":"","signatures":[]})", ErrorCode::not_found,
            "DSSE envelope: payloadType: missing"},
    Refusal{R"({"payload":"","payloadType":"t"})", ErrorCode::not_found,
            "DSSE envelope: signatures: missing"},
    Refusal{R"({"payload":1,"payloadType":"t","signatures":[]})", ErrorCode::malformed,
            "DSSE envelope: payload: not a string"},
    Refusal{R"({"payload":"","payloadType":"t","signatures":{}})", ErrorCode::malformed,
            "DSSE envelope: signatures: not an array"},
    Refusal{R"({"payload":"","payloadType":"t","signatures":[{"keyid":"a"}]})",
            ErrorCode::not_found, "DSSE envelope: signature 0: sig: missing"},
    Refusal{R"({"payload":"","payloadType":"t","signatures":[{"keyid":1,"sig":""}]})",
            ErrorCode::malformed, "DSSE envelope: signature 0: keyid: not a string"},
    Refusal{R"({"payload":"","payload":"","payloadType":"t","signatures":[]})",
            ErrorCode::malformed, "DSSE envelope: JSON: at 14: member 'payload' appears twice"},
    Refusal{"[]", ErrorCode::not_found, "DSSE envelope: payloadType: missing"},
};

TEST(Dsse, refuses_what_is_not_an_envelope) {
  for (const Refusal& each : refusals) {
    const auto refused = parse_envelope(as_bytes(each.json));
    ASSERT_FALSE(refused.has_value()) << each.json;
    EXPECT_EQ(refused.error().code, each.code) << each.json;
    EXPECT_EQ(refused.error().text(), each.text);
  }
}

// The largest that is within the limits, and what is just beyond each.
TEST(Dsse, refuses_what_is_beyond_its_limits) {
  Envelope envelope = small();
  envelope.signatures.assign(max_signatures, {.keyid = "k", .sig = Bytes(max_signature_size)});
  EXPECT_TRUE(parse_envelope(as_bytes(render_envelope(envelope))).has_value());
  const auto refusal = [](const std::string& json) {
    const auto refused = parse_envelope(as_bytes(json));
    EXPECT_FALSE(refused.has_value());
    return refused ? Error{} : refused.error();
  };
  envelope.signatures.emplace_back();
  const Error many = refusal(render_envelope(envelope));
  EXPECT_EQ(many.code, ErrorCode::limit);
  EXPECT_EQ(many.text(), "DSSE envelope: more than 64 signatures");
  envelope.signatures = {{.keyid = "k", .sig = Bytes(max_signature_size + 1)}};
  const Error large = refusal(render_envelope(envelope));
  EXPECT_EQ(large.code, ErrorCode::limit);
  EXPECT_EQ(large.text(), "DSSE envelope: signature 0: signature larger than 16384 bytes");
  std::string padded = render_envelope(small());
  padded.resize(max_envelope_size, ' ');
  EXPECT_TRUE(parse_envelope(as_bytes(padded)).has_value());
  const Error whole = refusal(padded + ' ');
  EXPECT_EQ(whole.code, ErrorCode::limit);
  EXPECT_EQ(whole.text(), "DSSE envelope: larger than 25165824 bytes");
}

}  // namespace
}  // namespace etalon::crypto
