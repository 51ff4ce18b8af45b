// SPDX-License-Identifier: Apache-2.0
#include "references/measure/profiles/stub.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "references/eventlog/event.hpp"
#include "tools/base/assert.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure {
namespace {

using eventlog::Basis;
using Names = std::string_view;

// Measured sections, always in the order of the stub's own list (src/fundamental/uki.c).
constexpr std::array<Names, 7> measured_252 = {".linux",  ".osrel", ".cmdline", ".initrd",
                                               ".splash", ".dtb",   ".pcrpkey"};
constexpr std::array<Names, 9> measured_254 = {".linux", ".osrel", ".cmdline", ".initrd", ".splash",
                                               ".dtb",   ".uname", ".sbat",    ".pcrpkey"};
constexpr std::array<Names, 10> measured_256 = {".linux", ".osrel",  ".cmdline", ".initrd",
                                                ".ucode", ".splash", ".dtb",     ".uname",
                                                ".sbat",  ".pcrpkey"};
// .dtbauto, of which the one for this machine would be measured, is for none of x86.
constexpr std::array<Names, 12> measured_257 = {".linux", ".osrel",   ".cmdline", ".initrd",
                                                ".ucode", ".splash",  ".dtb",     ".uname",
                                                ".sbat",  ".pcrpkey", ".profile", ".hwids"};

constexpr InitrdMember pcrsig = {.section = ".pcrsig", .path = ".extra/tpm2-pcr-signature.json"};
constexpr InitrdMember pcrpkey = {.section = ".pcrpkey", .path = ".extra/tpm2-pcr-public-key.pem"};
constexpr InitrdMember osrel = {.section = ".osrel", .path = ".extra/os-release"};
constexpr InitrdMember profile = {.section = ".profile", .path = ".extra/profile"};
constexpr InitrdMember ucode = {.section = ".ucode", .path = ""};
constexpr InitrdMember initrd = {.section = ".initrd", .path = ""};

constexpr InitrdMember of_kind(SidecarKind kind) {
  return {.section = "", .path = "", .sidecar = kind};
}

constexpr InitrdMember credentials = of_kind(SidecarKind::credentials);
constexpr InitrdMember global_credentials = of_kind(SidecarKind::global_credentials);
constexpr InitrdMember sysext = of_kind(SidecarKind::sysext);
constexpr InitrdMember global_sysext = of_kind(SidecarKind::global_sysext);
constexpr InitrdMember confext = of_kind(SidecarKind::confext);
constexpr InitrdMember global_confext = of_kind(SidecarKind::global_confext);

constexpr std::array<InitrdMember, 6> initrd_252 = {initrd, credentials, global_credentials,
                                                    sysext, pcrsig,      pcrpkey};
constexpr std::array<InitrdMember, 8> initrd_256 = {
    ucode, initrd, credentials, global_credentials, sysext, confext, pcrsig, pcrpkey};
constexpr std::array<InitrdMember, 10> initrd_257 = {
    ucode,   initrd, credentials, global_credentials, sysext, confext, pcrsig,
    pcrpkey, osrel,  profile};
constexpr std::array<InitrdMember, 12> initrd_258 = {
    ucode,  initrd,        credentials, global_credentials,
    sysext, global_sysext, confext,     global_confext,
    pcrsig, pcrpkey,       osrel,       profile};

// systemd, src/boot/stub.c and cpio.c; seen in boots of 252, 254, 257 and 262.
constexpr std::array<SidecarShape, 6> shapes = {{
    {SidecarKind::credentials, ".extra/credentials", 0500, 0400, 12, "Credentials initrd"},
    {SidecarKind::global_credentials, ".extra/global_credentials", 0500, 0400, 12,
     "Global credentials initrd"},
    {SidecarKind::sysext, ".extra/sysext", 0555, 0444, 13, "System extension initrd"},
    {SidecarKind::global_sysext, ".extra/global_sysext", 0555, 0444, 13,
     "Global system extension initrd"},
    {SidecarKind::confext, ".extra/confext", 0555, 0444, 12, "Configuration extension initrd"},
    {SidecarKind::global_confext, ".extra/global_confext", 0555, 0444, 12,
     "Global configuration extension initrd"},
}};

// clang-format off
constexpr std::array<StubProfile, 9> profiles = {{
    {.first = 252, .last = 252, .rule = "systemd-stub 252",
     .measured = measured_252, .initrd = initrd_252,
     .kernel_event = KernelEvent::unless_secure_boot, .leading_blanks = LeadingBlanks::kept,
     .source = "systemd 252.39 stub.c; boots with and without Secure Boot", .basis = Basis::boot,
     .secure_boot_basis = Basis::boot},
    {.first = 253, .last = 253, .rule = "systemd-stub 253",
     .measured = measured_252, .initrd = initrd_252,
     .kernel_event = KernelEvent::unless_secure_boot,
     .source = "between 252 and 254, which were booted", .basis = Basis::source},
    {.first = 254, .last = 254, .rule = "systemd-stub 254",
     .measured = measured_254, .initrd = initrd_252,
     .kernel_event = KernelEvent::unless_secure_boot, .addons = Addons::by_folder,
     .source = "a boot of 254.26", .basis = Basis::boot},
    {.first = 255, .last = 255, .rule = "systemd-stub 255",
     .measured = measured_254, .initrd = initrd_252,
     .kernel_event = KernelEvent::unless_secure_boot, .addons = Addons::together,
     .source = "systemd NEWS 255, 256: no CC measurement before 256", .basis = Basis::source},
    {.first = 256, .last = 256, .rule = "systemd-stub 256",
     .measured = measured_256, .initrd = initrd_256,
     .kernel_event = KernelEvent::unless_secure_boot, .addons = Addons::together, .confext = true, .cc = true,
     .source = "systemd NEWS 256; order of the initrd not seen", .basis = Basis::source},
    {.first = 257, .last = 257, .rule = "systemd-stub 257",
     .measured = measured_257, .initrd = initrd_257,
     .kernel_event = KernelEvent::unless_secure_boot, .leading_blanks = LeadingBlanks::cut,
     .load_options = LoadOptionsRule::dropped_if_cmdline_or_confidential, .addons = Addons::together, .confext = true, .cc = true,
     .source = "systemd 257.13 stub.c, cpio.c, measure.c; boots with and without Secure Boot",
     .basis = Basis::boot, .secure_boot_basis = Basis::boot},
    {.first = 258, .last = 260, .rule = "systemd-stub 258..260",
     .measured = measured_257, .initrd = initrd_258,
     .kernel_event = KernelEvent::never, .leading_blanks = LeadingBlanks::cut,
     .load_options = LoadOptionsRule::dropped_if_cmdline_or_confidential, .addons = Addons::together, .confext = true, .cc = true,
     .efifw = true,
     .source = "systemd issues 37372, 38104: the kernel is started without LoadImage",
     .basis = Basis::source},
    {.first = 261, .last = 261, .rule = "systemd-stub 261",
     .measured = measured_257, .initrd = initrd_258,
     .kernel_event = KernelEvent::never, .leading_blanks = LeadingBlanks::cut,
     .load_options = LoadOptionsRule::dropped_if_cmdline_or_confidential, .addons = Addons::together, .confext = true, .cc = true,
     .console = true, .boot_secret = true, .efifw = true,
     .source = "systemd NEWS 261", .basis = Basis::source},
    {.first = 262, .last = 262, .rule = "systemd-stub 262",
     .measured = measured_257, .initrd = initrd_258,
     .kernel_event = KernelEvent::never, .leading_blanks = LeadingBlanks::cut,
     .load_options = LoadOptionsRule::dropped_if_cmdline_or_confidential, .addons = Addons::together, .confext = true, .cc = true,
     .console = true, .boot_secret = true, .efifw = true,
     .source = "systemd NEWS 261, 262, boot-secret.c; boots with and without a random seed and "
               "Secure Boot",
     .basis = Basis::boot, .secure_boot_basis = Basis::boot},
}};
// clang-format on

}  // namespace

