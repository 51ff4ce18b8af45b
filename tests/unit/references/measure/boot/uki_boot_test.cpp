// SPDX-License-Identifier: Apache-2.0
#include "references/measure/boot/uki_boot.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "references/eventlog/event.hpp"
#include "references/eventlog/expectation.hpp"
#include "references/eventlog/log_codec.hpp"
#include "references/eventlog/replay.hpp"
#include "references/eventlog/untrusted_log.hpp"
#include "tests/support/fake_gpt.hpp"
#include "tests/support/fake_uki.hpp"
#include "tests/support/fixtures.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure {
namespace {

using eventlog::Basis;
using eventlog::Event;
using eventlog::Expectation;
using eventlog::Origin;
using test::FakePe;
using Verdict = Expectation::Status;

constexpr auto pcr4 = RegisterId::pcr<4>();
constexpr auto pcr5 = RegisterId::pcr<5>();
constexpr auto pcr9 = RegisterId::pcr<9>();
constexpr auto pcr11 = RegisterId::pcr<11>();
constexpr auto pcr12 = RegisterId::pcr<12>();
constexpr auto rtmr1 = RegisterId::rtmr<1>();
constexpr auto rtmr2 = RegisterId::rtmr<2>();

FakePe uki_of(std::string_view stub, std::string_view kernel = "6.12.95 (builder)") {
  FakePe fake = test::fake_uki(stub);
  fake.add(".osrel", "ID=demo\n").add(".cmdline", "console=ttyS0\n").add(".initrd", "initrd");
  fake.add(".linux", as_text(test::fake_kernel(kernel)));
  return fake;
}

// Inputs together with the bytes they view.
struct Case {
  Bytes uki;
  Bytes gpt = test::FakeGpt{}.build();
  UkiBootInputs inputs{};

  explicit Case(const FakePe& fake) : uki(fake.build()) {
    inputs.uki = {.name = "demo.efi", .bytes = uki};
    inputs.gpt = {.name = "disk.raw", .bytes = gpt};
    inputs.secure_boot = false;
  }

  Case(const Case&) = delete;
  Case& operator=(const Case&) = delete;

  Case& tdx() {
    inputs.tee = Tee::tdx;
    return *this;
  }

