// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/expectation.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "references/eventlog/event.hpp"
#include "references/eventlog/event_json.hpp"
#include "tools/base/result.hpp"
#include "tools/codec/json.hpp"

namespace etalon::eventlog {
namespace {

using Kind = Expectation::Status;

constexpr std::array statuses = {Kind::exact, Kind::zero, Kind::replay, Kind::unpredictable};

Json alternative_json(const Alternative& alternative) {
  Json::Object when;
  for (const auto& [condition, value] : alternative.when)
    when.emplace(condition, value);
  return Json(Json::Object{{"when", std::move(when)},
                           {"values", digests_json(alternative.values)},
                           {"basis", name(alternative.basis)}});
}

Result<Alternative> parse_alternative(const Json& json) {
  Alternative alternative;
  TRY_ASSIGN(const Json::Object* when, json_object(json, "when"));
  for (const auto& [condition, value] : *when) {
    if (value.string() == nullptr) {
      return in(Result<Alternative>(fail(ErrorCode::malformed, "not a string")), condition);
    }
    alternative.when.emplace(condition, *value.string());
  }
  TRY_ASSIGN(const Json::Object* values, json_object(json, "values"));
  TRY_ASSIGN(alternative.values, parse_digests(*values));
  if (alternative.values.empty()) return fail(ErrorCode::malformed, "alternative without a value");
  TRY_ASSIGN(const std::string basis, json_text(json, "basis"));
  const auto known = parse_basis(basis);
  if (!known) return fail(ErrorCode::unsupported, "unknown basis '" + printable(basis) + "'");
  alternative.basis = *known;
  return alternative;
}

Status parse_alternatives(const Json& json, Expectation& expectation) {
  TRY_ASSIGN(const Json::Array* any, json_array(json, "any"));
  for (std::size_t i = 0; i < any->size(); ++i) {
    TRY_ASSIGN(auto alternative,
               in(parse_alternative((*any)[i]), "alternative " + std::to_string(i)));
    expectation.any.push_back(std::move(alternative));
  }
  if (expectation.any.empty()) return fail(ErrorCode::malformed, "exact without an alternative");
  return {};
}

Status parse_free(const Json& json, Expectation& expectation) {
  TRY_ASSIGN(const Json::Array* free, json_array(json, "free"));
  for (const Json& each : *free) {
    TRY_ASSIGN(std::string event, json_text(each, "event"));
    TRY_ASSIGN(std::string reason, json_text(each, "reason"));
    expectation.free.push_back({.event = std::move(event), .reason = std::move(reason)});
  }
  if (expectation.free.empty()) return fail(ErrorCode::malformed, "replay without a free event");
  return {};
}

}  // namespace

std::string_view name(Expectation::Status status) {
  switch (status) {
    case Kind::exact:
      return "exact";
    case Kind::zero:
      return "zero";
    case Kind::replay:
      return "replay";
    case Kind::unpredictable:
      return "unpredictable";
  }
  return "unknown";
}

Json expectation_json(const Expectation& expectation) {
  Json::Object fields{{"status", name(expectation.status)}};
  if (expectation.status == Kind::exact) {
    Json::Array any;
    for (const Alternative& each : expectation.any)
      any.push_back(alternative_json(each));
    fields.emplace("any", std::move(any));
  }
  if (expectation.status == Kind::replay) {
    Json::Array free;
    for (const FreeEvent& each : expectation.free) {
      free.emplace_back(Json::Object{{"event", each.event}, {"reason", each.reason}});
    }
    fields.emplace("free", std::move(free));
  }
  if (!expectation.reason.empty()) fields.emplace("reason", expectation.reason);
  if (!expectation.advice.empty()) fields.emplace("advice", expectation.advice);
  return {std::move(fields)};
}

Result<Expectation> parse_expectation(const Json& json) {
  Expectation expectation;
  TRY_ASSIGN(const std::string status, json_text(json, "status"));
  bool known = false;
  for (const Kind kind : statuses) {
    if (status != name(kind)) continue;
    expectation.status = kind;
    known = true;
  }
  if (!known) return fail(ErrorCode::unsupported, "unknown status '" + printable(status) + "'");
  if (expectation.status == Kind::exact) TRY(parse_alternatives(json, expectation));
  if (expectation.status == Kind::replay) TRY(parse_free(json, expectation));
  if (json.find("reason") != nullptr) {
    TRY_ASSIGN(expectation.reason, json_text(json, "reason"));
  }
  if (json.find("advice") != nullptr) {
    TRY_ASSIGN(expectation.advice, json_text(json, "advice"));
  }
  return expectation;
}

}  // namespace etalon::eventlog
