// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "references/eventlog/event.hpp"
#include "references/eventlog/log_codec.hpp"
#include "references/eventlog/untrusted_log.hpp"
#include "tests/support/fake_log.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"

namespace etalon::eventlog {
namespace {

using test::fake_ccel;
using test::FakeLog;
using test::FakeRecord;

Bytes with(FakeLog log) {
  return log.bytes();
}

FakeLog with_record(FakeRecord record) {
  FakeLog log;
  log.records = {std::move(record)};
  return log;
}

FakeLog ccel_record(FakeRecord record) {
  FakeLog log = fake_ccel();
  record.digests = log.records.front().digests;
  log.records = {std::move(record)};
  return log;
}

struct Refusal {
  std::string name{};
  Bytes bytes{};
  ErrorCode code = ErrorCode::malformed;
  std::string text{};
  LogFormat format = LogFormat::tcg2;
};

std::ostream& operator<<(std::ostream& out, const Refusal& row) {
  return out << row.name;
}

// Offsets: record 0 has its data at 32, the algorithm table at 60, vendor size at 64, and ends at
// 65 with one algorithm; record 1 starts there: type 69, count 73, digest 77 and 79, size 111.
std::vector<Refusal> refusals() {
  const Bytes whole = FakeLog{}.bytes();
  return {
      {"empty",
       {},
       ErrorCode::truncated,
       "tcg2 event log: record 0: register index at 0: need 4 bytes, 0 left"},
      {"first_record_register", with({.index = 2}), ErrorCode::malformed,
       "tcg2 event log: record 0: register index at 0: register 2 is not 0 or 1"},
      {"first_record_digest", with({.digest = Bytes(20, std::byte{1})}), ErrorCode::malformed,
       "tcg2 event log: record 0: digest at 8: EV_NO_ACTION has a digest"},
      {"sha1_only_log", with({.type = 8, .signature = "1.2.3.4.5.6.7.8."}), ErrorCode::unsupported,
       "tcg2 event log: record 0: signature at 32: log of a TPM 1.2 (SHA-1 only, no Spec ID "
       "Event03)"
       " is not supported"},
      {"older_spec_id", with({.signature = std::string("Spec ID Event02\0", 16)}),
       ErrorCode::unsupported,
       "tcg2 event log: record 0: signature at 32: log of a TPM 1.2 (SHA-1 only, no Spec ID "
       "Event03)"
       " is not supported"},
      {"no_spec_id", with({.signature = "StartupLocality."}), ErrorCode::malformed,
       "tcg2 event log: record 0: signature at 32: not a Spec ID event"},
      {"spec_id_size", with({.spec_size = 4096}), ErrorCode::truncated,
       "tcg2 event log: record 0: event at 32: need 4096 bytes, 112 left"},
      {"spec_id_too_short", with({.spec_size = 30}), ErrorCode::truncated,
       "tcg2 event log: record 0: digest size at 62: need 2 bytes, 0 left"},
      {"version", with({.major = 3}), ErrorCode::unsupported,
       "tcg2 event log: record 0: version major at 53: Spec ID version 3, only 2 is known"},
      {"no_algorithm", with({.algorithms = {}}), ErrorCode::limit,
       "tcg2 event log: record 0: algorithm count at 56: 0 is not 1 to 16"},
      {"algorithm_count", with({.algorithm_count = 0xffffffff}), ErrorCode::limit,
       "tcg2 event log: record 0: algorithm count at 56: 4294967295 is not 1 to 16"},
      {"algorithm_twice", with({.algorithms = {{11, 32}, {11, 32}}}), ErrorCode::malformed,
       "tcg2 event log: record 0: algorithm at 64: algorithm 11 is listed twice"},
      {"known_digest_size", with({.algorithms = {{11, 20}}}), ErrorCode::malformed,
       "tcg2 event log: record 0: digest size at 62: 20 bytes for algorithm 11"},
      {"unknown_digest_size_zero", with({.algorithms = {{18, 0}}}), ErrorCode::malformed,
       "tcg2 event log: record 0: digest size at 62: 0 bytes for algorithm 18"},
      {"unknown_digest_size_large", with({.algorithms = {{18, 129}}}), ErrorCode::malformed,
       "tcg2 event log: record 0: digest size at 62: 129 bytes for algorithm 18"},
      {"after_vendor_info", with({.after_vendor = Bytes(3)}), ErrorCode::malformed,
       "tcg2 event log: record 0: Spec ID event at 65: 3 trailing bytes"},
      {"record_header", Bytes(whole.begin(), whole.begin() + 72), ErrorCode::truncated,
       "tcg2 event log: record 1: event type at 69: need 4 bytes, 3 left"},
      {"pcr_index", with_record({.index = 24}).bytes(), ErrorCode::malformed,
       "tcg2 event log: record 1: register index at 65: PCR index 24 is not 0-23"},
      {"no_digest", with_record({.digests = {}}).bytes(), ErrorCode::malformed,
       "tcg2 event log: record 1: digest count at 73: 0 is not 1 to 1"},
      {"digest_count", with_record({.count = 0x10000000}).bytes(), ErrorCode::malformed,
       "tcg2 event log: record 1: digest count at 73: 268435456 is not 1 to 1"},
      {"digest_algorithm", with_record({.digests = {{12, Bytes(48)}}}).bytes(),
       ErrorCode::malformed,
       "tcg2 event log: record 1: digest algorithm at 77: algorithm 12 is not in the Spec ID "
       "event"},
      {"digest_twice",
       with({.algorithms = {{11, 32}, {4, 20}},
             .records = {{.digests = {{11, Bytes(32)}, {11, Bytes(32)}}}}}),
       ErrorCode::malformed,
       "tcg2 event log: record 1: digest algorithm at 115: second digest of algorithm 11"},
      {"digest_cut", Bytes(whole.begin(), whole.begin() + 100), ErrorCode::truncated,
       "tcg2 event log: record 1: digest at 79: need 32 bytes, 21 left"},
      {"event_size_cut", Bytes(whole.begin(), whole.begin() + 113), ErrorCode::truncated,
       "tcg2 event log: record 1: event size at 111: need 4 bytes, 2 left"},
      {"event_size_cap", with_record({.size = 1048577}).bytes(), ErrorCode::limit,
       "tcg2 event log: record 1: event size at 111: 1048577 bytes, at most 1048576 are read"},
      {"event_cut", with_record({.size = 30}).bytes(), ErrorCode::truncated,
       "tcg2 event log: record 1: event at 115: need 30 bytes, 29 left"},
      {"short_tail_of_other_bytes", with({.tail = Bytes(3, std::byte{0xfe})}), ErrorCode::truncated,
       "tcg2 event log: record 2: register index at 144: need 4 bytes, 3 left"},
      {"mr_index", ccel_record({.index = 5}).bytes(), ErrorCode::malformed,
       "ccel event log: record 1: register index at 65: MR index 5 is not 0 to 4", LogFormat::ccel},
      {"extend_of_mrtd", ccel_record({.index = 0}).bytes(), ErrorCode::malformed,
       "ccel event log: record 1: register index at 65: EV_EFI_ACTION cannot extend MRTD",
       LogFormat::ccel},
  };
}

class LogDecodeRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(LogDecodeRefusal, names_record_field_and_offset) {
  const Refusal& row = GetParam();
  const auto log = decode_log(row.bytes, row.format);
  ASSERT_FALSE(log.has_value());
  EXPECT_EQ(log.error().code, row.code);
  EXPECT_EQ(log.error().text(), row.text);
}

INSTANTIATE_TEST_SUITE_P(Rows, LogDecodeRefusal, testing::ValuesIn(refusals()),
                         [](const auto& row) { return row.param.name; });

TEST(LogDecode, refuses_a_file_beyond_the_cap) {
  Bytes bytes = FakeLog{}.bytes();
  bytes.resize(max_log_size + 1);
  const auto log = decode_tcg2(bytes);
  ASSERT_FALSE(log.has_value());
  EXPECT_EQ(log.error().code, ErrorCode::limit);
  EXPECT_EQ(log.error().text(), "tcg2 event log: 16777217 bytes, at most 16777216 are read");
}

TEST(LogDecode, refuses_more_records_than_the_cap) {
  FakeLog log;
  log.records.assign(max_records + 1, FakeRecord{.data = {}});
  const auto decoded = decode_tcg2(log.bytes());
  ASSERT_FALSE(decoded.has_value());
  EXPECT_EQ(decoded.error().code, ErrorCode::limit);
  EXPECT_EQ(decoded.error().message, "more than 65536 records");
}

TEST(LogDecode, reads_every_field) {
  FakeLog fake{.algorithms = {{11, 32}, {18, 5}}, .vendor = to_bytes("vendor")};
  fake.records.front().digests = {{18, Bytes(5, std::byte{7})}, {11, Bytes(32, std::byte{8})}};
  const auto log = decode_tcg2(fake.bytes());
  ASSERT_TRUE(log.has_value()) << log.error().text();
  EXPECT_EQ(log->spec_id.algorithms,
            (std::vector<AlgorithmSize>{{.alg = 11, .size = 32}, {.alg = 18, .size = 5}}));
  EXPECT_EQ(log->spec_id.vendor_info, to_bytes("vendor"));
  ASSERT_EQ(log->records.size(), 1U);
  const UntrustedRecord& record = log->records.front();
  EXPECT_EQ(record.offset, 75U);
  EXPECT_EQ(record.index, 4U);
  EXPECT_EQ(record.type, EventType::efi_action);
  ASSERT_EQ(record.digests.size(), 2U);
  EXPECT_EQ(record.digests[0], (RawDigest{.alg = 18, .value = Bytes(5, std::byte{7})}));
  EXPECT_EQ(record.digests[1], (RawDigest{.alg = 11, .value = Bytes(32, std::byte{8})}));
  EXPECT_EQ(as_text(record.data), "Exit Boot Services Invocation");
  EXPECT_EQ(*encode_log(*log), fake.bytes());
}

TEST(LogDecode, keeps_unknown_event_types) {
  const Bytes bytes = with_record({.type = 0xdeadbeef}).bytes();
  const auto log = decode_tcg2(bytes);
  ASSERT_TRUE(log.has_value()) << log.error().text();
  EXPECT_EQ(name(log->records.front().type), "0xdeadbeef");
  EXPECT_EQ(*encode_log(*log), bytes);
}

class LogTail : public testing::TestWithParam<Bytes> {};

TEST_P(LogTail, is_kept_verbatim) {
  for (FakeLog fake : {FakeLog{}, fake_ccel()}) {
    fake.tail = GetParam();
    const auto log = decode_log(fake.bytes());
    ASSERT_TRUE(log.has_value()) << log.error().text();
    EXPECT_EQ(log->records.size(), 1U);
    EXPECT_EQ(log->tail, GetParam());
    EXPECT_EQ(*encode_log(*log), fake.bytes());
  }
}

INSTANTIATE_TEST_SUITE_P(Fills, LogTail,
                         testing::Values(Bytes{}, Bytes(3, std::byte{0xff}), Bytes(3), Bytes(7),
                                         Bytes(64, std::byte{0xff}), Bytes(64),
                                         *from_hex("ffffffff0300000001"),
                                         *from_hex("0000000000000000aabb")));

TEST(LogDecode, reads_no_action_of_mr_0) {
  FakeLog fake = ccel_record({.index = 0, .type = 3, .data = to_bytes("SP800-155 Event\0")});
  const auto log = decode_log(fake.bytes());
  ASSERT_TRUE(log.has_value()) << log.error().text();
  EXPECT_EQ(log->format, LogFormat::ccel);
  EXPECT_EQ(log->records.front().index, 0U);
}

TEST(LogDecode, tells_the_formats_apart) {
  EXPECT_EQ(*detect_format(FakeLog{}.bytes()), LogFormat::tcg2);
  EXPECT_EQ(*detect_format(fake_ccel().bytes()), LogFormat::ccel);
  FakeLog unclear = fake_ccel();
  unclear.index = 0;
  EXPECT_EQ(*detect_format(unclear.bytes()), LogFormat::ccel);
  unclear.records.front().index = 7;  // no such MR
  EXPECT_EQ(*detect_format(unclear.bytes()), LogFormat::tcg2);
}

TEST(LogDecode, follows_a_forced_format) {
  const auto log = decode_log(fake_ccel().bytes(), LogFormat::tcg2);
  ASSERT_TRUE(log.has_value()) << log.error().text();
  EXPECT_EQ(log->format, LogFormat::tcg2);
}

}  // namespace
}  // namespace etalon::eventlog
