// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/data_text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tools/base/bytes.hpp"
#include "tools/base/guid.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/result.hpp"
#include "tools/base/utf16.hpp"

namespace etalon::eventlog {
namespace {

constexpr std::size_t max_hex_bytes = 64;

bool is_text(std::string_view text) {
  return std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t' && c != '\n') || byte == 0x7f;
  });
}

//   variable = vendor GUID, u64 name length in characters, u64 data length, name, data
Result<VariableData> variable_data(ByteView data) {
  ByteReader reader(data);
  VariableData variable{.vendor = {.bytes = reader.array<16>("vendor")}};
  const std::uint64_t characters = reader.u64("name length");
  const std::uint64_t size = reader.u64("data length");
  TRY(reader.status());
  if (characters > reader.remaining() / 2)
    reader.reject(ErrorCode::malformed, "name length", "the name is longer than the data");
  variable.name = reader.bytes(characters * 2, "name");
  variable.value = reader.bytes(size, "data");
  TRY(reader.status());
  variable.behind = reader.rest();
  return variable;
}

Result<VariableData> nothing_behind(const VariableData& variable, ByteView data) {
  ByteReader reader(data);
  reader.skip(data.size() - variable.behind.size(), "variable");
  reader.expect_end("variable");
  TRY(reader.status());
  return variable;
}

}  // namespace

std::string count_of(std::uint64_t n, std::string_view noun) {
  return std::to_string(n) + " " + std::string(noun) + (n == 1 ? "" : "s");
}

std::string hex_line(ByteView data) {
  if (data.empty()) return "no data";
  if (data.size() <= max_hex_bytes) return to_hex(data);
  return to_hex(data.first(max_hex_bytes)) + "... (" + count_of(data.size(), "byte") + ")";
}

std::string text_line(std::string_view text, std::size_t most) {
  if (text.size() <= most) return printable(text);
  return printable(text.substr(0, most)) + "... (" + count_of(text.size(), "byte") + ")";
}

std::optional<std::string> text_of(ByteView data) {
  std::string text(as_text(data));
  if (data.size() >= 2 && data.size() % 2 == 0 && data[1] == std::byte{0}) {
    auto decoded = utf8_from_utf16le(data);
    if (!decoded) return std::nullopt;
    text = std::move(*decoded);
  }
  while (text.ends_with('\0'))
    text.pop_back();
  if (!is_text(text)) return std::nullopt;
  return text;
}

Result<VariableData> read_variable(ByteView data) {
  TRY_ASSIGN(const VariableData variable, variable_data(data));
  return nothing_behind(variable, data);
}

Result<VariableData> read_authority(ByteView data) {
  TRY_ASSIGN(const VariableData variable, variable_data(data));
  if (variable.vendor == shim_lock_guid()) return variable;
  return nothing_behind(variable, data);
}

const Guid& shim_lock_guid() {
  static const Guid guid = Guid::literal("605dab50-e046-4300-abb6-3dd810dd8b23");
  return guid;
}

}  // namespace etalon::eventlog
