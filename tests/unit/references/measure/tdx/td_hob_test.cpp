// SPDX-License-Identifier: Apache-2.0
#include "references/measure/tdx/td_hob.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "references/eventlog/log_codec.hpp"
#include "references/eventlog/untrusted_log.hpp"
#include "references/measure/tdx/tdvf.hpp"
#include "tests/support/fixtures.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure::tdx {
namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20U;

// The sections in memory that OVMF 2022.11 to 2026.08, and Google's firmware, agree on.
Metadata ovmf(std::uint64_t first_temp, std::uint64_t first_size) {
  return {.sections = {
              {.gpa = 0xffc84000, .mem_size = 0x37c000, .type = SectionType::bfv},
              {.gpa = 0xffc00000, .mem_size = 0x84000, .type = SectionType::cfv},
              {.gpa = first_temp, .mem_size = first_size, .type = SectionType::temp_mem},
              {.gpa = 0x80b000, .mem_size = 0x2000, .type = SectionType::temp_mem},
              {.gpa = 0x809000, .mem_size = 0x2000, .type = SectionType::td_hob},
              {.gpa = 0x800000, .mem_size = 0x6000, .type = SectionType::temp_mem},
          }};
}

Metadata ovmf() {
  return ovmf(0x810000, 0x10000);
}

Metadata google() {
  Metadata metadata = ovmf();
  metadata.sections[0].gpa = 0xffe20000;
  metadata.sections[0].mem_size = 0x1e0000;
  metadata.sections[1].gpa = 0xffe00000;
  metadata.sections[1].mem_size = 0x20000;
  return metadata;
}

std::string digest(const Result<TdHob>& hob) {
  return hob ? sha384(hob->measured).hex() : hob.error().text();
}

std::string refusal(const Result<TdHob>& hob) {
  if (hob) return "accepted";
  return std::string(name(hob.error().code)) + ": " + hob.error().text();
}

struct Size {
  std::uint64_t mebibytes = 0;
  std::string_view sha384{};
};

class QemuHob : public testing::TestWithParam<Size> {};

TEST_P(QemuHob, has_the_digest_that_ovmf_measured) {
  EXPECT_EQ(digest(qemu_td_hob(ovmf(), GetParam().mebibytes * mib)), GetParam().sha384);
}

