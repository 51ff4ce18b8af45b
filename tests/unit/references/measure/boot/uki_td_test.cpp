// SPDX-License-Identifier: Apache-2.0
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

TEST(UkiBoot, td_interleaves_firmware_and_stub_events) {
  Case boot(uki_of("257"));
  const Prediction prediction = boot.tdx().predict();
  EXPECT_EQ(
      summaries(prediction, rtmr1),
      (std::vector<std::string>{"action: Calling EFI Application from Boot Option", "separator",
                                "partition table of the boot disk", "image demo.efi",
                                "image .linux of demo.efi", "action: Exit Boot Services Invocation",
                                "action: Exit Boot Services Returned with Success"}));
  EXPECT_EQ(of(prediction, rtmr2).size(), 12U);  // five sections, command line, initrd
  EXPECT_EQ(prediction.registers.at(RegisterId::rtmr<3>()).status, Verdict::zero);
  EXPECT_EQ(prediction.registers.at(rtmr1).any.at(0).basis, Basis::boot);
  EXPECT_EQ(prediction.registers.at(rtmr2).any.at(0).basis, Basis::source);
  EXPECT_EQ(prediction.unpinned.size(), 2U);
  for (const Event& each : prediction.events) {
    EXPECT_EQ(each.digests.size(), 1U);
    EXPECT_NE(each.digests.find(HashAlg::sha384), nullptr);
  }
}

TEST(UkiBoot, td_events_depend_on_stub_kernel_and_tcg2) {
  const auto count = [](std::string_view stub, std::string_view kernel, bool tcg2) {
    Case boot(uki_of(stub, kernel));
    boot.inputs.tcg2 = tcg2;
    return of(boot.tdx().predict(), rtmr2).size();
  };
  EXPECT_EQ(count("257", "6.12.1 x", false), 12U);
  EXPECT_EQ(count("257", "6.12.1 x", true), 10U);
  EXPECT_EQ(count("257", "6.8.1 x", false), 10U);
  EXPECT_EQ(count("255", "6.12.1 x", false), 2U);
  EXPECT_EQ(count("255", "6.8.1 x", false), 0U);
  Case silent(uki_of("255", "6.1.0 x"));
  EXPECT_EQ(silent.tdx().predict().registers.at(rtmr2).status, Verdict::zero);
}

}  // namespace
}  // namespace etalon::measure
