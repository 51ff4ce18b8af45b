// SPDX-License-Identifier: Apache-2.0
#include "references/measure/boot/esp_files.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "references/eventlog/event.hpp"
#include "references/eventlog/expectation.hpp"
#include "references/measure/boot/stub_initrd.hpp"
#include "references/measure/boot/uki_boot.hpp"
#include "references/measure/profiles/stub.hpp"
#include "tests/unit/references/measure/boot/uki_case.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure {
namespace {

using eventlog::Basis;
using eventlog::Event;
using eventlog::EventType;
using test::Case;
using test::of;
using test::summaries;
using test::uki_of;
using Verdict = eventlog::Expectation::Status;

constexpr auto pcr9 = RegisterId::pcr<9>();
constexpr auto pcr12 = RegisterId::pcr<12>();
constexpr auto pcr13 = RegisterId::pcr<13>();
constexpr auto rtmr2 = RegisterId::rtmr<2>();

std::vector<EspFile> files(const std::vector<std::string>& paths) {
  std::vector<EspFile> list;
  for (const std::string& path : paths)
    list.push_back({.path = path, .bytes = as_bytes("content")});
  return list;
}

// "KIND: name name; …" in order.
std::string selected(const std::vector<std::string>& paths, unsigned stub,
                     const std::string& uki = "EFI/BOOT/BOOTX64.EFI") {
  const std::vector<EspFile> list = files(paths);
  const auto sidecars = select_sidecars(list, uki, *find_stub(stub));
  EXPECT_TRUE(sidecars.has_value());
  std::string text;
  for (const Sidecar& each : *sidecars) {
    text += (text.empty() ? "" : "; ") + std::string(shape_of(each.kind).folder.substr(7)) + ":";
    for (const EspFile* file : each.files)
      text += " " + std::string(esp_file_name(*file));
  }
  return text;
}

const std::string beside = "EFI/BOOT/BOOTX64.EFI.extra.d/";

TEST(EspFiles, finds_each_kind_in_its_folder_without_regard_to_case) {
  EXPECT_EQ(selected({"efi/boot/bootx64.EFI.Extra.D/a.CRED", "LOADER/Credentials/g.cred",
                      beside + "t.raw", beside + "s.ConfExt.raw", "loader/extensions/u.raw",
                      "loader/extensions/v.confext.raw"},
                     258),
            "credentials: a.CRED; global_credentials: g.cred; sysext: t.raw; global_sysext: u.raw; "
            "confext: s.ConfExt.raw; global_confext: v.confext.raw");
}

TEST(EspFiles, follows_the_version) {
  const std::vector<std::string> all = {beside + "t.raw", beside + "s.confext.raw",
                                        "loader/extensions/u.raw"};
  EXPECT_EQ(selected(all, 252), "sysext: s.confext.raw t.raw");
  EXPECT_EQ(selected(all, 255), "sysext: s.confext.raw t.raw");
  EXPECT_EQ(selected(all, 257), "sysext: t.raw; confext: s.confext.raw");
  EXPECT_EQ(selected(all, 258), "sysext: t.raw; global_sysext: u.raw; confext: s.confext.raw");
}

TEST(EspFiles, lie_in_loader_or_beside_some_uki) {
  for (const std::string path : {"loader/credentials/a", "LOADER/x", "EFI/Linux/a.efi.EXTRA.D/b"})
    EXPECT_TRUE(may_matter_to_stub(path)) << path;
  for (const std::string path : {"EFI/Linux/a.efi", "x/loader/a", "a.extra.d", "loader.conf"})
    EXPECT_FALSE(may_matter_to_stub(path)) << path;
}

TEST(EspFiles, sorts_by_code_unit) {
  EXPECT_EQ(selected({beside + "b.cred", beside + "A.cred", beside + "_.cred"}, 257),
            "credentials: A.cred _.cred b.cred");
}

TEST(EspFiles, leaves_out_what_the_stub_leaves_out) {
  EXPECT_EQ(
      selected({beside + ".hidden.cred", beside + "notes.txt", beside + "\xc3\xa9.cred",
                beside + std::string(251, 'x') + ".cred", "loader/credentials/a.raw",
                "loader/extensions/a.cred", "other/a.cred", "a.cred", beside + "folder/a.cred"},
               262),
      "");
  EXPECT_EQ(selected({beside + std::string(250, 'x') + ".cred"}, 262),
            "credentials: " + std::string(250, 'x') + ".cred");
}

TEST(EspFiles, looks_beside_the_uki_without_its_boot_counter) {
  const std::vector<std::string> there = {"EFI/Linux/demo.efi.extra.d/a.cred"};
  EXPECT_EQ(selected(there, 257, "EFI/Linux/demo.efi"), "credentials: a.cred");
  EXPECT_EQ(selected(there, 257, "EFI/Linux/demo+3.efi"), "credentials: a.cred");
  EXPECT_EQ(selected(there, 257, "EFI/Linux/demo+2-1.efi"), "credentials: a.cred");
  EXPECT_EQ(selected(there, 257, "EFI/Linux/demo+x.efi"), "");
  EXPECT_EQ(selected({"EFI/Linux/demo+.efi.extra.d/a.cred"}, 257, "EFI/Linux/demo+.efi"),
            "credentials: a.cred");
}

TEST(EspFiles, refuses_what_no_archive_can_hold) {
  const std::byte one{};
  // only its size is looked at
  const ByteView huge(&one, std::size_t{1} << 32U);
  const auto select = [&](const std::string& path) {
    const std::vector<EspFile> list = {{.path = path, .bytes = huge}};
    return select_sidecars(list, "EFI/BOOT/BOOTX64.EFI", *find_stub(257));
  };
  const auto refused = select(beside + "a.raw");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::limit);
  EXPECT_EQ(refused.error().message,
            beside + "a.raw is too large for the archive that the stub makes");
  EXPECT_TRUE(select("loader/extensions/a.raw").has_value()) << "which 257 does not look at";
}

