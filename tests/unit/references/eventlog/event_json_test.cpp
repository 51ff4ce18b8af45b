// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/event_json.hpp"

#include <string>

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

TEST(EventJson, names_the_event_that_is_wrong) {
  Json json = log_json(EventLog{example(), example()});
  json.array()->at(1).object()->erase("basis");
  EXPECT_EQ(parse_log(json).error().text(), "event 1: basis: missing");
  json.array()->at(1).object()->emplace("basis", "hope");
  EXPECT_EQ(parse_log(json).error().text(), "event 1: unknown basis 'hope'");
  EXPECT_EQ(parse_log(Json(1)).error().text(), "event log is not an array");
}

TEST(EventJson, refuses_a_type_that_is_no_u32) {
  Json json = event_json(example());
  json.object()->at("type_num") = Json(std::int64_t{1} << 32U);
  EXPECT_EQ(parse_event(json).error().text(), "type_num is not a 32-bit number");
  json.object()->at("type_num") = Json(-1);
  EXPECT_EQ(parse_event(json).error().text(), "type_num is not a 32-bit number");
}

}  // namespace
}  // namespace etalon::eventlog
