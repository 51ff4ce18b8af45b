// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "references/eventlog/event.hpp"
#include "references/eventlog/log_codec.hpp"
#include "references/eventlog/replay.hpp"
#include "references/eventlog/untrusted_log.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"

namespace etalon::eventlog {
namespace {

constexpr std::array two_banks = {HashAlg::sha256, HashAlg::sha384};
constexpr std::array sha384_only = {HashAlg::sha384};

Event predicted(RegisterId reg, std::string_view what) {
  return {.reg = reg,
          .type = EventType::efi_action,
          .digests = hash_all(two_banks, as_bytes(what)),
          .data = to_bytes(what),
          .summary = "predicted"};
}

TEST(LogEncode, writes_a_predicted_tpm_log_that_replays) {
  const EventLog log = {predicted(RegisterId::pcr<4>(), "a"),
                        predicted(RegisterId::pcr<11>(), "b")};
  const auto bytes = encode_tcg2(log, two_banks);
  ASSERT_TRUE(bytes.has_value()) << bytes.error().text();
  EXPECT_EQ(*detect_format(*bytes), LogFormat::tcg2);
  const auto decoded = decode_tcg2(*bytes);
  ASSERT_TRUE(decoded.has_value()) << decoded.error().text();
  EXPECT_EQ(decoded->spec_id.index, 0U);
  const EventLog again = *to_events(*decoded);
  ASSERT_EQ(again.size(), log.size());
  for (std::size_t i = 0; i < log.size(); ++i) {
    EXPECT_EQ(again[i].reg, log[i].reg);
    EXPECT_EQ(again[i].type, log[i].type);
    EXPECT_EQ(again[i].digests, log[i].digests);
    EXPECT_EQ(again[i].data, log[i].data);
  }
  EXPECT_EQ(*replay(again), *replay(log));
}

TEST(LogEncode, writes_a_predicted_ccel_in_sha384_alone) {
  const EventLog log = {predicted(RegisterId::rtmr<0>(), "a"),
                        predicted(RegisterId::rtmr<2>(), "b")};
  const auto bytes = encode_ccel(log);
  ASSERT_TRUE(bytes.has_value()) << bytes.error().text();
  const auto decoded = decode_log(*bytes);
  ASSERT_TRUE(decoded.has_value()) << decoded.error().text();
  EXPECT_EQ(decoded->format, LogFormat::ccel);
  EXPECT_EQ(decoded->spec_id.index, 1U);
  EXPECT_EQ(decoded->records[1].index, 3U);
  const auto values = replay(*to_events(*decoded));
  ASSERT_TRUE(values.has_value());
  EXPECT_EQ(values->at(RegisterId::rtmr<2>()).size(), 1U);
  EXPECT_EQ(*values->at(RegisterId::rtmr<2>()).find(HashAlg::sha384),
            extend(AnyDigest::zero(HashAlg::sha384), sha384(as_bytes("b"))));
}

TEST(LogEncode, starts_with_the_bytes_firmware_writes) {
  const auto bytes = encode_ccel({});
  ASSERT_TRUE(bytes.has_value());
  EXPECT_EQ(to_hex(*bytes),
            "0100000003000000"
            "0000000000000000000000000000000000000000"
            "21000000"
            "53706563204944204576656e74303300"
            "000000000002000201000000"
            "0c00300000");
}

TEST(LogEncode, gives_no_action_zero_digests) {
  Event note = {.reg = RegisterId::pcr<0>(), .data = to_bytes("note")};
  const auto bytes = encode_tcg2(EventLog{note}, two_banks);
  ASSERT_TRUE(bytes.has_value()) << bytes.error().text();
  const auto decoded = decode_tcg2(*bytes);
  ASSERT_TRUE(decoded.has_value()) << decoded.error().text();
  ASSERT_EQ(decoded->records.front().digests.size(), 2U);
  EXPECT_EQ(decoded->records.front().digests[1].value, Bytes(48));
}

TEST(LogEncode, refuses_an_event_without_a_bank) {
  Event event = predicted(RegisterId::pcr<4>(), "a");
  event.digests = hash_all(sha384_only, as_bytes("a"));
  const auto bytes = encode_tcg2(EventLog{event}, two_banks);
  ASSERT_FALSE(bytes.has_value());
  EXPECT_EQ(bytes.error().code, ErrorCode::mismatch);
  EXPECT_EQ(bytes.error().text(), "tcg2 event log: event 0: no sha256 digest");
}

TEST(LogEncode, refuses_a_register_of_the_other_format) {
  const auto tcg2 = encode_tcg2(EventLog{predicted(RegisterId::rtmr<1>(), "a")}, two_banks);
  ASSERT_FALSE(tcg2.has_value());
  EXPECT_EQ(tcg2.error().code, ErrorCode::usage);
  EXPECT_EQ(tcg2.error().message, "a tcg2 log cannot name rtmr1");
  const auto ccel = encode_ccel(EventLog{predicted(RegisterId::pcr<1>(), "a")});
  ASSERT_FALSE(ccel.has_value());
  EXPECT_EQ(ccel.error().message, "a ccel log cannot name pcr1");
}

TEST(LogEncode, refuses_no_bank_and_oversized_data) {
  const auto none = encode_tcg2({}, {});
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().message, "no bank to write");
  Event large = predicted(RegisterId::pcr<4>(), "a");
  large.data.resize(max_event_size + 1);
  const auto bytes = encode_tcg2(EventLog{large}, two_banks);
  ASSERT_FALSE(bytes.has_value());
  EXPECT_EQ(bytes.error().code, ErrorCode::limit);
  EXPECT_EQ(bytes.error().message, "event data of 1048577 bytes");
}

TEST(LogEncode, refuses_fields_wider_than_the_format) {
  UntrustedLog log;
  log.spec_id.vendor_info.resize(256);
  const auto bytes = encode_log(log);
  ASSERT_FALSE(bytes.has_value());
  EXPECT_EQ(bytes.error().code, ErrorCode::usage);
  EXPECT_EQ(bytes.error().text(), "record 0: vendor info of 256 bytes");
}

}  // namespace
}  // namespace etalon::eventlog
