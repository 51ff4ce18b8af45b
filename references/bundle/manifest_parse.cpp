// SPDX-License-Identifier: Apache-2.0
// Parsing of the manifest: structure first, then validate(), then the proof that the text is the
// canonical form of what was read. A member that is present has to have the right type even where
// it is optional.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "references/bundle/manifest.hpp"
#include "references/eventlog/event_json.hpp"
#include "references/eventlog/expectation.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"
#include "tools/base/utc.hpp"
#include "tools/codec/json.hpp"

namespace etalon::bundle {
namespace {

constexpr std::size_t max_list = 65536;

// Hexadecimal is lower case, as everywhere in Etalon: one value has one text.
Result<Bytes> parse_lower_hex(std::string_view text) {
  TRY_ASSIGN(Bytes bytes, from_hex(text));
  if (to_hex(bytes) != text) return fail(ErrorCode::malformed, "not lower-case hexadecimal");
  return bytes;
}

template <std::size_t N>
Result<std::array<std::byte, N>> parse_fixed(std::string_view text) {
  TRY_ASSIGN(const Bytes bytes, parse_lower_hex(text));
  if (bytes.size() != N) {
    return fail(ErrorCode::malformed, "must have " + std::to_string(N) + " bytes");
  }
  std::array<std::byte, N> fixed{};
  std::copy(bytes.begin(), bytes.end(), fixed.begin());
  return fixed;
}

// Each item of the array `member`, which may be absent, through `parse`.
template <class T, class Parse>
Result<std::vector<T>> parse_list(const Json& json, std::string_view member, Parse parse) {
  std::vector<T> list;
  if (json.find(member) == nullptr) return list;
  TRY_ASSIGN(const Json::Array* items, json_array(json, member));
  if (items->size() > max_list) {
    return in(Result<std::vector<T>>(fail(ErrorCode::limit, "more than 65536 items")), member);
  }
  list.reserve(items->size());
  for (std::size_t i = 0; i < items->size(); ++i) {
    TRY_ASSIGN(T item, in(parse((*items)[i]), std::string(member) + " " + std::to_string(i)));
    list.push_back(std::move(item));
  }
  return list;
}

// A member that has to be there and be an object.
Result<const Json*> object_member(const Json& json, std::string_view member) {
  TRY(json_object(json, member));
  return json.find(member);
}

Result<std::uint64_t> parse_count(const Json& json, std::string_view member) {
  TRY_ASSIGN(const std::int64_t number, json_integer(json, member));
  if (number < 0) {
    return in(Result<std::uint64_t>(fail(ErrorCode::malformed, "negative")), member);
  }
  return static_cast<std::uint64_t>(number);
}

Result<DigestSet> parse_digest_member(const Json& json, std::string_view member) {
  TRY_ASSIGN(const Json::Object* digests, json_object(json, member));
  return in(eventlog::parse_digests(*digests), member);
}

Result<Sha256> parse_sha256_text(std::string_view text) {
  TRY_ASSIGN(const Bytes bytes, parse_lower_hex(text));
  return Sha256::from_bytes(bytes);
}

Result<std::optional<Utc>> parse_time(const Json& json, std::string_view member) {
  if (json.find(member) == nullptr) return std::optional<Utc>();
  TRY_ASSIGN(const std::string text, json_text(json, member));
  TRY_ASSIGN(const Utc time, in(Utc::parse(text), member));
  return std::optional(time);
}

Result<Subject> parse_subject(const Json& json) {
  Subject subject;
  TRY_ASSIGN(subject.name, json_text_or(json, "name", ""));
  TRY_ASSIGN(subject.digest, parse_digest_member(json, "digest"));
  return subject;
}

Result<Release> parse_release(const Json& json) {
  Release release;
  TRY_ASSIGN(release.name, json_text_or(json, "name", ""));
  TRY_ASSIGN(release.version, json_text_or(json, "version", ""));
  TRY_ASSIGN(release.sequence, parse_count(json, "sequence"));
  TRY_ASSIGN(release.not_before, parse_time(json, "notBefore"));
  TRY_ASSIGN(release.not_after, parse_time(json, "notAfter"));
  TRY_ASSIGN(const auto supersedes, json_texts(json, "supersedes"));
  for (const std::string& each : supersedes) {
    TRY_ASSIGN(const Sha256 payload, in(parse_sha256_text(each), "supersedes"));
    release.supersedes.push_back(payload);
  }
  return release;
}

Result<Component> parse_component(const Json& json) {
  Component component;
  TRY_ASSIGN(component.name, json_text(json, "name"));
  TRY_ASSIGN(component.size, parse_count(json, "size"));
  TRY_ASSIGN(component.digests, parse_digest_member(json, "digests"));
  return component;
}

Result<Image> parse_image(const Json& json) {
  Image image;
  TRY_ASSIGN(image.format, json_text_or(json, "format", ""));
  TRY_ASSIGN(image.os, json_text_or(json, "os", ""));
  TRY_ASSIGN(image.kernel, json_text_or(json, "kernel", ""));
  TRY_ASSIGN(image.cmdline, json_text_or(json, "cmdline", ""));
  TRY_ASSIGN(image.components, parse_list<Component>(json, "components", parse_component));
  return image;
}

Result<std::uint64_t> parse_bit_field(const Json& json, std::string_view member) {
  TRY_ASSIGN(const std::string text, json_text(json, member));
  TRY_ASSIGN(const auto bytes, in(parse_fixed<8>(text), member));
  return ByteReader(bytes).u64(member);
}

// Absent: the default that `bits` holds. A mask without a value, or the reverse, is refused.
Status parse_bits(const Json& json, std::string_view member, MaskedBits& bits) {
  const Json* field = json.find(member);
  if (field == nullptr) return {};
  TRY_ASSIGN(bits.mask, in(parse_bit_field(*field, "mask"), member));
  TRY_ASSIGN(bits.value, in(parse_bit_field(*field, "value"), member));
  return {};
}

Status parse_td_register(const Json& json, std::string_view member, TdRegister& value) {
  if (json.find(member) == nullptr) return {};
  TRY_ASSIGN(const std::string text, json_text(json, member));
  TRY_ASSIGN(value, in(parse_fixed<48>(text), member));
  return {};
}

Status parse_mrseam(const Json& json, TdPins& td) {
  const Json* mrseam = json.find("mrseam");
  if (mrseam == nullptr) return {};
  TRY_ASSIGN(const auto any, json_texts(*mrseam, "any"));
  if (any.empty()) return fail(ErrorCode::malformed, "mrseam without an accepted value");
  for (const std::string& each : any) {
    TRY_ASSIGN(const TdRegister value, in(parse_fixed<48>(each), "mrseam"));
    td.mrseam.push_back(value);
  }
  return {};
}

Status parse_td_registers(const Json& json, TdPins& td) {
  TRY(parse_td_register(json, "mrconfigid", td.mrconfigid));
  TRY(parse_td_register(json, "mrowner", td.mrowner));
  TRY(parse_td_register(json, "mrownerconfig", td.mrownerconfig));
  return parse_td_register(json, "mrservicetd", td.mrservicetd);
}

Result<TdPins> parse_td(const Json& json) {
  if (json.object() == nullptr) return fail(ErrorCode::malformed, "not an object");
  TdPins td;
  TRY(parse_bits(json, "attributes", td.attributes));
  TRY(parse_bits(json, "xfam", td.xfam));
  TRY(parse_td_registers(json, td));
  TRY(parse_mrseam(json, td));
  if (json.find("min_tcb_svn") != nullptr) {
    TRY_ASSIGN(const std::string text, json_text(json, "min_tcb_svn"));
    TRY_ASSIGN(td.min_tcb_svn, in(parse_fixed<16>(text), "min_tcb_svn"));
  }
  return td;
}

Result<EventVariant> parse_variant(const Json& json) {
  TRY_ASSIGN(const std::string reg_name, json_text(json, "register"));
  TRY_ASSIGN(const RegisterId reg, RegisterId::parse(reg_name));
  EventVariant variant{.reg = reg};
  TRY_ASSIGN(variant.event, json_text(json, "event"));
  TRY_ASSIGN(variant.label, json_text(json, "label"));
  TRY_ASSIGN(variant.digests, parse_digest_member(json, "digests"));
  return variant;
}

Status parse_conditions(const Json& json, Platform& platform) {
  const Json* conditions = json.find("conditions");
  if (conditions == nullptr) return {};
  TRY_ASSIGN(const Json::Object* names, json_object(json, "conditions"));
  for (const auto& [name, values] : *names) {
    TRY_ASSIGN(platform.conditions[name], in(json_texts(*conditions, name), "conditions"));
  }
  return {};
}

Status parse_registers(const Json& json, Platform& platform) {
  TRY_ASSIGN(const Json::Object* registers, json_object(json, "registers"));
  for (const auto& [name, value] : *registers) {
    TRY_ASSIGN(const RegisterId reg, RegisterId::parse(name));
    TRY_ASSIGN(auto expectation, in(eventlog::parse_expectation(value), name));
    platform.registers.emplace(reg, std::move(expectation));
  }
  return {};
}

Result<Platform> parse_platform(const Json& json) {
  Platform platform;
  TRY_ASSIGN(platform.id, json_text(json, "id"));
  TRY_ASSIGN(platform.tee, json_text(json, "tee"));
  TRY_ASSIGN(platform.boot, json_text_or(json, "boot", ""));
  TRY_ASSIGN(platform.ruleset, json_text_or(json, "ruleset", ""));
  TRY_ASSIGN(platform.eventlog, json_text_or(json, "eventlog", ""));
  TRY_ASSIGN(platform.assumptions, json_texts(json, "assumptions"));
  TRY_ASSIGN(platform.unpinned, json_texts(json, "unpinned"));
  TRY(parse_conditions(json, platform));
  TRY(parse_registers(json, platform));
  TRY_ASSIGN(platform.variants, parse_list<EventVariant>(json, "variants", parse_variant));
  if (platform.tee != "tdx") return platform;
  platform.td = TdPins{};
  if (const Json* td = json.find("td")) {
    TRY_ASSIGN(platform.td, in(parse_td(*td), "td"));
  }
  return platform;
}

Result<Ima> parse_ima(const Json& json) {
  Ima ima;
  TRY_ASSIGN(ima.hash, json_text(json, "hash"));
  TRY_ASSIGN(ima.templates, json_texts(json, "templates"));
  TRY_ASSIGN(ima.policy, json_text_or(json, "policy", ""));
  TRY_ASSIGN(ima.files, json_text_or(json, "files", ""));
  if (const Json* aggregate = json.find("bootAggregate")) {
    TRY_ASSIGN(ima.boot_aggregate, in(eventlog::parse_expectation(*aggregate), "bootAggregate"));
  }
  return ima;
}

Result<Member> parse_member(const Json& json) {
  Member member;
  TRY_ASSIGN(member.path, json_text(json, "path"));
  TRY_ASSIGN(const std::string hex, json_text(json, "sha256"));
  TRY_ASSIGN(member.sha256, in(parse_sha256_text(hex), "sha256"));
  TRY_ASSIGN(member.size, parse_count(json, "size"));
  TRY_ASSIGN(member.media_type, json_text_or(json, "mediaType", ""));
  return member;
}

Result<Tool> parse_tool(const Json& json) {
  Tool tool;
  TRY_ASSIGN(tool.name, json_text(json, "name"));
  TRY_ASSIGN(tool.version, json_text_or(json, "version", ""));
  return tool;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// "1.0": the major number we know, in its one spelling, a dot, any minor number.
Status check_schema(std::string_view schema) {
  const std::size_t dot = schema.find('.');
  if (dot == std::string_view::npos || !is_number(schema.substr(0, dot)) ||
      !is_number(schema.substr(dot + 1))) {
    return fail(ErrorCode::malformed, "schema is not MAJOR.MINOR: '" + printable(schema) + "'");
  }
  if (schema.substr(0, dot) != "1") {
    return fail(ErrorCode::unsupported, "schema " + printable(schema) + " is not 1.x");
  }
  return {};
}

Result<Manifest> parse_predicate(const Json& json) {
  TRY_ASSIGN(const std::string schema, json_text(json, "schema"));
  TRY(check_schema(schema));
  Manifest manifest;
  TRY_ASSIGN(const Json* release, object_member(json, "release"));
  TRY_ASSIGN(manifest.release, in(parse_release(*release), "release"));
  TRY_ASSIGN(const Json* image, object_member(json, "image"));
  TRY_ASSIGN(manifest.image, in(parse_image(*image), "image"));
  TRY(json_array(json, "platforms"));
  TRY_ASSIGN(manifest.platforms, parse_list<Platform>(json, "platforms", parse_platform));
  TRY(json_array(json, "members"));
  TRY_ASSIGN(manifest.members, parse_list<Member>(json, "members", parse_member));
  TRY_ASSIGN(manifest.tools, parse_list<Tool>(json, "tools", parse_tool));
  if (const Json* ima = json.find("ima")) {
    TRY_ASSIGN(manifest.ima, in(parse_ima(*ima), "ima"));
  }
  return manifest;
}

Result<Manifest> parse_statement(const Json& json) {
  TRY_ASSIGN(const std::string type, json_text(json, "_type"));
  if (type != statement_type) {
    return fail(ErrorCode::unsupported, "not an in-toto Statement v1: '" + printable(type) + "'");
  }
  TRY_ASSIGN(const std::string predicate, json_text(json, "predicateType"));
  if (predicate != predicate_type) {
    return fail(ErrorCode::unsupported, "unknown predicate type '" + printable(predicate) + "'");
  }
  TRY_ASSIGN(const Json* fields, object_member(json, "predicate"));
  TRY_ASSIGN(Manifest manifest, in(parse_predicate(*fields), "predicate"));
  TRY_ASSIGN(manifest.subjects, parse_list<Subject>(json, "subject", parse_subject));
  TRY(validate(manifest));
  return manifest;
}

Result<Manifest> parse(ByteView payload) {
  if (payload.size() > max_payload_size) {
    return fail(ErrorCode::limit, "larger than " + std::to_string(max_payload_size) + " bytes");
  }
  TRY_ASSIGN(const Json json, parse_json(as_text(payload)));
  if (json.canonical() != as_text(payload)) {
    return fail(ErrorCode::malformed, "not in canonical form (RFC 8785)");
  }
  return parse_statement(json);
}

}  // namespace

Result<Manifest> parse_payload(ByteView payload) {
  return in(parse(payload), "manifest");
}

}  // namespace etalon::bundle
