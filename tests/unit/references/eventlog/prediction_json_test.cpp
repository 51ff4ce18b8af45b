// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/prediction_json.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "references/eventlog/diff.hpp"
#include "references/eventlog/expectation.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"
#include "tools/codec/json.hpp"

namespace etalon::eventlog {
namespace {

const std::string event =
    R"({"register":"pcr4","type":"EV_SEPARATOR","type_num":4,"digests":{},"data":"00000000",)"
    R"("origin":{"kind":"platform"},"basis":"boot","summary":"separator"})";

std::string platform(const std::string& id, const std::string& registers = "{}") {
  return R"({"id":")" + id + R"(","events":[)" + event + R"(],"registers":)" + registers + "}";
}

Result<PredictedLog> parse(const std::string& text, std::string_view chosen = "") {
  const auto json = parse_json(text);
  EXPECT_TRUE(json.has_value()) << json.error().text();
  return parse_prediction(*json, chosen);
}

void expect_refused(const std::string& text, std::string_view chosen, ErrorCode code,
                    const std::string& message) {
  const auto predicted = parse(text, chosen);
  ASSERT_FALSE(predicted.has_value()) << text;
  EXPECT_EQ(predicted.error().code, code);
  EXPECT_EQ(predicted.error().text(), message);
}

TEST(PredictionJson, reads_an_array_of_events) {
  const auto predicted = parse("[" + event + "]");
  ASSERT_TRUE(predicted.has_value()) << predicted.error().text();
  ASSERT_EQ(predicted->events.size(), 1U);
  EXPECT_EQ(predicted->events[0].reg, RegisterId::pcr<4>());
  EXPECT_TRUE(predicted->registers.empty());
}

TEST(PredictionJson, reads_the_only_platform_and_the_chosen_one) {
  const std::string zero = platform("b", R"({"pcr12":{"status":"zero"}})");
  const std::string two = R"({"platforms":[)" + platform("a") + "," + zero + "]}";
  const auto chosen = parse(two, "b");
  ASSERT_TRUE(chosen.has_value()) << chosen.error().text();
  EXPECT_EQ(chosen->registers.at(RegisterId::pcr<12>()).status, Expectation::Status::zero);
  const auto only = parse(R"({"platforms":[)" + zero + "]}");
  ASSERT_TRUE(only.has_value()) << only.error().text();
  EXPECT_EQ(only->registers.size(), 1U);
}

TEST(PredictionJson, refuses_an_unclear_choice) {
  const std::string two = R"({"platforms":[)" + platform("a") + "," + platform("b") + "]}";
  expect_refused(two, "", ErrorCode::usage, "choose a platform: a, b");
  expect_refused(two, "c", ErrorCode::not_found, "no platform 'c' among a, b");
  expect_refused("[]", "a", ErrorCode::usage, "an array of events has no platforms to choose from");
}

TEST(PredictionJson, refuses_other_documents) {
  expect_refused(R"({"platforms":[]})", "", ErrorCode::malformed, "prediction without a platform");
  expect_refused("{}", "", ErrorCode::not_found, "platforms: missing");
  expect_refused(R"({"platforms":[{}]})", "", ErrorCode::not_found, "id: missing");
  expect_refused(R"({"platforms":[{"id":"a"}]})", "", ErrorCode::not_found, "a: events: missing");
  expect_refused(R"({"platforms":[)" + platform("a", R"({"pcr99":{"status":"zero"}})") + "]}", "",
                 ErrorCode::malformed, "a: registers: PCR index 99 is not 0-23");
  expect_refused(R"({"platforms":[)" + platform("a", R"({"pcr9":{"status":"maybe"}})") + "]}", "",
                 ErrorCode::unsupported, "a: pcr9: unknown status 'maybe'");
}

}  // namespace
}  // namespace etalon::eventlog
