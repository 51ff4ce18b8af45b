// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/predict_json.hpp"

#include <iomanip>
#include <ostream>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "references/eventlog/event_json.hpp"
#include "references/eventlog/expectation.hpp"
#include "tools/base/digest.hpp"
#include "tools/codec/json.hpp"
#include "tools/config/platforms.hpp"
#include "tools/pipeline/predict.hpp"

namespace etalon::pipeline {
namespace {

using eventlog::Expectation;

Json texts(const std::vector<std::string>& lines) {
  Json::Array array;
  for (const std::string& line : lines)
    array.emplace_back(line);
  return {std::move(array)};
}

Json prediction_json(const PlatformPrediction& prediction) {
  Json::Object registers;
  for (const auto& [reg, expectation] : prediction.registers) {
    registers.emplace(reg.text(), expectation_json(expectation));
  }
  Json::Array rules;
  for (const measure::SilentRule& each : prediction.rules) {
    rules.emplace_back(Json::Object{
        {"register", each.reg.text()}, {"rule", each.rule}, {"basis", name(each.basis)}});
  }
  return Json(Json::Object{{"id", prediction.platform.id},
                           {"tee", name(prediction.platform.tee)},
                           {"boot", name(prediction.platform.boot)},
                           {"ruleset", prediction.ruleset},
                           {"registers", std::move(registers)},
                           {"events", eventlog::log_json(prediction.events)},
                           {"rules", std::move(rules)},
                           {"assumptions", texts(prediction.assumptions)},
                           {"unpinned", texts(prediction.unpinned)}});
}

std::string condition_text(const eventlog::When& when) {
  std::string text;
  for (const auto& [condition, value] : when) {
    if (!text.empty()) text += ' ';
    text += condition + "=" + value;
  }
  return text;
}

void print_expectation(const std::string& reg, const Expectation& expectation, std::ostream& out) {
  const auto line = [&](std::string_view bank, std::string_view rest) {
    out << "  " << std::left << std::setw(6) << reg << ' ' << std::setw(13)
        << name(expectation.status) << ' ' << std::setw(7) << bank << rest << '\n';
  };
  for (const eventlog::Alternative& alternative : expectation.any) {
    const std::string condition = condition_text(alternative.when);
    for (const auto& [alg, digest] : alternative.values) {
      line(name(alg), digest.hex() + "  " + std::string(name(alternative.basis)) +
                          (condition.empty() ? "" : "  when " + condition));
    }
  }
  for (const eventlog::FreeEvent& free : expectation.free) {
    line("", "free: " + free.event + ": " + free.reason);
  }
  if (expectation.status == Expectation::Status::zero) line("", "all zero");
  if (expectation.status == Expectation::Status::unpredictable) line("", expectation.reason);
}

}  // namespace

Json predictions_json(std::span<const PlatformPrediction> predictions) {
  Json::Array platforms;
  for (const PlatformPrediction& each : predictions)
    platforms.push_back(prediction_json(each));
  return {std::move(platforms)};
}

void print_predictions(std::span<const PlatformPrediction> predictions, std::ostream& out) {
  for (const PlatformPrediction& prediction : predictions) {
    out << prediction.platform.id << " (" << prediction.ruleset << ")\n";
    for (const auto& [reg, expectation] : prediction.registers) {
      print_expectation(reg.text(), expectation, out);
    }
    for (const std::string& line : prediction.unpinned)
      out << "  not stated: " << line << '\n';
    for (const std::string& line : prediction.assumptions)
      out << "  assumed: " << line << '\n';
  }
}

}  // namespace etalon::pipeline
