// SPDX-License-Identifier: Apache-2.0
// EFI device paths as text (UEFI 2.10, chapter 10):
// "PciRoot(0x0)/Pci(0x1,0x0)/\EFI\BOOT\BOOTX64.EFI". They tell in a log which device and file an
// image came from, and in a boot entry which one it starts.
//
//   path = { node | instance-end } end
//   node = u8 type, u8 subtype, u16 length, data[length - 4]
//   instance-end = 7f 01 04 00        end = 7f ff 04 00
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "tools/base/bytes.hpp"

namespace etalon::eventlog {

// The longest seen has eleven.
inline constexpr std::size_t max_path_nodes = 256;

// Printable ASCII. A node without a text form here, or whose data does not fit its type, is written
// as "Path(type,subtype,hex)", as the specification has it for unknown nodes. Nothing when the
// bytes are no device path: a node shorter than its header or longer than what is left, no end,
// bytes behind the end, more than max_path_nodes. The path of no bytes is "".
std::optional<std::string> device_path_text(ByteView bytes);

}  // namespace etalon::eventlog