// What OVMF measured at 15 sizes, as oasisprotocol/cli states it (6520fc87, build/measurement/
// tdx_qemu_test.go), and in the 64 GiB machine of Dstack-TEE/dstack's quote-report.json.
INSTANTIATE_TEST_SUITE_P(
    Sizes, QemuHob,
    testing::Values(
        Size{512,
             "00934f9ff0a0f65e41109afb9a7c5a0719f567f32514aeaef4c23c8535793f7064a2c69738a2000500ffa"
             "e6ba349a153"},
        Size{640,
             "62f2fe0fb274f5e0530e5cefd0e547321f19e5989a73711853ddd9e4b3feb1474d6ed46ba4f3a362d0109"
             "6643665a537"},
        Size{1024,
             "1055c9b9a1fc534e688560e2304e18c8597b7261818cf61fb163d40c130547309b750575947a4dcaedbdc"
             "e4b8d0535f2"},
        Size{2048,
             "0b8772e5b0b41b83e6044a68397e02f49fb47066b4fbe4917ea2c45c64f323fdacbb37948f821ebaf8bc9"
             "c938ba8a749"},
        Size{2064,
             "149c7f16b4a8fd0f45c908eec2cb8bb55b557a0bb7265f5e90055649599511a5d7219b59f8b1c2eca42eb"
             "861de19b160"},
        Size{2560,
             "e05c12e2a65d57b3ff1f70abd2ae689c7e9096558dc28122befbcecad4a9d6d4569652e5c0298ee381bee"
             "5febeecbaa6"},
        Size{2624,
             "190cd2f908ac59d9ca2236d69e5e2d8c0b58648229d970331c53c329239f592efa6d437716b6e96f3467b"
             "b234c83f37a"},
        Size{2688,
             "7386292d589c0cada5ed97b0738e3606eb7fa9920e588d75b68118ec7e4ec7538dd3f6cdf531368d03f07"
             "13064b45197"},
        Size{2815,
             "51d4fd91da99cc87d6826bd6177fe8c74790b01b6a315d7ca2639d9d1df9e7835a2251b8e69ecef132b6b"
             "0302040f25e"},
        Size{2816,
             "8eb1a02074362aa0761541cdb4dc3f1788dfeb4538803b241477848e26de294dbe917ab56c5628732679b"
             "3abc168c2de"},
        Size{3072,
             "798f84285da30f6c295fbb73e3c093cf13164b6ad9d547a123b8d4d305f87a027caaba88e4cfd684ed7b4"
             "24f37811a2e"},
        Size{4096,
             "5b684faf8d02a733945f821d9cdd170802e72103977acf66949c9382500283adc90cbec57f8e7653f8bee"
             "1cab83689de"},
        Size{5120,
             "757f23ac59db87c10d7d01cd92792f9dde979862da0b750ff22e2b61a1cd7e3456f55a41d3e3bcb52ee20"
             "07e59b8b0a1"},
        Size{8192,
             "2e070cda358b5aa00f27cca25c47381bb564f4be3a84d059805a73cbbde764ed8341f7e09915b5e7b370f"
             "9c08a743fbd"},
        Size{16384,
             "cd2312a0d87ef3c4a928df87088969a80b33d7bf3fc584bdde637b09ed808a8d821a56b78a13a6eb506db"
             "7578444abbe"},
        Size{65536,
             "8ae1e425351df7992c444586eff99d35af3b779aa2b0e981cb4b73bc5b279f2ade19b6a62a203fc3c3bbd"
             "aae80af596d"}),
    [](const auto& row) { return std::to_string(row.param.mebibytes) + "_MiB"; });

// Machines that wrote the logs have 2, 8 and 16 GiB.
TEST(TdHob, is_the_one_that_real_logs_measured) {
  const auto first = [](ByteView bytes) -> std::string {
    const auto log = eventlog::decode_log(bytes, eventlog::LogFormat::ccel);
    if (!log) return log.error().text();
    for (const eventlog::UntrustedRecord& record : log->records)
      if (record.type == eventlog::EventType::efi_handoff_tables2)
        return to_hex(record.digests.at(0).value);
    return "no event";
  };
  ETALON_PUBLIC_FIXTURE(
      two, "tdx/confidential-containers__trustee/deps/eventlog/test_data/CCEL_data_ovmf");
  ETALON_PUBLIC_FIXTURE(eight,
                        "tdx/google__go-eventlog/testdata/eventlogs/ccel/CCEL_unpadded.data.bin");
  ETALON_PUBLIC_FIXTURE(sixteen, "tdx/google__go-tdx-guest/testing/testdata/ccel/ccel_data.dat");
  EXPECT_EQ(digest(qemu_td_hob(ovmf(), 2048 * mib)), first(two));
  EXPECT_EQ(digest(qemu_td_hob(ovmf(), 8192 * mib)), first(eight));
  EXPECT_EQ(digest(google_td_hob(google(), 16384 * mib)), first(sixteen));
}

TEST(TdHob, lies_where_the_metadata_says_and_ends_before_its_end_hob) {
  const auto qemu = qemu_td_hob(ovmf(), 2048 * mib);
  ASSERT_TRUE(qemu.has_value()) << qemu.error().text();
  EXPECT_EQ(qemu->gpa, 0x809000U);
  ASSERT_EQ(qemu->measured.size(), 56U + 8 * 48);
  EXPECT_EQ(to_hex(ByteView(qemu->measured).subspan(48, 8)), "c091800000000000");
  const auto google_hob = google_td_hob(google(), 16384 * mib);
  ASSERT_TRUE(google_hob.has_value()) << google_hob.error().text();
  ASSERT_EQ(google_hob->measured.size(), 56U + 11 * 48);
  EXPECT_EQ(to_hex(ByteView(google_hob->measured).subspan(48, 8)), "4892800000000000");
}

