// SPDX-License-Identifier: Apache-2.0
// Logs of real boots replay to the registers that were read in the same boot.
#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "references/eventlog/event.hpp"
#include "references/eventlog/log_codec.hpp"
#include "references/eventlog/replay.hpp"
#include "references/eventlog/untrusted_log.hpp"
#include "tests/support/fixtures.hpp"
#include "tests/support/pcrs.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"
#include "tools/codec/json.hpp"

namespace etalon::eventlog {
namespace {

using Registers = std::map<RegisterId, DigestSet>;

// What the log makes of a register, or its start value when no event touches it.
AnyDigest replayed(const RegisterValues& values, RegisterId reg, HashAlg alg) {
  const auto at = values.find(reg);
  const AnyDigest* const value = at == values.end() ? nullptr : at->second.find(alg);
  return value == nullptr ? start_value(reg, alg) : *value;
}

// Decodes, checks that encoding gives the same bytes, and replays.
Result<RegisterValues> replay_bytes(ByteView bytes, LogFormat expected) {
  TRY_ASSIGN(const UntrustedLog log, decode_log(bytes));
  EXPECT_EQ(log.format, expected);
  TRY_ASSIGN(const Bytes again, encode_log(log));
  EXPECT_TRUE(equal(again, bytes)) << "encoding differs from the file";
  TRY_ASSIGN(const EventLog events, to_events(log));
  return replay(events);
}

struct Boot {
  std::string name{};
  std::size_t recorded = 0;  // register values in the dump, without PCR 10
};

class CapturedBoot : public testing::TestWithParam<Boot> {};

TEST_P(CapturedBoot, replays_to_the_recorded_pcrs) {
  const auto log = test::test_data("eventlog/" + GetParam().name + ".tcg");
  const auto dump = test::test_data("eventlog/" + GetParam().name + ".pcrs");
  ASSERT_TRUE(log.has_value()) << log.error().text();
  ASSERT_TRUE(dump.has_value()) << dump.error().text();
  const auto values = replay_bytes(*log, LogFormat::tcg2);
  ASSERT_TRUE(values.has_value()) << values.error().text();
  const auto recorded = test::parse_pcrs(as_text(*dump));
  ASSERT_TRUE(recorded.has_value()) << recorded.error().text();
  std::size_t compared = 0;
  for (const auto& [reg, banks] : *recorded) {
    if (reg == RegisterId::pcr<10>()) continue;  // the kernel's IMA extends it later
    for (const auto& [alg, value] : banks) {
      EXPECT_EQ(replayed(*values, reg, alg).hex(), value.hex()) << reg.text() << ' ' << name(alg);
      ++compared;
    }
  }
  EXPECT_EQ(compared, GetParam().recorded);
}

INSTANTIATE_TEST_SUITE_P(Boots, CapturedBoot,
                         testing::Values(Boot{"uki-252", 18}, Boot{"uki-254", 18},
                                         Boot{"uki-257", 18}, Boot{"uki-ima", 12},
                                         Boot{"uki-6.1-exec", 92}, Boot{"uki-6.12-sb", 92},
                                         Boot{"uki-6.12-stub257-tis", 92},
                                         Boot{"ovmf2025-6.12-exec", 92}, Boot{"sd-6.1-exec", 92},
                                         Boot{"sd-6.1-exec2", 92}),
                         [](const auto& row) {
                           std::string id = row.param.name;
                           for (char& c : id)
                             c = c == '-' || c == '.' ? '_' : c;
                           return id;
                         });

using RtmrValues = std::array<std::string_view, 4>;
constexpr std::string_view zero_rtmr =
    "000000000000000000000000000000000000000000000000"
    "000000000000000000000000000000000000000000000000";

void expect_rtmrs(ByteView ccel, const RtmrValues& expected) {
  const auto values = replay_bytes(ccel, LogFormat::ccel);
  ASSERT_TRUE(values.has_value()) << values.error().text();
  for (std::uint32_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(replayed(*values, *RegisterId::rtmr(i), HashAlg::sha384).hex(), expected[i])
        << "rtmr" << i;
  }
}

// The RTMRs that the trustee project states for its logs in the tests of deps/eventlog.
TEST(PublicLogs, trustee_ovmf_log_replays) {
  ETALON_PUBLIC_FIXTURE(
      log, "tdx/confidential-containers__trustee/deps/eventlog/test_data/CCEL_data_ovmf");
  expect_rtmrs(log, {"8566f998798db09443b244c62de9a3041fb02e2e6936c439"
                     "6d784bba2e90177329ec5aba3bb484404f2ab9cc90abe193",
                     "775b9f6bfe99f8a31396f0d0218e67ffa796d3b96ccf961c"
                     "bb0deba48c79c00f082cda1a5567c1c16305f1fc210c13c6",
                     "94eaf7a7bf398ed8d888c91057ae0261802e4f3df084213a"
                     "76ca7f0b5055ac9d2241de43cd58d9e8b49c503bbf25f34a",
                     zero_rtmr});
}

TEST(PublicLogs, trustee_grub_log_replays) {
  ETALON_PUBLIC_FIXTURE(
      log, "tdx/confidential-containers__trustee/deps/eventlog/test_data/CCEL_data_grub");
  expect_rtmrs(log, {"cec0a104f691f60da2387fea3c2de00c4ac035e2bb479ff0"
                     "2edcce69039d9e9907f0b3e55031da3dc7038f423adebd79",
                     "6c289e0c62182d41ebe97bdbc9872d10998a08eaa86adcdc"
                     "684001a363207ee72942c7522cdf00a4bbc3d784bed7b670",
                     "08919d017ba0e52cd6d966351c7de16fe76c1d3d3d3da455"
                     "4239e4c7d16cb8b82a94e7eaea3a0e6e18eb690b999fd31e",
                     zero_rtmr});
}

// RTMR 0-3 of a version 4 TDX quote: body at 48, registers at 328 of it.
Result<std::array<std::string, 4>> quote_rtmrs(ByteView quote) {
  ByteReader reader(quote);
  const std::uint16_t version = reader.u16("version");
  reader.skip(48 + 328 - 2, "header and body up to the RTMRs");
  std::array<std::string, 4> values;
  for (std::string& value : values)
    value = to_hex(reader.bytes(48, "RTMR"));
  TRY(reader.status());
  if (version != 4) return fail(ErrorCode::unsupported, "quote version");
  return values;
}

TEST(PublicLogs, cos_113_log_replays_to_its_quote) {
  ETALON_PUBLIC_FIXTURE(log, "tdx/google__go-tdx-guest/testing/testdata/ccel/ccel_data.dat");
  ETALON_PUBLIC_FIXTURE(quote,
                        "tdx/google__go-tdx-guest/testing/testdata/ccel/cos-113-tdx-quote.dat");
  const auto rtmrs = quote_rtmrs(quote);
  ASSERT_TRUE(rtmrs.has_value()) << rtmrs.error().text();
  expect_rtmrs(log, {(*rtmrs)[0], (*rtmrs)[1], (*rtmrs)[2], (*rtmrs)[3]});
}

TEST(PublicLogs, unpadded_ccel_decodes_and_encodes) {
  ETALON_PUBLIC_FIXTURE(log,
                        "tdx/google__go-eventlog/testdata/eventlogs/ccel/CCEL_unpadded.data.bin");
  const auto decoded = decode_log(log);
  ASSERT_TRUE(decoded.has_value()) << decoded.error().text();
  EXPECT_TRUE(decoded->tail.empty());
  EXPECT_EQ(decoded->records.size(), 19U);
  EXPECT_TRUE(replay_bytes(log, LogFormat::ccel).has_value());
}

// A laptop's TPM log with grub's PCRs 8 and 9; the dump's lines are "0: HEX", SHA-1 then SHA-256.
TEST(PublicLogs, laptop_log_replays_to_its_pcrs) {
  ETALON_PUBLIC_FIXTURE(log, "ima/ima-evm-utils/sample-binary_bios_measurements-pcrs-8-9");
  ETALON_PUBLIC_FIXTURE(dump, "ima/ima-evm-utils/sample-tpm-2.0-pcrs-8-9");
  const auto values = replay_bytes(log, LogFormat::tcg2);
  ASSERT_TRUE(values.has_value()) << values.error().text();
  const std::string_view text = as_text(dump);
  for (std::uint32_t index = 0; index < 10; ++index) {
    const std::string line = "\n" + std::to_string(index) + ": " +
                             replayed(*values, *RegisterId::pcr(index), HashAlg::sha1).hex() + "\n";
    EXPECT_NE(text.find(line), std::string_view::npos) << "pcr" << index << line;
  }
}

TEST(PublicLogs, second_laptop_log_decodes_and_encodes) {
  ETALON_PUBLIC_FIXTURE(log, "ima/ima-evm-utils/test_binary_bios_measurements");
  EXPECT_TRUE(replay_bytes(log, LogFormat::tcg2).has_value());
}

// An event of dstack's JSON log: {"imr":RTMR,"event_type":N,"digest":HEX,…}.
Result<Event> dstack_event(const Json& json) {
  TRY_ASSIGN(const std::int64_t imr, json_integer(json, "imr"));
  TRY_ASSIGN(const RegisterId reg, RegisterId::rtmr(static_cast<std::uint32_t>(imr)));
  TRY_ASSIGN(const std::string hex, json_text(json, "digest"));
  TRY_ASSIGN(const AnyDigest digest, AnyDigest::from_hex(HashAlg::sha384, hex));
  Event event{.reg = reg, .type = EventType::efi_action};
  event.digests.set(digest);
  return event;
}

Result<EventLog> dstack_log(const Json& report) {
  TRY_ASSIGN(const std::string text, json_text(report, "event_log"));
  TRY_ASSIGN(const Json list, parse_json(text));
  EventLog log;
  if (list.array() == nullptr) return fail(ErrorCode::malformed, "event_log is not an array");
  for (const Json& each : *list.array()) {
    TRY_ASSIGN(Event event, dstack_event(each));
    log.push_back(std::move(event));
  }
  return log;
}

TEST(PublicLogs, dstack_json_log_replays_to_its_quote) {
  ETALON_PUBLIC_FIXTURE(file, "tdx/Dstack-TEE__dstack/dstack/verifier/fixtures/quote-report.json");
  const auto report = parse_json(as_text(file));
  ASSERT_TRUE(report.has_value()) << report.error().text();
  const auto quote = from_hex(*json_text(*report, "quote"));
  ASSERT_TRUE(quote.has_value());
  const auto rtmrs = quote_rtmrs(*quote);
  ASSERT_TRUE(rtmrs.has_value()) << rtmrs.error().text();
  const auto log = dstack_log(*report);
  ASSERT_TRUE(log.has_value()) << log.error().text();
  const auto values = replay(*log);
  ASSERT_TRUE(values.has_value()) << values.error().text();
  for (std::uint32_t i = 0; i < 4; ++i) {
    EXPECT_EQ(replayed(*values, *RegisterId::rtmr(i), HashAlg::sha384).hex(), (*rtmrs)[i]);
  }
}

}  // namespace
}  // namespace etalon::eventlog
