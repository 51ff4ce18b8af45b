// SPDX-License-Identifier: Apache-2.0
// What a boot of a UKI from a disk's EFI system partition, with or without systemd-boot, extends
// from the action string to ExitBootServices: PCR 4, 5, 9, 11 and 12 of a machine with a TPM (TCG
// PC Client Platform Firmware Profile), RTMR 1 and 2 of a TD (UEFI 2.10, section 38.4.1). Behaviour
// that differs between versions of systemd-stub and Linux comes from the tables in
// references/measure/profiles; each event names its rule and how well that rule is known.
//
// Not predicted here: what the image does not determine (Prediction::unpinned says so), what
// userspace extends but for the phase words of PCR 11, and addons that do more than add to the
// command line, which are refused.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "references/eventlog/event.hpp"
#include "references/eventlog/expectation.hpp"
#include "references/measure/profiles/stub.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure {

// The name under which all rules used here are published; it changes when a rule does.
inline constexpr std::string_view uki_ruleset = "uki-2026.11";

enum class Tee : std::uint8_t {
  vtpm,  // PCRs in the banks asked for
  tdx,   // RTMRs, SHA-384
};

struct NamedBytes {
  std::string name{};  // how the events' origin calls it: "demo.efi"
  ByteView bytes{};
  std::optional<Sha256> sha256{};  // of the bytes; computed when not given
};

// systemd-boot as \EFI\BOOT\BOOTX64.EFI, which starts the UKI from \EFI\Linux.
struct SdBootInputs {
  NamedBytes program{};
  std::optional<NamedBytes> loader_conf{};  // nothing: there is none
  std::optional<unsigned> assume{};         // rules to take when its own version has none here
};

// A file of the EFI system partition. The path is from its root, with '/' between names.
struct EspFile {
  std::string path{};
  ByteView bytes{};
};

struct UkiBootInputs {
  Tee tee = Tee::vtpm;
  NamedBytes uki{};  // the whole file
  // The first 34 sectors of the boot disk (more is fine). Nothing: the GPT event stays free.
  std::optional<NamedBytes> gpt{};
  std::vector<HashAlg> banks{all_hash_algs.begin(), all_hash_algs.end()};  // vtpm only
  // PE images that the firmware starts before the UKI, in order: shim.
  std::vector<NamedBytes> images_before{};
  Shim shim = Shim::none;
  // Started by the firmware, or by those, and starts the UKI; nothing: they start it themselves.
  std::optional<SdBootInputs> sd_boot{};

  // The EFI system partition, as far as the stub looks at it: the folder beside the UKI, and
  // \loader; other files do not matter. Nothing: not stated, and assumed empty.
  std::optional<std::vector<EspFile>> esp{};
  std::string uki_path = "EFI/BOOT/BOOTX64.EFI";  // on it

  // Facts about the platform; nothing: not stated, and the assumption made is named in the result.
  std::optional<bool> secure_boot{};  // assumed off
  std::optional<bool> tcg2{};         // tdx: the firmware offers TCG2 as well; assumed not
  std::optional<bool> random_seed{};  // stub >= 261: the system table has a seed; assumed unknown
  bool confidential_vm = false;       // vtpm: the machine is a confidential VM
  std::string load_options{};         // text in the boot entry that starts the UKI, UTF-8

  // Rules to take when the image's own version has none here.
  std::optional<unsigned> assume_stub{};       // 257
  std::optional<std::string> assume_kernel{};  // "6.12"

  // vtpm: where userspace may stand when PCR 11 is read, as words joined by ':' ("" before the
  // first word, "sysinit:ready", …). Empty: only "".
  std::vector<std::string> phases{};
  // vtpm: systemd-pcrmachine or systemd-pcrfs@ run in the image, so PCR 15 is not zero.
  bool measures_machine = false;
};

// A register of the platform that this prediction says nothing about.
struct Unpinned {
  RegisterId reg;
  std::string reason{};

  bool operator==(const Unpinned&) const = default;
};

// A rule by which something does not extend a register. No event can carry it, and yet the
// register's value, zero or not, is no better known than this rule is.
struct SilentRule {
  RegisterId reg;
  std::string rule{};  // "systemd-stub 262: .linux is started without the firmware"
  eventlog::Basis basis = eventlog::Basis::source;

  bool operator==(const SilentRule&) const = default;
};

struct Prediction {
  std::string ruleset{uki_ruleset};
  // In the order of the boot. The events of replay expectations' free events have no digests. The
  // data of EV_EFI_BOOT_SERVICES_APPLICATION is empty: it holds addresses the firmware chooses.
  eventlog::EventLog events{};
  std::vector<SilentRule> rules{};
  std::map<RegisterId, eventlog::Expectation> registers{};
  std::vector<std::string> assumptions{};
  std::vector<Unpinned> unpinned{};
  std::string stub_version{};    // as in .sdmagic
  std::string kernel_release{};  // as in the kernel's setup header
};

// Errors: whatever is malformed in the inputs; unsupported for a stub or kernel without rules
// (the message names the option) and for a command line whose treatment by that stub is not known;
// not_found for a UKI without .linux; usage for a bad phase path.
Result<Prediction> predict_uki_boot(const UkiBootInputs& inputs);

}  // namespace etalon::measure
