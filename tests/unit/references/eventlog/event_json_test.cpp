// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/event_json.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "references/eventlog/event.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"
#include "tools/codec/json.hpp"

namespace etalon::eventlog {
namespace {

Event example() {
  return {.reg = RegisterId::pcr<11>(),
          .type = EventType::ipl,
          .digests = hash_all(all_hash_algs, as_bytes(".linux")),
          .data = to_bytes("d"),
          .preimage = to_bytes(".linux"),
          .origin = {.kind = Origin::Kind::input,
                     .input = ".linux of x.efi",
                     .sha256 = sha256(as_bytes("x")),
                     .rule = "systemd-stub 257"},
          .basis = Basis::boot,
          .summary = ".linux name"};
}

TEST(EventJson, round_trips) {
  const EventLog log = {example(), {.reg = RegisterId::rtmr<1>(), .summary = "bare"}};
  const auto back = parse_log(log_json(log));
  ASSERT_TRUE(back.has_value()) << back.error().text();
  EXPECT_EQ(*back, log);
}

TEST(EventJson, names_the_type_and_keeps_unknown_numbers) {
  EXPECT_EQ(*json_text(event_json(example()), "type"), "EV_IPL");
  Event odd = example();
  odd.type = static_cast<EventType>(0x8123);
  EXPECT_EQ(*json_text(event_json(odd), "type"), "0x00008123");
  EXPECT_EQ(parse_event(event_json(odd))->type, odd.type);
}

// A member at a path of member names below an event, replaced or taken away.
struct Refusal {
  std::vector<std::string> path;
  std::optional<Json> value;
  ErrorCode code;
  std::string message;
};

Json changed(const Refusal& refusal) {
  Json json = event_json(example());
  Json* at = &json;
  for (std::size_t i = 0; i + 1 < refusal.path.size(); ++i)
    at = &at->object()->at(refusal.path[i]);
  at->object()->erase(refusal.path.back());
  if (refusal.value) at->object()->emplace(refusal.path.back(), *refusal.value);
  return json;
}

TEST(EventJson, refuses_members_that_are_wrong) {
  using enum ErrorCode;
  const std::vector<Refusal> refusals = {
      {{"basis"}, {}, not_found, "basis: missing"},
      {{"basis"}, Json("hope"), unsupported, "unknown basis 'hope'"},
      {{"type_num"}, Json(std::int64_t{1} << 32U), malformed, "type_num is not a 32-bit number"},
      {{"type_num"}, Json(-1), malformed, "type_num is not a 32-bit number"},
      {{"origin"}, {}, not_found, "event without an origin"},
      {{"origin", "kind"}, Json("dream"), unsupported, "origin: unknown origin 'dream'"},
      {{"origin", "sha256"},
       Json("12"),
       malformed,
       "origin: sha256 digest must have 32 bytes, not 1"},
      {{"digests", "sha1"}, Json(1), malformed, "digest is not a string"},
      {{"digests", "sha1"}, Json("12"), malformed, "sha1: sha1 digest must have 20 bytes, not 1"},
      {{"digests", "md5"},
       Json("12"),
       unsupported,
       "unknown hash algorithm 'md5' (known: sha1, sha256, sha384, sha512)"},
      {{"data"}, Json("0g"), malformed, "data: not a hexadecimal digit: 0g"},
      {{"preimage"}, Json("0"), malformed, "preimage: hex text has an odd length"},
  };
  for (const Refusal& each : refusals) {
    const auto event = parse_event(changed(each));
    ASSERT_FALSE(event.has_value()) << each.message;
    EXPECT_EQ(event.error().code, each.code) << each.message;
    EXPECT_EQ(event.error().text(), each.message);
  }
}

TEST(EventJson, names_the_event_that_is_wrong) {
  Json json = log_json(EventLog{example(), example()});
  json.array()->at(1).object()->erase("basis");
  const auto log = parse_log(json);
  ASSERT_FALSE(log.has_value());
  EXPECT_EQ(log.error().code, ErrorCode::not_found);
  EXPECT_EQ(log.error().text(), "event 1: basis: missing");
  const auto number = parse_log(Json(1));
  ASSERT_FALSE(number.has_value());
  EXPECT_EQ(number.error().code, ErrorCode::malformed);
  EXPECT_EQ(number.error().text(), "event log is not an array");
}

}  // namespace
}  // namespace etalon::eventlog
