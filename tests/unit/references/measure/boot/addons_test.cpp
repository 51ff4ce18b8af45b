// SPDX-License-Identifier: Apache-2.0
#include "references/measure/boot/addons.hpp"

#include <algorithm>
#include <optional>
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
#include "tools/base/utf16.hpp"

namespace etalon::measure {
namespace {

using etalon::test::FakePe;
using eventlog::Basis;
using test::Case;
using test::of;
using test::summaries;
using test::uki_of;
using Verdict = eventlog::Expectation::Status;

constexpr auto pcr4 = RegisterId::pcr<4>();
constexpr auto pcr9 = RegisterId::pcr<9>();
constexpr auto pcr12 = RegisterId::pcr<12>();
constexpr auto rtmr1 = RegisterId::rtmr<1>();
constexpr auto rtmr2 = RegisterId::rtmr<2>();

const std::string beside = "EFI/BOOT/BOOTX64.EFI.extra.d/";

// A UKI of a stub with two addons of its own and one for all; `b` has no command line.
struct AddonCase : Case {
  Bytes a = FakePe{}.add(".cmdline", "a=1").add(".sbat", "sbat").build();
  Bytes b = FakePe{}.add(".sbat", "sbat").build();
  Bytes global = FakePe{}.add(".cmdline", "g=2").build();

  explicit AddonCase(std::string_view stub) : Case(uki_of(stub)) {
    inputs.random_seed = false;
    inputs.esp = {{.path = beside + "b.addon.efi", .bytes = b},
                  {.path = beside + "a.addon.efi", .bytes = a},
                  {.path = "loader/addons/g.addon.efi", .bytes = global}};
  }
};

std::string hash_of_text(std::string_view text) {
  return sha256(*utf16le_from_utf8(text, Terminator::nul)).hex();
}

std::vector<std::string> hashes(const Prediction& prediction, RegisterId reg) {
  std::vector<std::string> list;
  for (const eventlog::Event& each : of(prediction, reg))
    list.push_back(each.digests.find(HashAlg::sha256)->hex());
  return list;
}

TEST(Addons, are_loaded_global_ones_first_and_add_to_the_command_line) {
  const Prediction prediction = AddonCase("257").predict();
  const auto images = summaries(prediction, pcr4);
  ASSERT_EQ(images.size(), 7U);
  EXPECT_EQ(images[2], "image demo.efi");
  EXPECT_EQ(images[3], "image loader/addons/g.addon.efi");
  EXPECT_EQ(images[4], "image " + beside + "a.addon.efi");
  EXPECT_EQ(images[5], "image " + beside + "b.addon.efi");
  EXPECT_EQ(images[6], "image .linux of demo.efi");
  EXPECT_EQ(hashes(prediction, pcr12), std::vector<std::string>{hash_of_text("g=2 a=1")});
  EXPECT_EQ(hashes(prediction, pcr9)[0], hash_of_text("console=ttyS0 g=2 a=1"));
  EXPECT_EQ(of(prediction, pcr9)[0].origin.input, ".cmdline of demo.efi and addons");
  EXPECT_EQ(of(prediction, pcr9)[0].origin.sha256, std::nullopt) << "of several files";
  EXPECT_EQ(of(prediction, pcr12)[0].basis, Basis::boot);
  EXPECT_EQ(of(prediction, pcr12)[0].origin.input, "text of loader/addons/g.addon.efi, " + beside +
                                                       "a.addon.efi, " + beside + "b.addon.efi");
}

TEST(Addons, have_an_event_for_each_folder_in_254) {
  EXPECT_EQ(hashes(AddonCase("254").predict(), pcr12),
            (std::vector<std::string>{hash_of_text("g=2"), hash_of_text("a=1")}));
}

TEST(Addons, are_ignored_before_254) {
  const Prediction prediction = AddonCase("252").predict();
  EXPECT_EQ(prediction.registers.at(pcr12).status, Verdict::zero);
  EXPECT_EQ(hashes(prediction, pcr9)[0], hash_of_text("console=ttyS0"));
}

TEST(Addons, rest_on_source_with_secure_boot_and_in_a_td) {
  AddonCase boot("257");
  boot.inputs.secure_boot = true;
  EXPECT_EQ(boot.predict().registers.at(pcr4).any.at(0).basis, Basis::source);
  AddonCase td("257");
  td.tdx();
  const Prediction prediction = td.predict();
  EXPECT_EQ(prediction.registers.at(rtmr1).any.at(0).basis, Basis::source);
  EXPECT_EQ(prediction.registers.at(rtmr2).any.at(0).basis, Basis::source);
}

TEST(Addons, are_measured_by_the_firmware_of_a_td_whose_stub_measures_nothing) {
  AddonCase td("254");
  td.tdx();
  const auto images = summaries(td.predict(), rtmr1);
  EXPECT_NE(std::ranges::find(images, "image loader/addons/g.addon.efi"), images.end());
}

void expect_refused(const FakePe& addon, const std::string& message) {
  AddonCase boot("257");
  boot.a = addon.build();
  boot.inputs.esp->at(1).bytes = boot.a;
  const auto prediction = predict_uki_boot(boot.inputs);
  ASSERT_FALSE(prediction.has_value()) << message;
  EXPECT_EQ(prediction.error().code, ErrorCode::unsupported);
  EXPECT_EQ(prediction.error().text(), beside + "a.addon.efi: " + message);
}

TEST(Addons, are_refused_where_they_do_more_or_something_unknown) {
  expect_refused(FakePe{}.add(".cmdline", "a=1").add(".dtb", "tree"),
                 "what the section .dtb of an addon changes is not predicted");
  expect_refused(FakePe{}.add(".uname", "6.12"),
                 "what the section .uname of an addon changes is not predicted");
  const std::string unclear =
      "what the stub makes of control characters, and of blanks at the ends of an addon's "
      ".cmdline, "
      "is not known";
  expect_refused(FakePe{}.add(".cmdline", "a=1\n"), unclear);
  expect_refused(FakePe{}.add(".cmdline", " a=1"), unclear);
}

TEST(Addons, name_the_file_that_is_no_image) {
  AddonCase boot("257");
  boot.inputs.esp->at(1).bytes = as_bytes("MZ");
  const auto prediction = predict_uki_boot(boot.inputs);
  ASSERT_FALSE(prediction.has_value());
  EXPECT_EQ(prediction.error().file, beside + "a.addon.efi");
}

TEST(Addons, need_a_command_line_to_add_to) {
  AddonCase boot("257");
  boot.uki = etalon::test::fake_uki("257")
                 .add(".linux", as_text(etalon::test::fake_kernel("6.12.95 (builder)")))
                 .build();
  boot.inputs.uki.bytes = boot.uki;
  const auto prediction = predict_uki_boot(boot.inputs);
  ASSERT_FALSE(prediction.has_value());
  EXPECT_EQ(prediction.error().message,
            "what addons make of a command line that is not there is not known");
}

}  // namespace
}  // namespace etalon::measure
