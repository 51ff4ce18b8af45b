// SPDX-License-Identifier: Apache-2.0
#include "references/measure/boot/sd_boot.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "references/eventlog/event.hpp"
#include "references/eventlog/expectation.hpp"
#include "references/measure/boot/uki_boot.hpp"
#include "tests/support/fake_uki.hpp"
#include "tests/unit/references/measure/boot/uki_case.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure {
namespace {

using etalon::test::FakePe;
using eventlog::Basis;
using eventlog::Event;
using eventlog::EventType;
using eventlog::Expectation;
using test::Case;
using test::of;
using test::summaries;
using Verdict = Expectation::Status;

constexpr auto pcr4 = RegisterId::pcr<4>();
constexpr auto pcr5 = RegisterId::pcr<5>();
constexpr auto pcr9 = RegisterId::pcr<9>();
constexpr auto pcr12 = RegisterId::pcr<12>();
constexpr auto rtmr1 = RegisterId::rtmr<1>();

constexpr std::string_view conf = "timeout 0\n";

FakePe uki_with(std::string_view cmdline, std::string_view stub) {
  FakePe fake = etalon::test::fake_uki(stub);
  fake.add(".cmdline", cmdline).add(".initrd", "initrd");
  return fake.add(".linux", as_text(etalon::test::fake_kernel("6.12.95 (builder)")));
}

// A boot by systemd-boot of one version of a UKI on a stub of the same.
struct MenuCase : Case {
  Bytes program;

