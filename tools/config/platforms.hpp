// SPDX-License-Identifier: Apache-2.0
// platforms.yaml: the machines an image is measured for. The loader turns the document into plain
// structs and is strict, because a key that is misspelt and skipped would change what is signed:
// unknown and repeated keys, empty lists and values outside the lists below are errors that name
// the platform, the key and the line. File paths come back resolved against the document's folder.
// docs/formats/platforms.md describes the keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"

namespace etalon::config {

enum class Tee : std::uint8_t {
  tdx,   // Intel TDX: MRTD and RTMRs, SHA-384 only
  vtpm,  // a virtual machine with a TPM: PCRs in the banks named
};

// How the firmware comes to the kernel.
enum class Boot : std::uint8_t {
  disk_uki,      // a UKI at \EFI\BOOT\BOOTX64.EFI of an EFI system partition
  disk_sd_boot,  // systemd-boot there, which starts the UKI
};

struct Firmware {
  std::string file{};            // whole image, or the variables part of a split one
  std::string code{};            // the code part of a split image; empty: not split
  std::string profile = "auto";  // a firmware rule table, or "auto"
  std::size_t line = 0;          // where it begins in the document

  bool operator==(const Firmware&) const = default;
};

// systemd-boot and its configuration, as they lie on the EFI system partition.
struct BootLoader {
  std::string file{};                     // systemd-bootx64.efi
  std::string conf{};                     // loader.conf; empty: there is none
  std::optional<std::uint32_t> assume{};  // version to take for one that has no rules
  std::size_t assume_line = 0;

  bool operator==(const BootLoader&) const = default;
};

// Where the VMM's ACPI tables, which the firmware measures, are taken from.
struct Acpi {
  enum class Kind : std::uint8_t {
    unpinned,  // not known: what depends on them is not predicted
    dir,       // a folder of fw_cfg blobs
    qemu,      // a QEMU binary to ask
    digests,   // the event digests, by blob name
  };
  Kind kind = Kind::unpinned;
  std::string path{};                       // dir, qemu
  std::map<std::string, Sha384> digests{};  // digests

  bool operator==(const Acpi&) const = default;
};

struct Vmm {
  std::string kind{};     // "qemu"
  std::string version{};  // "10.2": digits and dots
  Acpi acpi{};

  bool operator==(const Vmm&) const = default;
};

struct Memory {
  std::string text{};       // as written, "2G": the name used in conditions
  std::uint64_t bytes = 0;  // its value

  bool operator==(const Memory&) const = default;
};

// Facts about the platform that rules ask for; nothing = not stated.
struct Conditions {
  std::optional<bool> tcg2{};         // the firmware offers the TCG2 protocol (a TPM it knows)
  std::optional<bool> secure_boot{};  // Secure Boot is on
  std::optional<bool> random_seed{};  // the kernel and stub find an EFI random seed

  bool operator==(const Conditions&) const = default;
};

struct Platform {
  std::string id{};  // [a-z0-9][a-z0-9._-]*, unique in the document
  Tee tee = Tee::vtpm;
  Boot boot = Boot::disk_uki;
  std::optional<BootLoader> boot_loader{};  // exactly with disk_sd_boot
  std::optional<Firmware> firmware{};       // always there for tdx
  std::optional<Vmm> vmm{};
  std::vector<Memory> memory{};        // empty: not stated
  std::vector<std::uint32_t> vcpus{};  // empty: not stated
  std::vector<HashAlg> banks{};        // vtpm: one or more, sorted; tdx: empty
  std::string disk_gpt{};              // disk whose partition table is measured; may be empty
  std::string esp{};       // folder with what is on the EFI system partition; may be empty
  std::string uki_path{};  // of the UKI on it, with '/'; empty: where the boot flow expects it
  std::optional<std::uint32_t> assume_stub{};  // systemd-stub version to take for an unknown one
  std::size_t assume_stub_line = 0;
  std::vector<std::string>
      phases{};  // PCR 11: "enter-initrd:leave-initrd"; empty: the default ones
  Conditions conditions{};
  std::size_t line = 0;    // where the platform begins in the document
  std::string document{};  // the path of that, when it was a file

  bool operator==(const Platform&) const = default;
};

// "tdx", "vtpm"; "disk-uki", "disk-sd-boot".
std::string_view name(Tee tee);
std::string_view name(Boot boot);

// Parses a document; `folder` is what its relative paths are resolved against. Errors carry code,
// structure "platforms[N]", field and line; malformed for bad YAML and bad values, unsupported for
// values that have a meaning but no implementation, limit for the caps.
Result<std::vector<Platform>> parse_platforms(std::string_view yaml, std::string_view folder);

// Reads and parses a file; errors name it.
Result<std::vector<Platform>> load_platforms(const std::string& path);

}  // namespace etalon::config
