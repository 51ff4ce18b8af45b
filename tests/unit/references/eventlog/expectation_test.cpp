// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/expectation.hpp"

#include <string>

#include <gtest/gtest.h>

#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"
#include "tools/codec/json.hpp"

namespace etalon::eventlog {
namespace {

Expectation exact() {
  Alternative alternative{.when = {{"memory", "2G"}}, .basis = Basis::boot};
  alternative.values.set(sha384(as_bytes("x")));
  return {.status = Expectation::Status::exact, .any = {alternative}};
}

TEST(Expectation, round_trips_every_status) {
  const Expectation all[] = {
      exact(),
      {.status = Expectation::Status::zero},
      {.status = Expectation::Status::replay,
       .free = {{.event = "Linux initrd", .reason = "per boot"}}},
      {.status = Expectation::Status::unpredictable, .reason = "why", .advice = "what to do"}};
  for (const Expectation& each : all) {
    const auto back = parse_expectation(expectation_json(each));
    ASSERT_TRUE(back.has_value()) << back.error().text();
    EXPECT_EQ(*back, each);
  }
}

TEST(Expectation, ignores_members_it_does_not_know) {
  Json json = expectation_json(exact());
  json.object()->emplace("later", 1);
  EXPECT_EQ(*parse_expectation(json), exact());
}

struct Refusal {
  const char* text;
  ErrorCode code;
  const char* message;
};

class ExpectationRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(ExpectationRefusal, never_reads_leniently) {
  const auto result = parse_expectation(*parse_json(GetParam().text));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, GetParam().code);
  EXPECT_EQ(result.error().text(), GetParam().message);
}

using enum ErrorCode;

INSTANTIATE_TEST_SUITE_P(
    all, ExpectationRefusal,
    testing::Values(
        Refusal{R"({})", not_found, "status: missing"},
        Refusal{R"({"status":"any"})", unsupported, "unknown status 'any'"},
        Refusal{R"({"status":"exact"})", not_found, "any: missing"},
        Refusal{R"({"status":"exact","any":[]})", malformed, "exact without an alternative"},
        Refusal{R"({"status":"exact","any":[{"when":{},"values":{},"basis":"boot"}]})", malformed,
                "alternative 0: alternative without a value"},
        Refusal{R"({"status":"exact","any":[{"when":{"m":1},"values":{},"basis":"boot"}]})",
                malformed, "alternative 0: m: not a string"},
        Refusal{R"({"status":"exact","any":[{"when":{},"values":{"md5":"00"},"basis":"boot"}]})",
                unsupported,
                "alternative 0: unknown hash algorithm 'md5' (known: sha1, sha256, sha384, "
                "sha512)"},
        Refusal{R"({"status":"exact","any":[{"when":{},"values":{"sha1":)"
                R"("00000000000000000000000000000000000000AB"},"basis":"boot"}]})",
                malformed, "alternative 0: sha1: hexadecimal is not lower case"},
        Refusal{R"({"status":"exact","any":[{"when":{},"values":{"sha1":)"
                R"("00000000000000000000000000000000000000ab"},"basis":"hope"}]})",
                unsupported, "alternative 0: unknown basis 'hope'"},
        Refusal{R"({"status":"replay"})", not_found, "free: missing"},
        Refusal{R"({"status":"replay","free":[]})", malformed, "replay without a free event"},
        Refusal{R"({"status":"replay","free":[{"event":"x"}]})", not_found, "reason: missing"}));

}  // namespace
}  // namespace etalon::eventlog
