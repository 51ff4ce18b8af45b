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
#include "tests/support/fake_uki.hpp"
#include "tests/support/fixtures.hpp"
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
    const auto bytes = etalon::test::test_data("eventlog/" + boot.log + ".tcg");
    ASSERT_TRUE(bytes) << bytes.error().text();
    const auto log = eventlog::decode_tcg2(*bytes);
    ASSERT_TRUE(log) << log.error().text();
    FakePe fake = uki_of(boot.stub);
    if (boot.uname) fake.add(".uname", "6.12.95");
    Case boot_case(fake);
    boot_case.inputs.gpt.reset();
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
      {".linux", etalon::test::fake_kernel("6.12.95 (builder)")},
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
  FakePe bad_kernel = etalon::test::fake_uki();
  bad_kernel.add(".linux", "not a kernel");
  FakePe blank = etalon::test::fake_uki("254");
  blank.add(".cmdline", " quiet").add(".linux", as_text(etalon::test::fake_kernel()));
  const std::vector<Refusal> refusals = {
      {etalon::test::fake_uki(), nothing, ErrorCode::not_found, "demo.efi: UKI without .linux"},
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
      {uki_of("257"), [](UkiBootInputs& in) { in.gpt->bytes = in.gpt->bytes.first(600); },
       ErrorCode::truncated, "disk.raw: GPT: entries CRC at 600: need 4 bytes, 0 left"},
      {uki_of("257"), [](UkiBootInputs& in) { in.gpt->bytes = {}; }, ErrorCode::malformed,
       "disk.raw: GPT: no 'EFI PART' at 512 or 4096"},
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
