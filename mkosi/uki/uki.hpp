// SPDX-License-Identifier: Apache-2.0
// Unified kernel images (UAPI group, unified kernel image specification): the named sections a stub
// reads from its own memory, and which of them belong to which profile. A section exists when its
// VirtualSize is not zero; its content is its memory, whatever the file stores. Which sections a
// stub measures is no matter of the image but of the stub (references/measure/profiles).
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mkosi/uki/pe.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::uki {

// The sections a stub knows, in the order in which it measures them; .pcrsig is never measured.
inline constexpr std::array<std::string_view, 15> section_names = {
    ".linux", ".osrel",  ".cmdline", ".initrd",  ".ucode",   ".splash", ".dtb",  ".uname",
    ".sbat",  ".pcrsig", ".pcrpkey", ".profile", ".dtbauto", ".hwids",  ".efifw"};

struct StubVersion {
  unsigned number = 0;  // 257
  std::string text{};   // "257.13-1~deb13u1"

  bool operator==(const StubVersion&) const = default;
};

// From the text of .sdmagic, "#### LoaderInfo: systemd-stub 257.13-1~deb13u1 ####" and perhaps a
// NUL. Nothing when another program wrote it or no number is in it.
std::optional<StubVersion> parse_sdmagic(std::string_view text,
                                         std::string_view program = "systemd-stub");

// Text of a section: everything before the first NUL, which is where the stub stops reading.
std::string text(const Content& content);

// What parse_sdmagic() makes of an image's .sdmagic; nothing without one too. Malformed when the
// section lies outside the file.
Result<std::optional<StubVersion>> sdmagic_of(const Pe& pe, std::string_view program);

struct NamedContent {
  std::string name{};
  Content content{};
};

struct Uki {
  Pe pe{};
  std::optional<StubVersion> stub{};
  std::vector<NamedContent> base{};                   // what all profiles share
  std::vector<std::vector<NamedContent>> profiles{};  // each begins with its .profile

  // The section as profile `profile` sees it: its own one, else the shared one. An image without
  // profiles has only the shared ones.
  const Content* find(std::string_view name, std::size_t profile = 0) const;
};

// An image without .linux is accepted (an addon is one). Malformed when a section occurs twice in
// one profile; .dtbauto and .efifw may.
Result<Uki> decode_uki(ByteView file);

}  // namespace etalon::uki
