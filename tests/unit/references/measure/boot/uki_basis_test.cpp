// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "references/eventlog/event.hpp"
#include "references/eventlog/expectation.hpp"
#include "references/measure/boot/uki_boot.hpp"
#include "tests/support/fake_uki.hpp"
#include "tests/unit/references/measure/boot/uki_case.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/registers.hpp"

namespace etalon::measure {
namespace {

using etalon::test::FakePe;
using eventlog::Basis;
using eventlog::Event;
using eventlog::Expectation;
using eventlog::Origin;
using test::Case;
using test::of;
using test::summaries;
using test::uki_of;
using Verdict = Expectation::Status;

constexpr auto pcr4 = RegisterId::pcr<4>();
constexpr auto pcr5 = RegisterId::pcr<5>();
constexpr auto pcr9 = RegisterId::pcr<9>();
constexpr auto pcr11 = RegisterId::pcr<11>();
constexpr auto pcr12 = RegisterId::pcr<12>();
constexpr auto rtmr1 = RegisterId::rtmr<1>();
constexpr auto rtmr2 = RegisterId::rtmr<2>();

bool assumes(const Prediction& prediction, std::string_view text) {
  return std::ranges::find(prediction.assumptions, text) != prediction.assumptions.end();
}

// Which values, and which registers that stay zero, may be stated without --accept.
struct Known {
  std::string stub;
  bool secure_boot = false;
  Basis basis = Basis::source;
};

TEST(UkiBasis, pcr4_rests_on_the_rule_that_starts_the_kernel_unmeasured) {
  const std::vector<Known> cases = {
      {.stub = "252", .basis = Basis::boot},
      {.stub = "252", .secure_boot = true, .basis = Basis::boot},
      {.stub = "254", .basis = Basis::boot},
      {.stub = "254", .secure_boot = true, .basis = Basis::source},
      {.stub = "256", .basis = Basis::source},
      {.stub = "257", .secure_boot = true, .basis = Basis::boot},
      {.stub = "258", .basis = Basis::source},
      {.stub = "261", .basis = Basis::source},
      {.stub = "262", .basis = Basis::boot},
      {.stub = "262", .secure_boot = true, .basis = Basis::boot},
  };
  for (const Known& each : cases) {
    SCOPED_TRACE(each.stub + (each.secure_boot ? " secure" : ""));
    Case boot(uki_of(each.stub));
    boot.inputs.secure_boot = each.secure_boot;
    EXPECT_EQ(boot.predict().registers.at(pcr4).any.at(0).basis, each.basis);
    EXPECT_EQ(boot.tdx().predict().registers.at(rtmr1).any.at(0).basis, each.basis);
  }
}

TEST(UkiBasis, an_assumed_stub_makes_every_register_of_its_rest_on_source) {
  Case boot(uki_of("999"));
  boot.inputs.assume_stub = 262;
  boot.inputs.random_seed = false;
  for (const bool secure_boot : {false, true}) {
    boot.inputs.secure_boot = secure_boot;
    const Prediction prediction = boot.predict();
    for (const RegisterId reg : {pcr4, pcr9, pcr11})
      EXPECT_EQ(prediction.registers.at(reg).any.at(0).basis, Basis::source) << reg.text();
    EXPECT_EQ(prediction.registers.at(pcr5).any.at(0).basis, Basis::boot);
    EXPECT_EQ(prediction.rules,
              (std::vector<SilentRule>{
                  {.reg = pcr12, .rule = "systemd-stub 262: only what lies beside the UKI"},
                  {.reg = RegisterId::pcr<13>(),
                   .rule = "systemd-stub 262: only what lies beside the UKI"},
                  {.reg = pcr4, .rule = "systemd-stub 262: the firmware measures no .linux"}}));
  }
}

TEST(UkiBasis, the_command_line_rests_on_the_stub_too) {
  const Case boot(uki_of("253"));
  const Event event = of(boot.predict(), pcr9).at(0);
  EXPECT_EQ(event.basis, Basis::source);
  EXPECT_EQ(event.origin.rule, "Linux 6.12: LoadOptions; systemd-stub 253: its text");
}

// Rules that keep events out of RTMR 2, each with its basis.
std::vector<SilentRule> rules_of_rtmr2(const Case& boot) {
  std::vector<SilentRule> rules;
  for (const SilentRule& each : boot.predict().rules) {
    if (each.reg == rtmr2) rules.push_back(each);
  }
  return rules;
}

TEST(UkiBasis, rtmr2_names_what_does_not_extend_it) {
  Case silent(uki_of("255", "6.8.1 x"));
  EXPECT_EQ(silent.tdx().predict().registers.at(rtmr2).status, Verdict::zero);
  EXPECT_EQ(rules_of_rtmr2(silent),
            (std::vector<SilentRule>{{.reg = rtmr2, .rule = "systemd-stub 255: no CC measurement"},
                                     {.reg = rtmr2, .rule = "Linux 6.2..6.8: no CC measurement"}}));
  Case with_tpm(uki_of("257"));
  with_tpm.inputs.tcg2 = true;
  const auto rules = rules_of_rtmr2(with_tpm.tdx());
  EXPECT_EQ(rules.back(), (SilentRule{.reg = rtmr2,
                                      .rule = "Linux 6.12: measures into the TPM where there is "
                                              "one"}));
  EXPECT_EQ(with_tpm.predict().registers.at(rtmr2).any.at(0).basis, Basis::source);
}

TEST(UkiSections, none_of_x86_is_for_a_dtbauto) {
  FakePe fake = uki_of("257");
  const Expectation without = Case(fake).predict().registers.at(pcr11);
  fake.add(".dtbauto", "one").add(".dtbauto", "two");
  const Prediction prediction = Case(fake).predict();
  EXPECT_EQ(prediction.registers.at(pcr11), without);
  EXPECT_TRUE(
      assumes(prediction, "no .dtbauto is for the machine, as on x86, and so none is measured"));
}

TEST(UkiSections, an_efifw_makes_pcr11_unpredictable_from_258_on) {
  FakePe fake = uki_of("257");
  fake.add(".efifw", "firmware");
  EXPECT_EQ(Case(fake).predict().registers.at(pcr11).status, Verdict::exact);
  FakePe newer = uki_of("258");
  newer.add(".efifw", "firmware");
  Case boot(newer);
  const Expectation pcr = boot.predict().registers.at(pcr11);
  EXPECT_EQ(pcr.status, Verdict::unpredictable);
  EXPECT_EQ(pcr.reason, "whether the stub measures a .efifw is not known");
  EXPECT_EQ(pcr.advice, "leave .efifw out of the image");
  EXPECT_EQ(boot.tdx().predict().registers.at(rtmr2), pcr);
}

TEST(UkiAssumptions, say_what_was_stated_and_what_was_not) {
  Case boot(uki_of("257"));
  boot.inputs.secure_boot.reset();
  Prediction prediction = boot.predict();
  EXPECT_TRUE(assumes(prediction, "Secure Boot is off (not stated)"));
  EXPECT_TRUE(assumes(prediction, "the boot entry carries no load options"));
  EXPECT_FALSE(assumes(prediction, "profile 0 of the UKI is booted"));
  for (const bool fact : {false, true}) {
    boot.inputs.secure_boot = fact;
    boot.inputs.tcg2 = fact;
    boot.inputs.random_seed = fact;
    prediction = boot.predict();
    EXPECT_EQ(assumes(prediction, "Secure Boot is on (stated)"), fact);
    EXPECT_EQ(assumes(prediction, "Secure Boot is off (stated)"), !fact);
    EXPECT_EQ(assumes(prediction, "the firmware offers the TCG2 protocol (stated)"), fact);
    EXPECT_EQ(assumes(prediction, "the firmware offers no TCG2 protocol (stated)"), !fact);
    EXPECT_EQ(assumes(prediction, "kernel and stub find an EFI random seed (stated)"), fact);
    EXPECT_EQ(assumes(prediction, "kernel and stub find no EFI random seed (stated)"), !fact);
    EXPECT_FALSE(assumes(prediction, "Secure Boot is off (not stated)"));
  }
}

TEST(UkiAssumptions, say_for_what_versions_rules_were_assumed) {
  Case boot(uki_of("999", "9.1.0 x"));
  boot.inputs.assume_stub = 254;
  boot.inputs.assume_kernel = "6.1";
  const Prediction prediction = boot.predict();
  EXPECT_TRUE(
      assumes(prediction, "stub rules: systemd-stub 254, taken for '999' (a boot of 254.26)"));
  EXPECT_TRUE(assumes(
      prediction,
      "kernel rules: Linux 6.1, taken for '9.1.0' (Linux 6.1.192 efi-stub-helper.c; boots)"));
}

TEST(UkiAssumptions, name_the_profile_of_an_image_that_has_profiles) {
  FakePe fake = uki_of("257");
  fake.add(".profile", "ID=main\n");
  EXPECT_TRUE(assumes(Case(fake).predict(), "profile 0 of the UKI is booted"));
}

}  // namespace
}  // namespace etalon::measure