TEST(TdHob, keeps_a_section_inside_an_added_one) {
  Metadata nested = ovmf();
  nested.sections.push_back({.gpa = 0x811000, .mem_size = 0x1000, .type = SectionType::temp_mem});
  EXPECT_EQ(digest(qemu_td_hob(nested, 2048 * mib)), digest(qemu_td_hob(ovmf(), 2048 * mib)));
}

TEST(TdHob, refuses_memory_that_is_no_number_of_pages) {
  const std::string end = " bytes: must be a multiple of 4096, at most 2 PiB";
  EXPECT_EQ(refusal(qemu_td_hob(ovmf(), 0)), "usage: memory of 0" + end);
  EXPECT_EQ(refusal(qemu_td_hob(ovmf(), 2048 * mib + 1)), "usage: memory of 2147483649" + end);
  EXPECT_EQ(refusal(google_td_hob(google(), 1)), "usage: memory of 1" + end);
  EXPECT_EQ(refusal(qemu_td_hob(ovmf(), UINT64_MAX - 4095)),
            "usage: memory of 18446744073709547520" + end);
}

TEST(TdHob, refuses_memory_that_does_not_hold_the_sections) {
  EXPECT_EQ(refusal(qemu_td_hob(ovmf(), 8 * mib)),
            "usage: memory of 8388608 bytes: the temp-mem section at 0x810000 is not inside one "
            "range of it");
  EXPECT_EQ(refusal(qemu_td_hob(ovmf(), 0x811000)),
            "usage: memory of 8458240 bytes: the temp-mem section at 0x810000 is not inside one "
            "range of it");
  EXPECT_EQ(refusal(google_td_hob(google(), 0x811000)),
            "usage: memory of 8458240 bytes: the temp-mem section at 0x810000 is not inside one "
            "range of it");
}

TEST(TdHob, refuses_sections_that_overlap_in_part) {
  Metadata metadata = ovmf();
  metadata.sections.push_back({.gpa = 0x81f000, .mem_size = 0x2000, .type = SectionType::temp_mem});
  EXPECT_EQ(refusal(qemu_td_hob(metadata, 2048 * mib)),
            "usage: memory of 2147483648 bytes: the temp-mem section at 0x81f000 is not inside one "
            "range of it");
}

TEST(TdHob, refuses_google_machines_of_several_nodes) {
  EXPECT_EQ(refusal(google_td_hob(google(), 360448 * mib)),
            "unsupported: memory of 377957122048 bytes: ranges of machines with more than 176 GiB "
            "are not known");
}

TEST(TdHob, refuses_metadata_without_one_place_for_it) {
  Metadata none = ovmf();
  none.sections.erase(none.sections.begin() + 4);
  EXPECT_EQ(refusal(qemu_td_hob(none, 2048 * mib)), "malformed: there must be one td-hob section");
  Metadata two = google();
  two.sections.push_back(two.sections[4]);
  EXPECT_EQ(refusal(google_td_hob(two, 16384 * mib)),
            "malformed: there must be one td-hob section");
}

TEST(TdHob, refuses_a_list_longer_than_its_section) {
  Metadata metadata = ovmf();
  for (std::uint64_t i = 0; i < 50; ++i) {
    metadata.sections.push_back(
        {.gpa = 0x900000 + i * 0x2000, .mem_size = 0x1000, .type = SectionType::temp_mem});
  }
  metadata.sections[4].mem_size = 0x1000;
  EXPECT_EQ(refusal(qemu_td_hob(metadata, 2048 * mib)),
            "malformed: the td-hob section has 0x1000 bytes, the list needs 0x14b0");
}

}  // namespace
}  // namespace etalon::measure::tdx