TEST(EspFiles, selects_addons_from_254_on_global_ones_first) {
  const std::vector<EspFile> list =
      files({beside + "b.addon.efi", beside + "A.ADDON.EFI", "loader/addons/z.addon.efi",
             "Loader/Addons/y.addon.efi", "EFI/Linux/a.addon.efi", beside + ".x.addon.efi",
             "loader/credentials/x.addon.efi", beside + "x.efi"});
  const auto names = [](const std::vector<const EspFile*>& selected) {
    std::string text;
    for (const EspFile* each : selected)
      text += std::string(esp_file_name(*each)) + " ";
    return text;
  };
  const AddonFiles addons = select_addons(list, "EFI/BOOT/BOOTX64.EFI", *find_stub(254));
  EXPECT_EQ(names(addons.global), "y.addon.efi z.addon.efi ");
  EXPECT_EQ(names(addons.own), "A.ADDON.EFI b.addon.efi ");
  const AddonFiles none = select_addons(list, "EFI/BOOT/BOOTX64.EFI", *find_stub(253));
  EXPECT_TRUE(none.global.empty() && none.own.empty());
}

TEST(EspFiles, are_measured_as_archives_and_join_the_initrd) {
  Case boot(uki_of("257"));
  boot.inputs.esp = files(
      {beside + "a.cred", "loader/credentials/g.cred", beside + "t.raw", beside + "s.confext.raw"});
  const Prediction with = boot.predict();
  EXPECT_EQ(summaries(with, pcr12),
            (std::vector<std::string>{"archive of credentials", "archive of global_credentials",
                                      "archive of confext"}));
  const std::vector<Event> events = of(with, pcr13);
  ASSERT_EQ(events.size(), 1U);
  const EspFile& extension = boot.inputs.esp->at(2);
  const Bytes archive = archive_of({.kind = SidecarKind::sysext, .files = {&extension}}).bytes();
  EXPECT_EQ(events[0].digests.find(HashAlg::sha256)->hex(), sha256(archive).hex());
  EXPECT_EQ(events[0].type, EventType::ipl);
  EXPECT_EQ(to_hex(events[0].data),
            "530079007300740065006d00200065007800740065006e00730069006f006e00200069006e0069007400"
            "720064000000");
  EXPECT_EQ(events[0].origin.input, "archive of " + beside + "t.raw");
  EXPECT_EQ(events[0].basis, Basis::boot);
  EXPECT_EQ(with.registers.at(pcr13).status, Verdict::exact);
  boot.inputs.esp.reset();
  const Prediction without = boot.predict();
  EXPECT_EQ(without.registers.at(pcr13).status, Verdict::zero);
  EXPECT_NE(of(with, pcr9)[1].digests, of(without, pcr9)[1].digests);
  EXPECT_TRUE(of(with, pcr9)[1].origin.input.ends_with(" of demo.efi and beside it"));
  EXPECT_TRUE(of(without, pcr9)[1].origin.input.ends_with(" of demo.efi"));
}

TEST(EspFiles, leave_a_td_with_an_old_stub_alone) {
  for (const std::string stub : {"254", "257"}) {
    Case boot(uki_of(stub));
    boot.tdx().inputs.esp = files({beside + "a.cred"});
    const auto list = summaries(boot.predict(), rtmr2);
    EXPECT_EQ(std::ranges::find(list, "archive of credentials") != list.end(), stub == "257");
  }
}

TEST(EspFiles, an_empty_partition_is_a_statement) {
  Case boot(uki_of("257"));
  const auto states = [&boot](const std::string& text) {
    const auto list = boot.predict().assumptions;
    return std::ranges::find(list, text) != list.end();
  };
  EXPECT_TRUE(states("no addons, credentials or extensions lie beside the UKI"));
  boot.inputs.esp.emplace();
  EXPECT_TRUE(
      states("of what lies beside EFI/BOOT/BOOTX64.EFI and in loader/ all was given (stated)"));
  EXPECT_EQ(boot.predict().registers.at(pcr12).status, Verdict::zero);
}

}  // namespace
}  // namespace etalon::measure
