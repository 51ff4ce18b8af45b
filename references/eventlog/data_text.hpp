// SPDX-License-Identifier: Apache-2.0
// What the words about an event's data share: its summary, its fields and the check of its digest.
// All text is printable ASCII in one line; what is long is cut and its size told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tools/base/bytes.hpp"
#include "tools/base/guid.hpp"
#include "tools/base/result.hpp"

namespace etalon::eventlog {

// In a summary. Fields have more room, max_field_text.
inline constexpr std::size_t max_summary_text = 256;
inline constexpr std::size_t max_field_text = 2048;

// "1 byte", "2 bytes".
std::string count_of(std::uint64_t n, std::string_view noun);
// "no data" for none.
std::string hex_line(ByteView data);
std::string text_line(std::string_view text, std::size_t most = max_summary_text);
// Firmware and shim write ASCII, systemd-stub and sd-boot UTF-16; both with or without a final NUL,
// which is left out. Nothing for bytes that are no text.
std::optional<std::string> text_of(ByteView data);

// UEFI_VARIABLE_DATA (TCG PC Client Platform Firmware Profile 1.06, section 10.4.5).
struct VariableData {
  Guid vendor{};
  ByteView name{};  // UTF-16, without a NUL
  ByteView value{};
  ByteView behind{};  // bytes behind the value
};

// Bytes behind the value are an error.
Result<VariableData> read_variable(ByteView data);
// In an authority event of shim they are not: old ones log some (two laptops' logs, of "Shim" and
// "MokList").
Result<VariableData> read_authority(ByteView data);

// The GUID by which shim calls its variables.
const Guid& shim_lock_guid();

}  // namespace etalon::eventlog