  Prediction predict() const {
    auto prediction = predict_uki_boot(inputs);
    EXPECT_TRUE(prediction) << prediction.error().text();
    return prediction ? *prediction : Prediction{};
  }
};

std::vector<Event> of(const Prediction& prediction, RegisterId reg) {
  std::vector<Event> events;
  for (const Event& each : prediction.events) {
    if (each.reg == reg) events.push_back(each);
  }
  return events;
}

std::vector<std::string> summaries(const Prediction& prediction, RegisterId reg) {
  std::vector<std::string> list;
  for (const Event& each : of(prediction, reg))
    list.push_back(each.summary);
  return list;
}

// --- against logs of real boots
// -------------------------------------------------------------------

struct LoggedBoot {
  std::string log;
  std::string stub;
  bool uname = false;
  bool secure_boot = false;
};

// Events that do not depend on the image have the digests of the log, all have its type and data.
void expect_same(const Event& event, const eventlog::UntrustedRecord& record) {
  EXPECT_EQ(event.reg.index(), record.index) << event.summary;
  EXPECT_EQ(event.type, record.type) << event.summary;
  if (!event.data.empty()) EXPECT_EQ(to_hex(event.data), to_hex(record.data)) << event.summary;
  if (event.origin.kind != Origin::Kind::platform) return;
  for (const auto& raw : record.digests) {
    const auto alg = hash_alg_from_tpm(raw.alg);
    const AnyDigest* digest = alg ? event.digests.find(*alg) : nullptr;
    if (digest != nullptr) EXPECT_EQ(digest->hex(), to_hex(raw.value)) << event.summary;
  }
}

TEST(UkiBoot, has_the_events_of_real_logs_in_their_order) {
  const std::vector<LoggedBoot> boots = {
      {.log = "uki-252", .stub = "252"},
      {.log = "uki-254", .stub = "254", .uname = true},
      {.log = "uki-257", .stub = "257", .uname = true},
      {.log = "uki-6.1-exec", .stub = "252"},
      {.log = "uki-6.12-stub257-tis", .stub = "257"},
      {.log = "uki-6.12-sb", .stub = "252", .secure_boot = true},
  };
  for (const LoggedBoot& boot : boots) {
    SCOPED_TRACE(boot.log);
    const auto bytes = test::test_data("eventlog/" + boot.log + ".tcg");
    ASSERT_TRUE(bytes) << bytes.error().text();
    const auto log = eventlog::decode_tcg2(*bytes);
    ASSERT_TRUE(log) << log.error().text();
    FakePe fake = uki_of(boot.stub);
    if (boot.uname) fake.add(".uname", "6.12.95");
    Case boot_case(fake);
    boot_case.inputs.gpt = {};
    boot_case.inputs.secure_boot = boot.secure_boot;
    const Prediction prediction = boot_case.predict();
    std::size_t next = 0;
    for (const auto& record : log->records) {
      if (record.index != 4 && record.index != 5 && record.index != 9 && record.index != 11)
        continue;
      ASSERT_LT(next, prediction.events.size());
      expect_same(prediction.events[next++], record);
    }
    EXPECT_EQ(next, prediction.events.size());
  }
}

// --- values
// ----------------------------------------------------------------------------------------

AnyDigest fold(const std::vector<Bytes>& parts) {
  AnyDigest value = AnyDigest::zero(HashAlg::sha384);
  for (const Bytes& each : parts)
    value = hash(HashAlg::sha384, {value.view(), hash(HashAlg::sha384, each).view()});
  return value;
}

TEST(UkiBoot, pcr11_is_the_fold_over_names_and_contents) {
  Case boot(uki_of("257"));
  boot.inputs.phases = {"", "sysinit", "sysinit:ready", "sysinit"};
  const Expectation pcr = boot.predict().registers.at(pcr11);
  std::vector<Bytes> parts;
  const std::vector<std::pair<std::string, Bytes>> sections = {
      {".linux", test::fake_kernel("6.12.95 (builder)")},
      {".osrel", to_bytes("ID=demo\n")},
      {".cmdline", to_bytes("console=ttyS0\n")},
      {".initrd", to_bytes("initrd")},
      {".sbat", to_bytes("sbat,1,SBAT Version,sbat,1\n")}};
  for (const auto& [name, content] : sections) {
    parts.push_back(to_bytes(name + '\0'));
    parts.push_back(content);
  }
  EXPECT_EQ(pcr.status, Verdict::exact);
  ASSERT_EQ(pcr.any.size(), 3U);  // a repeated path counts once
  EXPECT_EQ(pcr.any[0].when, (eventlog::When{{"phase", ""}}));
  EXPECT_EQ(*pcr.any[0].values.find(HashAlg::sha384), fold(parts));
  parts.push_back(to_bytes("sysinit"));
  EXPECT_EQ(pcr.any[1].when, (eventlog::When{{"phase", "sysinit"}}));
  EXPECT_EQ(*pcr.any[1].values.find(HashAlg::sha384), fold(parts));
  parts.push_back(to_bytes("ready"));
  EXPECT_EQ(*pcr.any[2].values.find(HashAlg::sha384), fold(parts));
  EXPECT_EQ(pcr.any[2].values.size(), 4U);
  EXPECT_EQ(pcr.any[2].basis, Basis::boot);
}

TEST(UkiBoot, pcr9_hashes_the_mangled_command_line_with_its_nul) {
  Case boot(uki_of("252"));
  const auto events = of(boot.predict(), pcr9);
  ASSERT_EQ(events.size(), 2U);
  Bytes text;
  for (const char each : std::string_view("console=ttyS0\0", 14)) {
    text.push_back(static_cast<std::byte>(each));
    text.push_back(std::byte{0});
  }
  EXPECT_EQ(*events[0].digests.find(HashAlg::sha256), hash(HashAlg::sha256, text));
  EXPECT_EQ(events[0].preimage, text);
  EXPECT_EQ(*events[1].digests.find(HashAlg::sha1), hash(HashAlg::sha1, as_bytes("initrd")));
}

TEST(UkiBoot, registers_agree_with_replay_of_the_events) {
  for (const Tee tee : {Tee::vtpm, Tee::tdx}) {
    Case boot(uki_of("257"));
    boot.inputs.tee = tee;
    const Prediction prediction = boot.predict();
    const auto values = eventlog::replay(prediction.events);
    ASSERT_TRUE(values);
    for (const auto& [reg, value] : *values) {
      const Expectation& expectation = prediction.registers.at(reg);
      ASSERT_EQ(expectation.status, Verdict::exact) << reg.text();
      EXPECT_EQ(expectation.any.at(0).values, value) << reg.text();
    }
  }
}

TEST(UkiBoot, every_event_names_its_rule_and_the_bytes_it_came_from) {
  const Case boot(uki_of("257"));
  for (const Event& each : boot.predict().events) {
    EXPECT_FALSE(each.origin.rule.empty()) << each.summary;
    EXPECT_EQ(each.origin.sha256.has_value(), each.origin.kind == Origin::Kind::input)
        << each.summary;
    if (!each.preimage) continue;
    EXPECT_EQ(*each.digests.find(HashAlg::sha512), hash(HashAlg::sha512, *each.preimage));
  }
}

// --- registers of a TPM
// -----------------------------------------------------------------------------

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
  boot.inputs.gpt = {};
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
  FakePe fake = test::fake_uki("261");
  fake.add(".cmdline", "quiet").add(".initrd", "i").add(".linux", as_text(test::fake_kernel()));
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
  FakePe fake = test::fake_uki("257");
  fake.add(".initrd", "i").add(".linux", as_text(test::fake_kernel()));
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
  const Bytes shim = test::fake_uki("0").build();
  boot.inputs.images_before = {{.name = "shim.efi", .bytes = shim}};
  EXPECT_EQ(summaries(boot.predict(), pcr4).at(2), "image shim.efi");
}

