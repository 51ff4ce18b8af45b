// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/replay.hpp"

#include <array>

#include <gtest/gtest.h>

#include "references/eventlog/event.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"

namespace etalon::eventlog {
namespace {

constexpr std::array two_banks = {HashAlg::sha256, HashAlg::sha384};

Event measured(RegisterId reg, std::string_view what, std::span<const HashAlg> banks = two_banks) {
  return {.reg = reg,
          .type = EventType::efi_action,
          .digests = hash_all(banks, as_bytes(what)),
          .data = to_bytes(what)};
}

TEST(Replay, folds_each_register_and_bank_by_itself) {
  const EventLog log = {measured(RegisterId::pcr<4>(), "a"), measured(RegisterId::pcr<9>(), "x"),
                        measured(RegisterId::pcr<4>(), "b")};
  const auto values = replay(log);
  ASSERT_TRUE(values.has_value());
  ASSERT_EQ(values->size(), 2U);
  const AnyDigest first = hash(HashAlg::sha256, {Bytes(32), sha256(as_bytes("a")).view()});
  const AnyDigest both = hash(HashAlg::sha256, {first.view(), sha256(as_bytes("b")).view()});
  EXPECT_EQ(*values->at(RegisterId::pcr<4>()).find(HashAlg::sha256), both);
  EXPECT_EQ(values->at(RegisterId::pcr<9>()).size(), 2U);
}

TEST(Replay, does_not_extend_no_action) {
  Event note = measured(RegisterId::pcr<0>(), "Spec ID");
  note.type = EventType::no_action;
  EXPECT_TRUE(replay(EventLog{note})->empty());
}

TEST(Replay, starts_the_dynamic_pcrs_at_all_ones) {
  EXPECT_TRUE(start_value(RegisterId::pcr<16>(), HashAlg::sha1).is_zero());
  EXPECT_EQ(start_value(RegisterId::pcr<17>(), HashAlg::sha1).hex(), std::string(40, 'f'));
  EXPECT_EQ(start_value(RegisterId::pcr<22>(), HashAlg::sha1).hex(), std::string(40, 'f'));
  EXPECT_TRUE(start_value(RegisterId::pcr<23>(), HashAlg::sha1).is_zero());
}

TEST(Replay, refuses_banks_that_come_and_go) {
  const EventLog log = {measured(RegisterId::pcr<4>(), "a"),
                        measured(RegisterId::pcr<4>(), "b", std::array{HashAlg::sha256})};
  const auto values = replay(log);
  ASSERT_FALSE(values.has_value());
  EXPECT_EQ(values.error().code, ErrorCode::mismatch);
  EXPECT_EQ(values.error().message, "event 1 of pcr4 has other banks than the events before it");
  const EventLog reversed = {log[1], log[0]};
  EXPECT_FALSE(replay(reversed).has_value());
}

Event locality_note(std::string_view data) {
  return {.reg = RegisterId::pcr<0>(), .data = to_bytes(data)};
}

TEST(Replay, starts_pcr_0_at_the_announced_locality) {
  const EventLog log = {locality_note({"StartupLocality\0\x03", 17}),
                        measured(RegisterId::pcr<0>(), "a"), measured(RegisterId::pcr<1>(), "a")};
  const auto values = replay(log);
  ASSERT_TRUE(values.has_value());
  Bytes start(32);
  start.back() = std::byte{3};
  EXPECT_EQ(*values->at(RegisterId::pcr<0>()).find(HashAlg::sha256),
            hash(HashAlg::sha256, {start, sha256(as_bytes("a")).view()}));
  EXPECT_EQ(*values->at(RegisterId::pcr<1>()).find(HashAlg::sha256),
            hash(HashAlg::sha256, {Bytes(32), sha256(as_bytes("a")).view()}));
}

TEST(Replay, refuses_a_locality_of_another_size) {
  const auto values = replay(EventLog{locality_note({"StartupLocality\0", 16})});
  ASSERT_FALSE(values.has_value());
  EXPECT_EQ(values.error().code, ErrorCode::malformed);
  EXPECT_EQ(values.error().message, "event 0: StartupLocality is not one byte 0 to 4");
}

TEST(Replay, refuses_a_locality_that_does_not_exist) {
  const auto values = replay(EventLog{locality_note({"StartupLocality\0\x05", 17})});
  ASSERT_FALSE(values.has_value());
  EXPECT_EQ(values.error().code, ErrorCode::malformed);
  EXPECT_EQ(values.error().message, "event 0: StartupLocality is not one byte 0 to 4");
}

}  // namespace
}  // namespace etalon::eventlog
