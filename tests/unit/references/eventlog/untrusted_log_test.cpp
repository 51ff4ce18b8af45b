// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/untrusted_log.hpp"

#include <string>

#include <gtest/gtest.h>

#include "references/eventlog/event.hpp"
#include "references/eventlog/log_codec.hpp"
#include "tests/support/fake_log.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"

namespace etalon::eventlog {
namespace {

TEST(UntrustedLog, becomes_events_that_name_their_source) {
  const auto log = decode_tcg2(test::FakeLog{}.bytes());
  ASSERT_TRUE(log.has_value());
  const auto events = to_events(*log);
  ASSERT_TRUE(events.has_value()) << events.error().text();
  ASSERT_EQ(events->size(), 1U);
  const Event& event = events->front();
  EXPECT_EQ(event.reg, RegisterId::pcr<4>());
  EXPECT_EQ(event.origin.kind, Origin::Kind::echoed);
  EXPECT_EQ(event.basis, Basis::log);
  EXPECT_EQ(event.summary, "Exit Boot Services Invocation");
  ASSERT_NE(event.digests.find(HashAlg::sha256), nullptr);
  EXPECT_EQ(event.digests.find(HashAlg::sha256)->view()[0], std::byte{0x5a});
}

TEST(UntrustedLog, maps_mr_indexes_to_registers) {
  EXPECT_EQ(*log_register(LogFormat::ccel, 0), RegisterId::mrtd());
  EXPECT_EQ(*log_register(LogFormat::ccel, 1), RegisterId::rtmr<0>());
  EXPECT_EQ(*log_register(LogFormat::ccel, 4), RegisterId::rtmr<3>());
  EXPECT_FALSE(log_register(LogFormat::ccel, 5).has_value());
  EXPECT_EQ(*log_register(LogFormat::tcg2, 23), RegisterId::pcr<23>());
  EXPECT_FALSE(log_register(LogFormat::tcg2, 24).has_value());
}

TEST(UntrustedLog, maps_registers_back) {
  EXPECT_EQ(*log_index(LogFormat::ccel, RegisterId::rtmr<2>()), 3U);
  EXPECT_EQ(*log_index(LogFormat::ccel, RegisterId::mrtd()), 0U);
  EXPECT_EQ(*log_index(LogFormat::tcg2, RegisterId::pcr<11>()), 11U);
  const auto wrong = log_index(LogFormat::tcg2, RegisterId::rtmr<0>());
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().code, ErrorCode::usage);
  EXPECT_EQ(wrong.error().message, "a tcg2 log cannot name rtmr0");
}

TEST(UntrustedLog, leaves_unknown_algorithms_out_of_events) {
  test::FakeLog fake{.algorithms = {{18, 32}, {11, 32}}};
  fake.records.front().digests = {{18, Bytes(32)}, {11, Bytes(32)}};
  const auto events = to_events(*decode_tcg2(fake.bytes()));
  ASSERT_TRUE(events.has_value()) << events.error().text();
  EXPECT_EQ(events->front().digests.size(), 1U);
}

TEST(UntrustedLog, refuses_an_extend_it_cannot_compute) {
  test::FakeLog fake{.algorithms = {{18, 32}}};
  fake.records.front().digests = {{18, Bytes(32)}};
  const auto events = to_events(*decode_tcg2(fake.bytes()));
  ASSERT_FALSE(events.has_value());
  EXPECT_EQ(events.error().code, ErrorCode::unsupported);
  EXPECT_EQ(events.error().text(),
            "record 1: digests at 65: no digest in an algorithm we can compute");
}

TEST(UntrustedLog, knows_the_names_of_formats) {
  EXPECT_EQ(parse_log_format("tcg2"), LogFormat::tcg2);
  EXPECT_EQ(parse_log_format("ccel"), LogFormat::ccel);
  EXPECT_FALSE(parse_log_format("cel").has_value());
}

}  // namespace
}  // namespace etalon::eventlog
