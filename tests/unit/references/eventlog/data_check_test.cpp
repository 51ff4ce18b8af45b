// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/data_check.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "references/eventlog/event.hpp"
#include "references/eventlog/log_codec.hpp"
#include "references/eventlog/untrusted_log.hpp"
#include "tests/support/fixtures.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"

namespace etalon::eventlog {
namespace {

using namespace std::string_view_literals;

constexpr std::array two = {HashAlg::sha1, HashAlg::sha256};

UntrustedRecord record(EventType type, std::string_view data, std::string_view measured) {
  UntrustedRecord result{.index = 4, .type = type, .data = to_bytes(data)};
  for (const auto& [alg, digest] : hash_all(two, as_bytes(measured))) {
    const ByteView bytes = digest.view();
    result.digests.push_back(
        {.alg = static_cast<std::uint16_t>(alg), .value = Bytes(bytes.begin(), bytes.end())});
  }
  return result;
}

TEST(DataCheck, holds_the_digest_against_the_data) {
  EXPECT_EQ(check_data(record(EventType::efi_action, "hello", "hello")).check, DataCheck::matches);
  EXPECT_EQ(check_data(record(EventType::efi_action, "hello", "other")),
            (DataVerdict{.check = DataCheck::differs, .really = ""}));
  EXPECT_EQ(check_data(record(EventType::efi_boot_services_application, "path", "image")).check,
            DataCheck::not_covered);
}

TEST(DataCheck, wants_every_bank_to_match) {
  UntrustedRecord mixed = record(EventType::separator, "\0\0\0\0"sv, "\0\0\0\0"sv);
  EXPECT_EQ(check_data(mixed).check, DataCheck::matches);
  mixed.digests[0] = record(EventType::separator, "", "x").digests[0];
  EXPECT_EQ(check_data(mixed).check, DataCheck::differs);
}

TEST(DataCheck, leaves_algorithms_it_cannot_compute) {
  UntrustedRecord sm3 = record(EventType::separator, "\0\0\0\0"sv, "\0\0\0\0"sv);
  sm3.digests.push_back({.alg = 0x12, .value = Bytes(32)});
  EXPECT_EQ(check_data(sm3).check, DataCheck::matches);
  sm3.digests = {{.alg = 0x12, .value = Bytes(32)}};
  EXPECT_EQ(check_data(sm3).check, DataCheck::not_covered);
}

TEST(DataCheck, says_what_a_relabelled_event_really_is) {
  EXPECT_EQ(check_data(record(EventType::efi_action, "Harmless", "\0\0\0\0"sv)).really,
            "separator 00000000");
  EXPECT_EQ(check_data(record(EventType::separator, "\0\0\0\0"sv, "\xff\xff\xff\xff"sv)).really,
            "separator ffffffff");
  EXPECT_EQ(check_data(record(EventType::separator, "\0\0\0\0"sv, "\1\0\0\0"sv)).really,
            "separator after an error");
  EXPECT_EQ(
      check_data(record(EventType::efi_gpt_event, "EFI PART", "Exit Boot Services Invocation"))
          .really,
      "action Exit Boot Services Invocation");
}

// GUID, lengths, "A" in UTF-16, one byte of value.
constexpr std::string_view variable = "0123456789abcdef\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0A\0V"sv;

TEST(DataCheck, takes_the_value_of_a_boot_variable_or_all_of_it) {
  EXPECT_EQ(check_data(record(EventType::efi_variable_boot, variable, "V")).check,
            DataCheck::matches);
  EXPECT_EQ(check_data(record(EventType::efi_variable_boot, variable, variable)).check,
            DataCheck::matches);
  EXPECT_EQ(check_data(record(EventType::efi_variable_boot, variable, "W")).check,
            DataCheck::differs);
  EXPECT_EQ(check_data(record(EventType::efi_variable_boot2, variable, "V")).check,
            DataCheck::differs)
      << "that type's digest is over all of the data";
}

TEST(DataCheck, flags_a_boot_variable_that_is_malformed) {
  // a name longer than the data, a value longer than the data, bytes behind the value
  std::string long_name(variable);
  long_name[16] = '\x7f';
  std::string long_value(variable);
  long_value[24] = '\2';
  for (const std::string& data : {long_name, long_value, std::string(variable) + "x"}) {
    EXPECT_EQ(check_data(record(EventType::efi_variable_boot, data, "V")).check,
              DataCheck::differs);
  }
}

TEST(DataCheck, knows_the_byte_that_old_shims_leave_out) {
  const std::string shim =
      std::string("\x50\xab\x5d\x60\x46\xe0\x00\x43\xab\xb6\x3d\xd8\x10\xdd\x8b\x23", 16) + "rest";
  const auto check = [](EventType type, const std::string& data) {
    return check_data(record(type, data, data.substr(0, data.size() - 1))).check;
  };
  EXPECT_EQ(check(EventType::efi_variable_authority, shim), DataCheck::matches);
  EXPECT_EQ(check(EventType::efi_variable_driver_config, shim), DataCheck::differs);
  EXPECT_EQ(check(EventType::efi_variable_authority, "0" + shim), DataCheck::differs);
}

struct Counts {
  std::size_t matches = 0;
  std::size_t differs = 0;
};

// And that the same log with any covered event relabelled is flagged.
Counts count(ByteView bytes) {
  Counts counts;
  const auto log = decode_log(bytes);
  EXPECT_TRUE(log.has_value());
  if (!log) return counts;
  for (UntrustedRecord each : log->records) {
    const DataCheck check = check_data(each).check;
    counts.matches += check == DataCheck::matches ? 1 : 0;
    counts.differs += check == DataCheck::differs ? 1 : 0;
    if (check != DataCheck::matches) continue;
    each.data.insert(each.data.begin(), std::byte{'x'});
    EXPECT_EQ(check_data(each).check, DataCheck::differs) << each.offset;
  }
  return counts;
}

TEST(DataCheck, flags_nothing_in_logs_of_real_boots) {
  for (const std::string name :
       {"uki-252", "uki-254", "uki-257", "uki-ima", "uki-6.1-exec", "uki-6.12-sb",
        "uki-6.12-stub257-tis", "ovmf2025-6.12-exec", "sd-6.1-exec", "sd-6.1-exec2"}) {
    const auto log = test::test_data("eventlog/" + name + ".tcg");
    ASSERT_TRUE(log.has_value());
    const Counts counts = count(*log);
    EXPECT_GE(counts.matches, 20U) << name;
    EXPECT_EQ(counts.differs, 0U) << name;
  }
}

void expect_clean(std::string_view local, std::size_t at_least) {
  ETALON_PUBLIC_FIXTURE(log, local);
  const Counts counts = count(log);
  EXPECT_GE(counts.matches, at_least) << local;
  EXPECT_EQ(counts.differs, 0U) << local;
}

TEST(DataCheck, flags_nothing_in_the_log_of_a_gce_guest) {
  expect_clean("tdx/google__go-tdx-guest/testing/testdata/ccel/ccel_data.dat", 10);
}

TEST(DataCheck, flags_nothing_in_the_log_of_an_unpadded_area) {
  expect_clean("tdx/google__go-eventlog/testdata/eventlogs/ccel/CCEL_unpadded.data.bin", 5);
}

TEST(DataCheck, flags_nothing_in_the_log_of_an_ovmf_guest) {
  expect_clean("tdx/confidential-containers__trustee/deps/eventlog/test_data/CCEL_data_ovmf", 5);
}

TEST(DataCheck, flags_nothing_in_the_log_of_a_grub_guest) {
  expect_clean("tdx/confidential-containers__trustee/deps/eventlog/test_data/CCEL_data_grub", 10);
}

TEST(DataCheck, flags_nothing_in_the_logs_of_laptops) {
  expect_clean("ima/ima-evm-utils/sample-binary_bios_measurements-pcrs-8-9", 10);
  expect_clean("ima/ima-evm-utils/test_binary_bios_measurements", 10);
}

}  // namespace
}  // namespace etalon::eventlog
