// SPDX-License-Identifier: Apache-2.0
// The event: one extend of one register, predicted or observed. An ordered list of events folded
// by replay() gives register values, and the same list explains a mismatch. Event types are those
// of the TCG PC Client Platform Firmware Profile 1.06, section 10.4.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/registers.hpp"

namespace etalon::eventlog {

// The u32 event types that occur in our logs and predictions; a log may hold any other number.
enum class EventType : std::uint32_t {
  post_code = 0x1,
  no_action = 0x3,
  separator = 0x4,
  action = 0x5,
  event_tag = 0x6,
  s_crtm_contents = 0x7,
  s_crtm_version = 0x8,
  cpu_microcode = 0x9,
  platform_config_flags = 0xa,
  table_of_devices = 0xb,
  compact_hash = 0xc,
  ipl = 0xd,
  ipl_partition_data = 0xe,
  efi_variable_driver_config = 0x80000001,
  efi_variable_boot = 0x80000002,
  efi_boot_services_application = 0x80000003,
  efi_boot_services_driver = 0x80000004,
  efi_runtime_services_driver = 0x80000005,
  efi_gpt_event = 0x80000006,
  efi_action = 0x80000007,
  efi_platform_firmware_blob = 0x80000008,
  efi_handoff_tables = 0x80000009,
  efi_platform_firmware_blob2 = 0x8000000a,
  efi_handoff_tables2 = 0x8000000b,
  efi_variable_boot2 = 0x8000000c,
  efi_variable_authority = 0x800000e0,
};

// "EV_SEPARATOR"; an unknown number prints as "0x…".
std::string name(EventType type);

// How well a rule that produced a value is known, weakest last.
enum class Basis : std::uint8_t {
  hardware,  // seen in a quote of real hardware
  log,       // seen in a captured event log
  boot,      // proved by our own boots
  source,    // read in source code only
};

std::string_view name(Basis basis);
std::optional<Basis> parse_basis(std::string_view text);
// The weaker of two: what a value resting on both may claim.
Basis weakest(Basis a, Basis b);

// Where the bytes behind an event come from.
struct Origin {
  enum class Kind : std::uint8_t {
    input,     // a file of ours: named, with its digest
    platform,  // a constant of the platform, fixed by a rule
    echoed,    // copied from the evidence under judgement; never makes a pass
  };
  Kind kind = Kind::platform;
  std::string input{};             // what the bytes are: ".linux of demo.efi", "GPT of disk.raw"
  std::optional<Sha256> sha256{};  // of that input
  std::string rule{};              // the row of a rule table: "systemd-stub 257: .sbat measured"

  bool operator==(const Origin&) const = default;
};

std::string_view name(Origin::Kind kind);

struct Event {
  RegisterId reg;  // the register that is extended
  EventType type = EventType::no_action;
  DigestSet digests{};  // one per bank; for a TDX register, SHA-384 only
  Bytes data{};         // the event data as the log holds it
  // The bytes the digests are over, where they are small enough to keep and not the data itself.
  std::optional<Bytes> preimage{};
  Origin origin{};
  Basis basis = Basis::source;
  std::string summary{};  // one line for people

  bool operator==(const Event&) const = default;
};

using EventLog = std::vector<Event>;

}  // namespace etalon::eventlog