// --- registers of a TD
// ------------------------------------------------------------------------------

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

// --- refusals
// ---------------------------------------------------------------------------------------

TEST(UkiBoot, refuses_what_it_has_no_rules_for) {
  struct Refusal {
    FakePe uki;
    std::function<void(UkiBootInputs&)> change;
    ErrorCode code;
    std::string text;
  };

  const auto nothing = [](UkiBootInputs&) {};
  FakePe bad_kernel = test::fake_uki();
  bad_kernel.add(".linux", "not a kernel");
  FakePe blank = test::fake_uki("254");
  blank.add(".cmdline", " quiet").add(".linux", as_text(test::fake_kernel()));
  const std::vector<Refusal> refusals = {
      {test::fake_uki(), nothing, ErrorCode::not_found, "demo.efi: UKI without .linux"},
      {bad_kernel, nothing, ErrorCode::truncated,
       "demo.efi: .linux: bzImage: setup header at 0: need 510 bytes, 12 left"},
      {uki_of("263"), nothing, ErrorCode::unsupported,
       "demo.efi: systemd-stub 263 has no rules; --assume-stub takes those of a version of "
       "252..262"},
      {uki_of("257", "5.10.0 x"), nothing, ErrorCode::unsupported,
       "demo.efi: Linux '5.10.0' has no rules; --assume-kernel takes those of a version of "
       "6.1..7.2"},
      {blank, nothing, ErrorCode::unsupported,
       "demo.efi: .cmdline: begins with a blank, and what this stub makes of it is not known: "
       "remove it"},
      {uki_of("257"), [](UkiBootInputs& in) { in.gpt.bytes = in.gpt.bytes.first(600); },
       ErrorCode::truncated, "disk.raw: GPT: entries CRC at 600: need 4 bytes, 0 left"},
      {uki_of("257"), [](UkiBootInputs& in) { in.phases = {"sysinit::ready"}; }, ErrorCode::usage,
       "phases: 'sysinit::ready': phase path with an empty word"},
      {uki_of("257"), [](UkiBootInputs& in) { in.phases = {"sysinit:"}; }, ErrorCode::usage,
       "phases: 'sysinit:': phase path with an empty word"},
      {uki_of("257"),
       [](UkiBootInputs& in) { in.images_before = {{.name = "shim.efi", .bytes = {}}}; },
       ErrorCode::truncated, "shim.efi: PE: MZ magic at 0: need 2 bytes, 0 left"},
  };
  for (const Refusal& each : refusals) {
    Case boot(each.uki);
    each.change(boot.inputs);
    const auto prediction = predict_uki_boot(boot.inputs);
    ASSERT_FALSE(prediction) << each.text;
    EXPECT_EQ(prediction.error().code, each.code) << each.text;
    EXPECT_EQ(prediction.error().text(), each.text);
  }
}

TEST(UkiBoot, assumed_rules_make_a_value_rest_on_source) {
  Case boot(uki_of("263"));
  boot.inputs.assume_stub = 257;
  EXPECT_EQ(boot.predict().registers.at(pcr11).any.at(0).basis, Basis::source);
}

}  // namespace
}  // namespace etalon::measure
