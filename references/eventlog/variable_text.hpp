// SPDX-License-Identifier: Apache-2.0
// What the value of an EFI variable says, for those that firmware measures: the Secure Boot state
// and keys (UEFI 2.10, section 32.4), the boot order and boot entries (section 3.1.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tools/base/bytes.hpp"

namespace etalon::eventlog {

// One line of printable ASCII: "off", "0001 0000", "'UiApp' Fv(…)/FvFile(…), attributes 0x109",
// "1 certificate". Nothing for other variables and for values that do not fit theirs.
std::optional<std::string> variable_text(std::string_view name, ByteView value);

// The value of an authority event of a signature database: one entry of it, without the list.
// "certificate with SHA-256 … of owner GUID", without the owner of a certificate alone, as old
// shims log it; "SHA-256 digest … of owner GUID" where a digest allowed the image. Nothing when it
// is shorter than its owner's GUID.
std::optional<std::string> authority_text(ByteView value);

}  // namespace etalon::eventlog
