// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/event_json.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <tl/expected.hpp>

#include "references/eventlog/event.hpp"
#include "references/eventlog/replay.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"
#include "tools/codec/json.hpp"

namespace etalon::eventlog {
namespace {

Json origin_json(const Origin& origin) {
  Json::Object fields{{"kind", name(origin.kind)}};
  if (!origin.input.empty()) fields.emplace("input", origin.input);
  if (origin.sha256) fields.emplace("sha256", origin.sha256->hex());
  if (!origin.rule.empty()) fields.emplace("rule", origin.rule);
  return {std::move(fields)};
}

Result<std::string> optional_text(const Json& json, std::string_view member) {
  if (json.find(member) == nullptr) return std::string();
  return json_text(json, member);
}

Result<Origin> parse_origin(const Json& json) {
  Origin origin;
  TRY_ASSIGN(const std::string kind, json_text(json, "kind"));
  bool known = false;
  for (const auto each : {Origin::Kind::input, Origin::Kind::platform, Origin::Kind::echoed}) {
    if (kind != name(each)) continue;
    origin.kind = each;
    known = true;
  }
  if (!known) return fail(ErrorCode::unsupported, "unknown origin '" + printable(kind) + "'");
  TRY_ASSIGN(origin.input, optional_text(json, "input"));
  TRY_ASSIGN(origin.rule, optional_text(json, "rule"));
  if (json.find("sha256") != nullptr) {
    TRY_ASSIGN(const std::string hex, json_text(json, "sha256"));
    TRY_ASSIGN(origin.sha256, Sha256::from_hex(hex));
  }
  return origin;
}

Result<EventType> parse_type(const Json& json) {
  TRY_ASSIGN(const std::int64_t number, json_integer(json, "type_num"));
  if (number < 0 || number > std::numeric_limits<std::uint32_t>::max()) {
    return fail(ErrorCode::malformed, "type_num is not a 32-bit number");
  }
  return static_cast<EventType>(number);
}

Result<Bytes> parse_hex_member(const Json& json, std::string_view member) {
  TRY_ASSIGN(const std::string hex, json_text(json, member));
  return in(from_hex(hex), member);
}

}  // namespace

Json digests_json(const DigestSet& digests) {
  Json::Object fields;
  for (const auto& [alg, digest] : digests)
    fields.emplace(name(alg), digest.hex());
  return {std::move(fields)};
}

Result<DigestSet> parse_digests(const Json::Object& json) {
  DigestSet digests;
  for (const auto& [alg_name, value] : json) {
    const auto alg = parse_hash_alg(alg_name);
    // There it is a fault of the caller; a document may be newer than we are.
    if (!alg) return fail(ErrorCode::unsupported, alg.error().message);
    if (value.string() == nullptr) return fail(ErrorCode::malformed, "digest is not a string");
    TRY_ASSIGN(const AnyDigest digest, in(AnyDigest::from_hex(*alg, *value.string()), alg_name));
    // One spelling for each document, or two texts would mean the same.
    if (digest.hex() != *value.string())
      return in(Result<DigestSet>(fail(ErrorCode::malformed, "hexadecimal is not lower case")),
                alg_name);
    digests.set(digest);
  }
  return digests;
}

Json event_json(const Event& event) {
  Json::Object fields{{"register", event.reg.text()},
                      {"type", name(event.type)},
                      {"type_num", static_cast<std::uint32_t>(event.type)},
                      {"digests", digests_json(event.digests)},
                      {"data", to_hex(event.data)},
                      {"origin", origin_json(event.origin)},
                      {"basis", name(event.basis)},
                      {"summary", event.summary}};
  if (event.preimage) fields.emplace("preimage", to_hex(*event.preimage));
  return {std::move(fields)};
}

Result<Event> parse_event(const Json& json) {
  TRY_ASSIGN(const std::string reg_name, json_text(json, "register"));
  TRY_ASSIGN(const RegisterId reg, RegisterId::parse(reg_name));
  Event event{.reg = reg};
  TRY_ASSIGN(event.type, parse_type(json));
  TRY_ASSIGN(const Json::Object* digests, json_object(json, "digests"));
  TRY_ASSIGN(event.digests, parse_digests(*digests));
  TRY_ASSIGN(event.data, parse_hex_member(json, "data"));
  if (json.find("preimage") != nullptr) {
    TRY_ASSIGN(event.preimage, parse_hex_member(json, "preimage"));
  }
  const Json* origin = json.find("origin");
  if (origin == nullptr) return fail(ErrorCode::not_found, "event without an origin");
  TRY_ASSIGN(event.origin, in(parse_origin(*origin), "origin"));
  TRY_ASSIGN(const std::string basis, json_text(json, "basis"));
  const auto known = parse_basis(basis);
  if (!known) return fail(ErrorCode::unsupported, "unknown basis '" + printable(basis) + "'");
  event.basis = *known;
  TRY_ASSIGN(event.summary, json_text(json, "summary"));
  return event;
}

Json log_json(std::span<const Event> log) {
  Json::Array events;
  for (const Event& event : log)
    events.push_back(event_json(event));
  return {std::move(events)};
}

Result<EventLog> parse_log(const Json& json) {
  const Json::Array* events = json.array();
  if (events == nullptr) return fail(ErrorCode::malformed, "event log is not an array");
  EventLog log;
  for (std::size_t i = 0; i < events->size(); ++i) {
    TRY_ASSIGN(Event event, in(parse_event((*events)[i]), "event " + std::to_string(i)));
    log.push_back(std::move(event));
  }
  return log;
}

Json registers_json(const RegisterValues& values) {
  Json::Object registers;
  for (const auto& [reg, digests] : values)
    registers.emplace(reg.text(), digests_json(digests));
  return {std::move(registers)};
}

}  // namespace etalon::eventlog