const SidecarShape& shape_of(SidecarKind kind) {
  const auto* const at = std::ranges::find(shapes, kind, &SidecarShape::kind);
  ETALON_ASSERT(at != shapes.end());
  return *at;
}

std::span<const StubProfile> stub_profiles() {
  return profiles;
}

const StubProfile* find_stub(unsigned version) {
  const auto* const at = std::ranges::find_if(profiles, [version](const StubProfile& each) {
    return version >= each.first && version <= each.last;
  });
  return at == profiles.end() ? nullptr : &*at;
}

Result<StubProfile> select_stub(unsigned found, std::optional<unsigned> assumed) {
  const StubProfile* known = find_stub(found);
  if (known != nullptr) return *known;
  const std::string stub = found == 0 ? "no systemd-stub version in .sdmagic"
                                      : "systemd-stub " + std::to_string(found) + " has no rules";
  const std::string range =
      std::to_string(profiles.front().first) + ".." + std::to_string(profiles.back().last);
  if (!assumed) {
    return fail(ErrorCode::unsupported,
                stub + "; --assume-stub takes those of a version of " + range);
  }
  const StubProfile* taken = find_stub(*assumed);
  if (taken == nullptr) {
    return fail(ErrorCode::usage, "--assume-stub " + std::to_string(*assumed) +
                                      ": there are rules for " + range + " only");
  }
  StubProfile profile_taken = *taken;
  profile_taken.assumed = true;
  profile_taken.basis = Basis::source;
  profile_taken.secure_boot_basis = Basis::source;
  return profile_taken;
}

Measured inner_kernel_measured(const StubProfile& stub, bool secure_boot, Shim shim) {
  const Basis basis = secure_boot ? stub.secure_boot_basis : stub.basis;
  if (stub.kernel_event == KernelEvent::never) return {.measured = false, .basis = basis};
  if (!secure_boot) return {.measured = true, .basis = basis};
  // systemd issue 37372: not seen in a log.
  if (shim == Shim::since_16) return {.measured = true, .basis = Basis::source};
  return {.measured = false, .basis = basis};
}

}  // namespace etalon::measure
