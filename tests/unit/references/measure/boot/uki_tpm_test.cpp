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

TEST(UkiBoot, states_zero_registers_and_what_it_does_not_know) {
  Case boot(uki_of("257"));
  Prediction prediction = boot.predict();
  for (const std::uint32_t index : {8U, 12U, 13U, 14U, 15U})
    EXPECT_EQ(prediction.registers.at(*RegisterId::pcr(index)).status, Verdict::zero) << index;
  EXPECT_EQ(prediction.registers.size(), 9U);
  EXPECT_EQ(prediction.unpinned.size(), 7U);
  EXPECT_EQ(prediction.stub_version, "257");
  EXPECT_EQ(prediction.kernel_release, "6.12.95");
  boot.inputs.measures_machine = true;
  boot.inputs.shim = Shim::since_16;
  prediction = boot.predict();
  EXPECT_FALSE(prediction.registers.contains(RegisterId::pcr<14>()));
  EXPECT_FALSE(prediction.registers.contains(RegisterId::pcr<15>()));
  EXPECT_EQ(prediction.unpinned.size(), 9U);
}

TEST(UkiBoot, without_a_partition_table_only_the_gpt_event_is_free) {
  Case boot(uki_of("257"));
  boot.inputs.gpt.reset();
  const Expectation pcr = boot.predict().registers.at(pcr5);
  EXPECT_EQ(pcr.status, Verdict::replay);
  ASSERT_EQ(pcr.free.size(), 1U);
  EXPECT_EQ(pcr.free[0].event, "partition table of the boot disk");
  EXPECT_EQ(pcr.free[0].reason, "no partition table of the boot disk was given");
  const Expectation rtmr = boot.tdx().predict().registers.at(rtmr1);
  EXPECT_EQ(rtmr.status, Verdict::replay);
  EXPECT_EQ(rtmr.free, pcr.free);
}

TEST(UkiBoot, random_seed_frees_the_initrd_from_stub_261_on) {
  const std::vector<std::pair<std::string, Verdict>> stubs = {
      {"260", Verdict::exact}, {"261", Verdict::replay}, {"262", Verdict::replay}};
  for (const auto& [stub, status] : stubs) {
    Case boot(uki_of(stub));
    EXPECT_EQ(boot.predict().registers.at(pcr9).status, status) << stub;
    boot.inputs.random_seed = false;
    EXPECT_EQ(boot.predict().registers.at(pcr9).status, Verdict::exact) << stub;
  }
  const Case old(uki_of("257"));
  Case fresh(uki_of("262"));
  fresh.inputs.random_seed = false;
  EXPECT_EQ(of(fresh.predict(), pcr9).at(1).digests, of(old.predict(), pcr9).at(1).digests);
  fresh.inputs.random_seed = true;
  EXPECT_EQ(fresh.predict().registers.at(pcr9).free.at(0).event, "initrd of the kernel");
}

TEST(UkiBoot, missing_console_frees_the_command_line_from_stub_261_on) {
  FakePe fake = etalon::test::fake_uki("261");
  fake.add(".cmdline", "quiet")
      .add(".initrd", "i")
      .add(".linux", as_text(etalon::test::fake_kernel()));
  Case boot(fake);
  boot.inputs.random_seed = false;
  const Expectation pcr = boot.predict().registers.at(pcr9);
  EXPECT_EQ(pcr.status, Verdict::replay);
  ASSERT_EQ(pcr.free.size(), 1U);
  EXPECT_EQ(pcr.free[0].event, "command line of the kernel");
}

TEST(UkiBoot, boot_entry_text_replaces_the_command_line_and_is_measured) {
  Case boot(uki_of("257"));
  boot.inputs.load_options = "debug console=tty0";
  Prediction prediction = boot.predict();
  EXPECT_EQ(prediction.registers.at(pcr12).status, Verdict::exact);
  const Event measured = of(prediction, pcr12).at(0);
  EXPECT_EQ(measured.digests, of(prediction, pcr9).at(0).digests);
  boot.inputs.secure_boot = true;  // .cmdline wins
  prediction = boot.predict();
  EXPECT_EQ(prediction.registers.at(pcr12).status, Verdict::zero);
  EXPECT_NE(of(prediction, pcr9).at(0).digests, measured.digests);
  boot.inputs.secure_boot = false;
  boot.inputs.load_options = "\x01 firmware's own";
  EXPECT_EQ(boot.predict().registers.at(pcr12).status, Verdict::zero);
}

TEST(UkiBoot, confidential_machines_with_secure_boot_take_no_boot_entry_text_from_257_on) {
  FakePe fake = etalon::test::fake_uki("257");
  fake.add(".initrd", "i").add(".linux", as_text(etalon::test::fake_kernel()));
  Case boot(fake);
  boot.inputs.load_options = "quiet";
  boot.inputs.secure_boot = true;
  EXPECT_EQ(of(boot.predict(), pcr12).size(), 1U);
  boot.inputs.confidential_vm = true;
  EXPECT_EQ(of(boot.predict(), pcr12).size(), 0U);
  EXPECT_EQ(summaries(boot.predict(), pcr9), std::vector<std::string>{"initrd of the kernel"});
}

TEST(UkiBoot, started_images_follow_stub_secure_boot_and_shim) {
  const auto images = [](std::string_view stub, bool secure_boot, Shim shim) {
    Case boot(uki_of(stub));
    boot.inputs.secure_boot = secure_boot;
    boot.inputs.shim = shim;
    return of(boot.predict(), pcr4).size() - 2;  // action and separator
  };
  EXPECT_EQ(images("252", false, Shim::none), 2U);
  EXPECT_EQ(images("257", true, Shim::none), 1U);
  EXPECT_EQ(images("257", true, Shim::since_16), 2U);
  EXPECT_EQ(images("258", false, Shim::none), 1U);
  Case boot(uki_of("258"));
  const Bytes shim = etalon::test::fake_uki("0").build();
  boot.inputs.images_before = {{.name = "shim.efi", .bytes = shim}};
  EXPECT_EQ(summaries(boot.predict(), pcr4).at(2), "image shim.efi");
}

}  // namespace
}  // namespace etalon::measure
