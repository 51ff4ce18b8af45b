// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/prediction_json.hpp"

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "references/eventlog/diff.hpp"
#include "references/eventlog/event_json.hpp"
#include "references/eventlog/expectation.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"
#include "tools/codec/json.hpp"

namespace etalon::eventlog {
namespace {

Result<PredictedLog> parse_platform(const Json& json) {
  PredictedLog predicted;
  TRY_ASSIGN(const Json::Array* events, json_array(json, "events"));
  TRY_ASSIGN(predicted.events, parse_log(*events));
  TRY_ASSIGN(const Json::Object* registers, json_object(json, "registers"));
  for (const auto& [name, value] : *registers) {
    TRY_ASSIGN(const RegisterId reg, in(RegisterId::parse(name), "registers"));
    TRY_ASSIGN(auto expectation, in(parse_expectation(value), name));
    predicted.registers.emplace(reg, std::move(expectation));
  }
  return predicted;
}

std::string ids_of(const Json::Array& platforms) {
  std::string ids;
  for (const Json& each : platforms) {
    const auto id = json_text(each, "id");
    if (id) ids += (ids.empty() ? "" : ", ") + printable(*id);
  }
  return ids;
}

Result<PredictedLog> choose(const Json::Array& platforms, std::string_view wanted) {
  if (platforms.empty()) return fail(ErrorCode::malformed, "prediction without a platform");
  if (wanted.empty() && platforms.size() > 1)
    return fail(ErrorCode::usage, "choose a platform: " + ids_of(platforms));
  for (const Json& each : platforms) {
    TRY_ASSIGN(const std::string id, json_text(each, "id"));
    if (wanted.empty() || id == wanted) return in(parse_platform(each), id);
  }
  return fail(ErrorCode::not_found,
              "no platform '" + printable(wanted) + "' among " + ids_of(platforms));
}

}  // namespace

Result<PredictedLog> parse_prediction(const Json& document, std::string_view platform) {
  if (document.array() == nullptr) {
    TRY_ASSIGN(const Json::Array* platforms, json_array(document, "platforms"));
    return choose(*platforms, platform);
  }
  if (!platform.empty())
    return fail(ErrorCode::usage, "an array of events has no platforms to choose from");
  PredictedLog predicted;
  TRY_ASSIGN(predicted.events, parse_log(document));
  return predicted;
}

}  // namespace etalon::eventlog
