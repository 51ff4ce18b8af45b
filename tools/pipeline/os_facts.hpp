// SPDX-License-Identifier: Apache-2.0
// What an image says about itself in text: os-release (freedesktop.org os-release(5)), the kernel
// command line (Linux, admin-guide/kernel-parameters) as far as IMA is concerned, and the boot
// phase words its systemd will extend into PCR 11 (systemd-pcrphase.service(8)).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"

namespace etalon::pipeline {

// NAME=value lines with shell quoting removed; comments, blank lines and lines without "=" are
// passed over, the last of two assignments wins. Never fails: a label is not worth a refusal.
std::map<std::string, std::string> parse_os_release(std::string_view text);

// The words of a command line as the kernel splits them: blanks separate, double quotes group and
// are removed; what follows "--" belongs to init.
std::vector<std::string> split_cmdline(std::string_view cmdline);

// The kernel takes the first of several (Linux, hash_setup(), ima_template_setup()).
struct ImaCmdline {
  std::string hash{};     // of ima_hash=, empty when the kernel's default applies
  std::string tmplate{};  // of ima_template= or ima_template_fmt=
  std::string policy{};   // of ima_policy=, all of them joined by '|'

  bool operator==(const ImaCmdline&) const = default;
};

ImaCmdline ima_cmdline(std::string_view cmdline);

// What the image holds at a path with a leading slash. A mask is what hides a systemd unit: an
// empty file, or a link to /dev/null.
enum class PathKind : std::uint8_t { none, present, mask };
using PathKindOf = std::function<PathKind(std::string_view path)>;

// The phase paths PCR 11 passes through, in order, starting with "" (nothing extended yet):
// "", "sysinit", "sysinit:ready". Words appear only where a target wants the units, unmasked, and
// the TPM library that systemd loads at run time is there; /etc/initrd-release selects the units of
// an initrd.
std::vector<std::string> boot_phases(const PathKindOf& kind_of);

// Units are wanted that measure machine and file system identifiers into PCR 15
// (systemd-pcrmachine.service, systemd-pcrfs-root.service).
bool measures_machine(const PathKindOf& kind_of);

}  // namespace etalon::pipeline