  explicit MenuCase(std::string_view version, std::string_view cmdline = "quiet")
      : Case(uki_with(cmdline, version)),
        program(FakePe{}
                    .add(".sdmagic",
                         "#### LoaderInfo: systemd-boot " + std::string(version) + "-1 ####")
                    .build()) {
    inputs.sd_boot =
        SdBootInputs{.program = {.name = "boot.efi", .bytes = program},
                     .loader_conf = NamedBytes{.name = "loader.conf", .bytes = as_bytes(conf)}};
    inputs.random_seed = false;
  }
};

bool has(const std::vector<std::string>& list, std::string_view beginning) {
  return std::ranges::any_of(
      list, [beginning](const std::string& each) { return each.starts_with(beginning); });
}

TEST(SdBoot, is_started_before_the_uki) {
  const MenuCase boot("257", "console=ttyS0");
  EXPECT_EQ(
      summaries(boot.predict(), pcr4),
      (std::vector<std::string>{"action: Calling EFI Application from Boot Option", "separator",
                                "image boot.efi", "image demo.efi", "image .linux of demo.efi"}));
}

TEST(SdBoot, measures_loader_conf_from_255_on) {
  for (const std::string version : {"252", "254", "255", "257", "262"}) {
    const Prediction prediction = MenuCase(version, "console=ttyS0").predict();
    std::vector<Event> tags = of(prediction, pcr5);
    std::erase_if(tags, [](const Event& each) { return each.type != EventType::event_tag; });
    ASSERT_EQ(tags.size(), version < "255" ? 0U : 1U) << version;
    if (tags.empty()) continue;
    EXPECT_EQ(tags[0].digests.find(HashAlg::sha256)->hex(), sha256(as_bytes(conf)).hex());
    // tag, size, UTF-16 with NUL: as a boot of 257 logged it
    EXPECT_EQ(to_hex(tags[0].data),
              "2a58bcf5180000006c006f0061006400650072002e0063006f006e0066000000");
    EXPECT_EQ(tags[0].origin.input, "loader.conf");
  }
}

TEST(SdBoot, keeps_loader_conf_from_a_td_before_261) {
  for (const std::string version : {"257", "261"}) {
    MenuCase boot(version, "console=ttyS0");
    boot.tdx();
    const Prediction prediction = boot.predict();
    EXPECT_EQ(has(summaries(prediction, rtmr1), "loader.conf"), version == "261") << version;
    EXPECT_EQ(prediction.registers.at(rtmr1).any.at(0).basis, Basis::source)
        << "no TD has shown it";
  }
}

TEST(SdBoot, assumes_there_is_no_loader_conf_when_none_is_given) {
  MenuCase boot("257");
  EXPECT_FALSE(has(boot.predict().assumptions, "there is no loader.conf"));
  boot.inputs.sd_boot->loader_conf.reset();
  const Prediction prediction = boot.predict();
  EXPECT_FALSE(has(summaries(prediction, pcr5), "loader.conf"));
  EXPECT_TRUE(has(prediction.assumptions, "there is no loader.conf"));
  EXPECT_TRUE(has(prediction.assumptions, "boot loader rules: systemd-boot 257 ("));
}

Bytes utf16(std::string_view ascii) {
  Bytes out;
  for (const char each : ascii) {
    out.push_back(static_cast<std::byte>(each));
    out.push_back(std::byte{0});
  }
  out.resize(out.size() + 2);
  return out;
}

TEST(SdBoot, passes_the_command_line_before_255_and_both_measure_it) {
  const Prediction prediction = MenuCase("252", "quiet ro").predict();
  const std::vector<Event> events = of(prediction, pcr12);
  ASSERT_EQ(events.size(), 2U);
  for (const Event& each : events) {
    EXPECT_EQ(each.type, EventType::ipl);
    EXPECT_EQ(to_hex(each.data), to_hex(utf16("quiet ro")));
    EXPECT_EQ(each.digests.find(HashAlg::sha256)->hex(), sha256(utf16("quiet ro")).hex());
    EXPECT_EQ(each.origin.input, ".cmdline of demo.efi");
    EXPECT_EQ(each.basis, Basis::boot);
  }
  EXPECT_EQ(prediction.registers.at(pcr12).status, Verdict::exact);
  EXPECT_EQ(of(prediction, pcr9).at(0).origin.input, ".cmdline of demo.efi");
}

TEST(SdBoot, passes_nothing_from_255_on) {
  EXPECT_EQ(MenuCase("257").predict().registers.at(pcr12).status, Verdict::zero);
}

TEST(SdBoot, measures_what_the_stub_drops_with_secure_boot) {
  MenuCase boot("252");
  boot.inputs.secure_boot = true;
  EXPECT_EQ(summaries(boot.predict(), pcr12),
            std::vector<std::string>{"command line of the UKI, as systemd-boot passes it"});
}

TEST(SdBoot, leaves_open_what_it_makes_of_control_characters_and_blanks) {
  for (const std::string_view cmdline : {"quiet\n", "quiet ", "a\tb"}) {
    const Expectation pcr = MenuCase("252", cmdline).predict().registers.at(pcr12);
    EXPECT_EQ(pcr.status, Verdict::replay) << cmdline;
    ASSERT_EQ(pcr.free.size(), 2U);
    EXPECT_EQ(pcr.free[0].reason,
              "what systemd-boot makes of control characters, and of blanks at the ends of "
              ".cmdline, is not known");
  }
}

TEST(SdBoot, has_nothing_to_pass_without_a_command_line) {
  const FakePe bare = etalon::test::fake_uki("252").add(
      ".linux", as_text(etalon::test::fake_kernel("6.12.95 (builder)")));
  MenuCase boot("252");
  boot.uki = bare.build();
  boot.inputs.uki.bytes = boot.uki;
  EXPECT_EQ(boot.predict().registers.at(pcr12).status, Verdict::zero);
}

TEST(SdBoot, names_its_file_in_errors) {
  MenuCase boot("257");
  boot.program = to_bytes("no image");
  boot.inputs.sd_boot->program.bytes = boot.program;
  const auto broken = predict_uki_boot(boot.inputs);
  ASSERT_FALSE(broken.has_value());
  EXPECT_EQ(broken.error().file, "boot.efi");
  MenuCase other("257");
  other.program = FakePe{}.add(".sdmagic", "#### LoaderInfo: systemd-boot 300 ####").build();
  other.inputs.sd_boot->program.bytes = other.program;
  const auto unknown = predict_uki_boot(other.inputs);
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().text(),
            "boot.efi: systemd-boot 300 has no rules; boot_loader.assume takes those of a version "
            "of 252..262");
  other.inputs.sd_boot->assume = 257;
  const auto assumed = predict_uki_boot(other.inputs);
  ASSERT_TRUE(assumed.has_value()) << assumed.error().text();
  EXPECT_TRUE(has(assumed->assumptions, "boot loader rules: systemd-boot 257, taken for '300' ("));
}

}  // namespace
}  // namespace etalon::measure
