// SPDX-License-Identifier: Apache-2.0
#include "references/bundle/manifest.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "references/bundle/bundle.hpp"
#include "tests/support/fake_bundle.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"
#include "tools/codec/json.hpp"

namespace etalon::bundle {
namespace {

std::string payload() {
  return std::string(as_text(test::fake_bundle().envelope.payload));
}

Manifest parsed(const std::string& text) {
  auto manifest = parse_payload(as_bytes(text));
  EXPECT_TRUE(manifest.has_value()) << manifest.error().text();
  return manifest ? *std::move(manifest) : Manifest{};
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string refusal(const std::string& text, ErrorCode code = ErrorCode::malformed) {
  const auto manifest = parse_payload(as_bytes(text));
  EXPECT_FALSE(manifest.has_value());
  if (manifest) return "";
  EXPECT_EQ(manifest.error().code, code) << text;
  return manifest.error().text();
}

TEST(Manifest, parses_what_it_renders) {
  const std::string text = payload();
  Manifest expected = test::fake_manifest();
  const Manifest manifest = parsed(text);
  EXPECT_EQ(manifest.members.size(), test::fake_members().size());
  expected.members = manifest.members;
  EXPECT_EQ(manifest, expected);
  EXPECT_EQ(render_payload(manifest), text);
}

TEST(Manifest, is_an_in_toto_statement) {
  const auto json = parse_json(payload());
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ(*json_text(*json, "_type"), "https://in-toto.io/Statement/v1");
  EXPECT_EQ(*json_text(*json, "predicateType"), "urn:etalon:reference-values:v1");
  EXPECT_EQ(*json_text(*json->find("predicate"), "schema"), "1.0");
  EXPECT_EQ(json->canonical(), payload());
}

TEST(Manifest, writes_the_bits_of_the_td_body_in_the_order_of_a_quote) {
  const auto json = parse_json(payload());
  ASSERT_TRUE(json.has_value());
  const Json& platform = (*json->find("predicate")->find("platforms")->array())[0];
  const Json* attributes = platform.find("td")->find("attributes");
  EXPECT_EQ(*json_text(*attributes, "mask"), "ff00001000000000");
  EXPECT_EQ(*json_text(*attributes, "value"), "0000001000000000");
}

TEST(Manifest, a_td_body_that_is_left_out_means_the_strict_defaults) {
  Manifest manifest = parsed(payload());
  manifest.platforms[0].td.reset();
  const std::string text = render_payload(manifest);
  EXPECT_EQ(text, payload());
  const std::size_t from = text.find(R"("td":{)");
  const std::size_t to = text.find(R"("tee":"tdx")");
  ASSERT_LT(from, to);
  EXPECT_EQ(parsed(std::string(text).erase(from, to - from)).platforms[0].td, TdPins{});
}

TEST(Manifest, each_pin_that_is_left_out_means_its_strict_default) {
  const std::string zero = "\":\"" + std::string(96, '0') + "\",";
  std::string text = replaced(payload(),
                              R"("attributes":{"mask":"ff00001000000000",)"
                              R"("value":"0000001000000000"},)",
                              "");
  for (const char* name : {"mrconfigid", "mrowner", "mrownerconfig", "mrservicetd"}) {
    text = replaced(text, "\"" + std::string(name) + zero, "");
  }
  EXPECT_EQ(parsed(text).platforms[0].td, TdPins{});
}

TEST(Manifest, every_pin_of_the_td_body_survives) {
  Manifest manifest = parsed(payload());
  TdPins& td = *manifest.platforms[0].td;
  td.attributes = {.mask = ~std::uint64_t{0}, .value = 0x8000000010000000};
  td.xfam = {.mask = 0xffff, .value = 0x00e7};
  td.mrconfigid[0] = std::byte{1};
  td.mrowner[1] = std::byte{2};
  td.mrownerconfig[2] = std::byte{3};
  td.mrservicetd[3] = std::byte{4};
  td.mrseam = {TdRegister{}, td.mrowner};
  td.min_tcb_svn = TcbSvn{std::byte{5}};
  EXPECT_EQ(parsed(render_payload(manifest)).platforms[0].td, td);
}

TEST(Manifest, ignores_members_it_does_not_know_and_newer_minor_schemas) {
  const std::string text = replaced(payload(), R"("tools":)", R"("tooling":[1],"tools":)");
  EXPECT_EQ(parsed(text), parsed(payload()));
  EXPECT_EQ(parsed(replaced(payload(), R"("schema":"1.0")", R"("schema":"1.9")")),
            parsed(payload()));
}

TEST(Manifest, takes_only_two_plain_numbers_for_a_schema) {
  for (const std::string schema :
       {"", "1", "1.", ".0", "1.x", "1.0x", " 1.0", "1.0 ", "1.-1", "1.0.0", "+1.0"}) {
    const std::string text =
        replaced(payload(), R"("schema":"1.0")", R"("schema":")" + schema + '"');
    const auto refused = parse_payload(as_bytes(text));
    ASSERT_FALSE(refused.has_value()) << schema;
    EXPECT_EQ(refused.error().code, ErrorCode::malformed) << schema;
    EXPECT_EQ(refused.error().text(),
              "manifest: predicate: schema is not MAJOR.MINOR: '" + schema + "'");
  }
}

TEST(Manifest, refuses_what_it_would_have_to_guess) {
  const std::string text = payload();
  EXPECT_EQ(
      refusal(replaced(text, R"("schema":"1.0")", R"("schema":"01.0")"), ErrorCode::unsupported),
      "manifest: predicate: schema 01.0 is not 1.x");
  const std::string newer = replaced(text, R"("schema":"1.0")", R"("schema":"2.0")");
  EXPECT_EQ(refusal(newer, ErrorCode::unsupported), "manifest: predicate: schema 2.0 is not 1.x");
  EXPECT_EQ(refusal(replaced(text, "values:v1", "values:v2"), ErrorCode::unsupported),
            "manifest: unknown predicate type 'urn:etalon:reference-values:v2'");
  EXPECT_EQ(refusal(replaced(text, "Statement/v1", "Statement/v0.1"), ErrorCode::unsupported),
            "manifest: not an in-toto Statement v1: 'https://in-toto.io/Statement/v0.1'");
  EXPECT_EQ(
      refusal(replaced(text, R"("status":"zero")", R"("status":"none")"), ErrorCode::unsupported),
      "manifest: predicate: platforms 0: rtmr3: unknown status 'none'");
  EXPECT_EQ(refusal(replaced(text, R"("rtmr3":)", R"("rtmr4":)")),
            "manifest: predicate: platforms 0: RTMR index 4 is not 0-3");
}

TEST(Manifest, names_a_hostile_condition_on_one_line) {
  const std::string text = replaced(payload(), R"("memory":["2G","4G"])", R"("a\n\u001b[2J":[1])");
  EXPECT_EQ(
      refusal(text),
      "manifest: predicate: platforms 0: conditions: a\\x0a\\x1b[2J: not an array of strings");
}

TEST(Manifest, refuses_a_text_that_is_not_canonical) {
  const std::string text = payload();
  constexpr const char* reason = "manifest: not in canonical form (RFC 8785)";
  EXPECT_EQ(refusal(text + "\n"), reason);
  EXPECT_EQ(refusal(parse_json(text)->pretty()), reason);
  EXPECT_EQ(refusal(replaced(text, "demo.efi", "demo\\u002eefi")), reason);
  EXPECT_EQ(refusal(std::string(max_payload_size + 1, ' '), ErrorCode::limit),
            "manifest: larger than 16777216 bytes");
}

TEST(Manifest, refuses_values_of_another_form) {
  const std::string text = payload();
  EXPECT_EQ(refusal(replaced(text, R"("sequence":7)", R"("sequence":-7)")),
            "manifest: predicate: release: sequence: negative");
  EXPECT_EQ(refusal(replaced(text, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00z")),
            "manifest: predicate: release: notBefore: not a time like 2026-07-01T12:00:00Z: "
            "'2026-01-01T00:00:00z'");
  EXPECT_EQ(refusal(replaced(text, R"("mask":"ff00001000000000")", R"("mask":"ff000010")")),
            "manifest: predicate: platforms 0: td: attributes: mask: must have 8 bytes");
  EXPECT_EQ(refusal(replaced(text, R"("mask":"ff0)", R"("mask":"FF0)")),
            "manifest: predicate: platforms 0: td: attributes: mask: "
            "not lower-case hexadecimal");
  EXPECT_EQ(refusal(replaced(text, R"("templates":["ima-ng"])", R"("templates":[1])")),
            "manifest: predicate: ima: templates: not an array of strings");
  EXPECT_EQ(refusal(replaced(text, R"("mrservicetd":)", R"("mrseam":{"any":[]},"mrservicetd":)")),
            "manifest: predicate: platforms 0: td: mrseam without an accepted value");
  EXPECT_EQ(refusal(replaced(text, R"("release":{)", R"("release":1,"released":{)")),
            "manifest: predicate: release: not an object");
}

std::string list_of(std::size_t count, const std::string& item) {
  std::string list = "[" + item;
  for (std::size_t i = 1; i < count; ++i)
    list += "," + item;
  return list + "]";
}

TEST(Manifest, refuses_longer_lists_than_it_has_room_for) {
  const std::string tools = R"("tools":[{"name":"etalon","version":"0.1.0"}])";
  const auto with_tools = [&](std::size_t count) {
    return replaced(payload(), tools, "\"tools\":" + list_of(count, R"({"name":"t"})"));
  };
  EXPECT_EQ(parsed(with_tools(65536)).tools.size(), 65536U);
  EXPECT_EQ(refusal(with_tools(65537), ErrorCode::limit),
            "manifest: predicate: tools: more than 65536 items");
  Manifest manifest = parsed(payload());
  manifest.platforms.resize(1);
  for (std::size_t i = 1; i <= max_platforms; ++i) {
    manifest.platforms.push_back(manifest.platforms[0]);
    manifest.platforms.back().id = "p" + std::to_string(i);
  }
  const Status platforms = validate(manifest);
  ASSERT_FALSE(platforms.has_value());
  EXPECT_EQ(platforms.error().code, ErrorCode::limit);
  EXPECT_EQ(platforms.error().message, "more than 256 platforms");
  manifest.platforms.pop_back();
  EXPECT_TRUE(validate(manifest).has_value());
  manifest.members.assign(max_members + 1, manifest.members[0]);
  const Status members = validate(manifest);
  ASSERT_FALSE(members.has_value());
  EXPECT_EQ(members.error().code, ErrorCode::limit);
  EXPECT_EQ(members.error().message, "more than 65536 members");
}

struct BrokenRule {
  const char* message;
  std::function<void(Manifest&)> spoil;
};

const BrokenRule broken_rules[] = {
    {"no subject", [](Manifest& m) { m.subjects.clear(); }},
    {"subject 'x' has no sha256",
     [](Manifest& m) {
       m.subjects[0] = {.name = "x", .digest = test::fake_digests("x", {HashAlg::sha384})};
     }},
    {"release sequence beyond 2^53",
     [](Manifest& m) { m.release.sequence = std::uint64_t{1} << 53U; }},
    {"release notAfter lies before notBefore",
     [](Manifest& m) { std::swap(m.release.not_before, m.release.not_after); }},
    {"'../x' has no place in a bundle", [](Manifest& m) { m.members[0].path = "../x"; }},
    {"'attachments/x' cannot be a member",
     [](Manifest& m) { m.members[0].path = "attachments/x"; }},
    {"members are not sorted by path at 'eventlogs/qemu-tdx.json'",
     [](Manifest& m) { m.members[0] = m.members[1]; }},
    {"size of 'eventlogs/ovmf-vtpm.json' beyond 2^53",
     [](Manifest& m) { m.members[0].size = std::uint64_t{1} << 53U; }},
    {"'eventlogs/no.json' is named but is not a member",
     [](Manifest& m) { m.platforms[0].eventlog = "eventlogs/no.json"; }},
    {"'a/b' is not a platform id", [](Manifest& m) { m.platforms[0].id = "a/b"; }},
    {"'' is not a platform id", [](Manifest& m) { m.platforms[0].id = ""; }},
    {"platform 'qemu-tdx' appears twice",
     [](Manifest& m) { m.platforms[1].id = m.platforms[0].id; }},
    {"platform 'ovmf-vtpm' has a TD body but is no TD",
     [](Manifest& m) { m.platforms[1].td = TdPins{}; }},
    {"attributes has bits outside its mask",
     [](Manifest& m) { m.platforms[0].td->attributes.mask = 0; }},
    {"xfam has bits outside its mask", [](Manifest& m) { m.platforms[0].td->xfam.value = 1; }},
    {"size of component beyond 2^53",
     [](Manifest& m) { m.image.components[0].size = std::uint64_t{1} << 53U; }},
    {"'policy/no' is named but is not a member", [](Manifest& m) { m.ima->policy = "policy/no"; }},
};

TEST(Manifest, names_every_broken_rule) {
  const Manifest good = parsed(payload());
  ASSERT_TRUE(validate(good).has_value());
  for (const BrokenRule& rule : broken_rules) {
    Manifest manifest = good;
    rule.spoil(manifest);
    const Status status = validate(manifest);
    ASSERT_FALSE(status.has_value()) << rule.message;
    EXPECT_EQ(status.error().code, ErrorCode::malformed);
    EXPECT_EQ(status.error().message, rule.message);
  }
}

}  // namespace
}  // namespace etalon::bundle
