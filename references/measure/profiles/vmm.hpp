// SPDX-License-Identifier: Apache-2.0
// What each version of QEMU makes of a machine when it is a trust domain, as data: the machine
// options its TDX guest sets by itself and that show in the ACPI files it hands to firmware, so
// that a QEMU without TDX can be asked for the same files. A version without a row is never
// guessed.
#pragma once

#include <compare>
#include <span>
#include <string_view>

#include "references/eventlog/event.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure {

struct QemuVersion {
  unsigned major = 0;
  unsigned minor = 0;

  auto operator<=>(const QemuVersion&) const = default;
};

struct VmmProfile {
  QemuVersion first{};  // both included
  QemuVersion last{};
  std::string_view rule{};     // "qemu 7.2-10.0"
  std::string_view machine{};  // value of -machine
  std::string_view source{};
  eventlog::Basis basis = eventlog::Basis::source;
};

std::span<const VmmProfile> vmm_profiles();

// The first number pair of "QEMU emulator version 7.2.22 (Debian ...)". Malformed when there is
// none.
Result<QemuVersion> parse_qemu_version(std::string_view text);

// The row of a version. Unsupported, naming --assume-qemu, when there is none.
Result<const VmmProfile*> select_vmm(QemuVersion version);

}  // namespace etalon::measure
