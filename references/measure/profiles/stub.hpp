// SPDX-License-Identifier: Apache-2.0
// What each version of systemd-stub measures and hands to the kernel, as data. Sources: systemd's
// source and news, and boots of real images; `source` and `basis` of each row say which. A version
// without a row is never guessed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "references/eventlog/event.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure {

enum class Shim : std::uint8_t { none, before_16, since_16 };

// Whether starting .linux gives an EV_EFI_BOOT_SERVICES_APPLICATION event of its own.
enum class KernelEvent : std::uint8_t {
  // LoadImage is used. With Secure Boot the stub replaces the firmware's security hooks meanwhile,
  // and the firmware neither checks nor measures; it cannot replace those of shim 16 and later.
  unless_secure_boot,
  never,  // the stub starts the kernel itself
};

// What becomes of blanks at the start of the command line. Control characters become blanks and
// blanks at the end are cut by every version.
enum class LeadingBlanks : std::uint8_t { kept, cut, unknown };

// What a stub with Secure Boot makes of text in the boot entry.
enum class LoadOptionsRule : std::uint8_t {
  dropped_if_cmdline,                  // when there is a .cmdline
  dropped_if_cmdline_or_confidential,  // also in a confidential VM
};

// What a stub does with PE files named *.addon.efi beside the UKI and in \loader\addons: each is
// loaded, which the firmware measures, and their command lines are measured and appended.
enum class Addons : std::uint8_t {
  ignored,
  by_folder,  // the global ones first, with an event for each folder
  together,   // in the same order, with one event behind all
};

// Files of the EFI system partition of which the stub makes an archive for the initrd: those beside
// the UKI, and global ones in \loader.
enum class SidecarKind : std::uint8_t {
  none,
  credentials,
  global_credentials,
  sysext,
  global_sysext,
  confext,
  global_confext,
};

// The archive made of one kind, and the event for it.
struct SidecarShape {
  SidecarKind kind = SidecarKind::none;
  std::string_view folder{};  // in the archive
  std::uint32_t folder_mode = 0;
  std::uint32_t file_mode = 0;
  std::uint8_t pcr = 0;
  std::string_view event{};  // what the stub calls it in the log
};

// Of a kind that is not `none`.
const SidecarShape& shape_of(SidecarKind kind);

// One part of the initrd that the stub puts together: a section as it is, a generated archive that
// holds the section as one file, or one of such files.
struct InitrdMember {
  std::string_view section;
  std::string_view path;  // of the file in the archive; empty: the section as it is
  SidecarKind sidecar = SidecarKind::none;
};

struct StubProfile {
  unsigned first = 0;  // versions, both included
  unsigned last = 0;
  std::string_view rule{};                       // "systemd-stub 257"
  std::span<const std::string_view> measured{};  // sections, in order
  std::span<const InitrdMember> initrd{};        // members, in order
  KernelEvent kernel_event = KernelEvent::never;
  LeadingBlanks leading_blanks = LeadingBlanks::unknown;
  LoadOptionsRule load_options = LoadOptionsRule::dropped_if_cmdline;
  Addons addons = Addons::ignored;
  bool confext = false;      // configuration extensions are a kind of their own
  bool cc = false;           // EV_IPL events go to the CC measurement protocol too
  bool console = false;      // adds console= when the command line has none
  bool boot_secret = false;  // adds a random file when there is an EFI random seed
  bool efifw = false;        // may measure a .efifw; whether and which is not known
  bool assumed = false;      // taken for a version that has no row
  std::string_view source{};
  eventlog::Basis basis = eventlog::Basis::source;  // of boots without Secure Boot
  // Of what differs with Secure Boot: which image the firmware measures.
  eventlog::Basis secure_boot_basis = eventlog::Basis::source;
};

std::span<const StubProfile> stub_profiles();
// The row of a version; nothing when there is none.
const StubProfile* find_stub(unsigned version);
// The row of the version found in an image (0: none found), or else of the assumed one. The error
// names --assume-stub.
Result<StubProfile> select_stub(unsigned found, std::optional<unsigned> assumed);

struct Measured {
  bool measured = false;
  eventlog::Basis basis = eventlog::Basis::source;
};

// Whether PCR 4 / RTMR 1 gets the inner kernel.
Measured inner_kernel_measured(const StubProfile& stub, bool secure_boot, Shim shim);

}  // namespace etalon::measure
