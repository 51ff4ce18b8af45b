// SPDX-License-Identifier: Apache-2.0
#include "references/measure/boot/gpt.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "references/eventlog/event.hpp"
#include "references/eventlog/log_codec.hpp"
#include "references/eventlog/untrusted_log.hpp"
#include "tests/support/fake_gpt.hpp"
#include "tests/support/fixtures.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure {
namespace {

using test::FakeGpt;

TEST(Gpt, event_of_a_real_disk_is_the_one_its_firmware_logged) {
  for (const std::string boot : {"boot/stub257-6.1", "boot/secureboot-6.12"}) {
    const auto disk = test::test_data(boot + "/disk-head.bin");
    ASSERT_TRUE(disk) << disk.error().text();
    const auto bytes = test::test_data(boot + "/guest/binary_bios_measurements");
    ASSERT_TRUE(bytes) << bytes.error().text();
    const auto log = eventlog::decode_tcg2(*bytes);
    ASSERT_TRUE(log) << log.error().text();
    const auto gpt = decode_gpt(*disk);
    ASSERT_TRUE(gpt) << gpt.error().text();
    const auto logged = std::ranges::find(log->records, eventlog::EventType::efi_gpt_event,
                                          &eventlog::UntrustedRecord::type);
    ASSERT_NE(logged, log->records.end());
    EXPECT_EQ(to_hex(gpt_event_data(*gpt)), to_hex(logged->data));
  }
}

TEST(Gpt, reads_both_sector_sizes_and_larger_entries) {
  for (const std::uint32_t sector : {512U, 4096U}) {
    for (const std::uint32_t entry : {128U, 256U}) {
      const Bytes disk = FakeGpt{.sector = sector, .entry_size = entry, .used = {0, 5}}.build();
      const auto gpt = decode_gpt(disk);
      ASSERT_TRUE(gpt) << gpt.error().text();
      EXPECT_EQ(gpt->sector_size, sector);
      EXPECT_EQ(gpt->entry_size, entry);
      ASSERT_EQ(gpt->entries.size(), 2U);
      EXPECT_EQ(gpt->entries[1].first_lba, 2048U + 5);
      EXPECT_EQ(gpt_event_data(*gpt).size(), 92U + 8 + 2 * std::size_t{entry});
    }
  }
}

TEST(Gpt, does_not_read_what_follows_the_table) {
  const Bytes disk = FakeGpt{}.build();
  Bytes longer = disk;
  longer.resize(disk.size() + 512, std::byte{0xff});
  EXPECT_EQ(gpt_event_data(*decode_gpt(longer)), gpt_event_data(*decode_gpt(disk)));
}

Bytes changed(std::size_t offset, std::byte value) {
  Bytes disk = FakeGpt{}.build();
  disk.at(offset) = value;
  return disk;
}

Bytes cut(std::size_t size) {
  Bytes disk = FakeGpt{}.build();
  disk.resize(size);
  return disk;
}

TEST(Gpt, refuses_what_firmware_would_not_use) {
  struct Refusal {
    Bytes disk;
    ErrorCode code;
    std::string text;
  };

  const std::vector<Refusal> refusals = {
      {{}, ErrorCode::malformed, "GPT: no 'EFI PART' at 512 or 4096"},
      {changed(512, std::byte{'e'}), ErrorCode::malformed, "GPT: no 'EFI PART' at 512 or 4096"},
      {cut(560), ErrorCode::truncated,
       "GPT: backup and usable LBAs at 544: need 24 bytes, 16 left"},
      {FakeGpt{.revision = 0x20000}.build(), ErrorCode::unsupported,
       "GPT: revision at 520: not 1.0"},
      {FakeGpt{.header_size = 91}.build(), ErrorCode::malformed,
       "GPT: header size at 524: 91, must be 92 to one sector"},
      {FakeGpt{.header_size = 513}.build(), ErrorCode::malformed,
       "GPT: header size at 524: 513, must be 92 to one sector"},
      {changed(572, std::byte{0x55}), ErrorCode::mismatch,
       "GPT: header CRC at 528: is not that of the header"},
      {FakeGpt{.own_lba = 2}.build(), ErrorCode::malformed,
       "GPT: own LBA at 536: not the primary header"},
      {FakeGpt{.entries_lba = 1}.build(), ErrorCode::malformed,
       "GPT: entries LBA at 584: inside the header"},
      {FakeGpt{.entries = 1025}.build(), ErrorCode::limit,
       "GPT: number of entries at 592: 1025, at most 1024 are read"},
      {FakeGpt{.entry_size = 64}.build(), ErrorCode::malformed,
       "GPT: size of an entry at 596: 64, must be a power of two from 128 to 4096"},
      {FakeGpt{.entry_size = 200}.build(), ErrorCode::malformed,
       "GPT: size of an entry at 596: 200, must be a power of two from 128 to 4096"},
      {FakeGpt{.entry_size = 8192}.build(), ErrorCode::malformed,
       "GPT: size of an entry at 596: 8192, must be a power of two from 128 to 4096"},
      {cut(2047), ErrorCode::truncated, "GPT: entries at 1024: need 1024 bytes, 1023 left"},
      {changed(1024 + 56, std::byte{'x'}), ErrorCode::mismatch,
       "GPT: entries CRC at 600: is not that of the entries"},
  };
  for (const Refusal& each : refusals) {
    const auto gpt = decode_gpt(each.disk);
    ASSERT_FALSE(gpt) << each.text;
    EXPECT_EQ(gpt.error().code, each.code) << each.text;
    EXPECT_EQ(gpt.error().text(), each.text);
  }
  const Bytes far = FakeGpt{.entries_lba = ~std::uint64_t{0} / 256}.build();
  const auto gpt = decode_gpt(far);
  ASSERT_FALSE(gpt);
  EXPECT_EQ(gpt.error().code, ErrorCode::malformed);
  EXPECT_EQ(gpt.error().text(), "GPT: entries LBA overflows 64 bits");
}

}  // namespace
}  // namespace etalon::measure
