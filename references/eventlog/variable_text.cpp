// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/variable_text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "references/eventlog/device_path.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/guid.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/result.hpp"
#include "tools/base/utf16.hpp"

namespace etalon::eventlog {
namespace {

using Text = std::optional<std::string>;

bool is_hex_upper(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); });
}

Text state(ByteView value) {
  if (value.size() != 1) return std::nullopt;
  if (value[0] == std::byte{0}) return "off";
  if (value[0] == std::byte{1}) return "on";
  return std::nullopt;
}

std::string four_digits(std::uint16_t number) {
  const std::string digits = hex_number(number).substr(2);
  return std::string(4 - digits.size(), '0') + digits;
}

Text boot_order(ByteView value) {
  if (value.empty() || value.size() % 2 != 0) return std::nullopt;
  constexpr std::size_t most = 64;
  ByteReader reader(value);
  std::string text;
  for (std::size_t i = 0; i < value.size() / 2; ++i) {
    if (i == most) return text + " ...";
    text += (i == 0 ? "" : " ") + four_digits(reader.u16("entry"));
  }
  return text;
}

// EFI_LOAD_OPTION: u32 attributes, u16 size of the path, description in UTF-16 up to a NUL, path,
// optional data.
Text load_option(ByteView value) {
  ByteReader reader(value);
  const std::uint32_t attributes = reader.u32("attributes");
  const std::uint16_t path_size = reader.u16("path size");
  const ByteView rest = reader.rest();
  if (!reader.ok()) return std::nullopt;
  std::size_t nul = 0;
  while (nul + 1 < rest.size() && (rest[nul] != std::byte{0} || rest[nul + 1] != std::byte{0}))
    nul += 2;
  if (nul + 2 > rest.size() || rest.size() - nul - 2 < path_size) return std::nullopt;
  const auto description = utf8_from_utf16le(rest.first(nul));
  const auto path = device_path_text(rest.subspan(nul + 2, path_size));
  if (!description || !path) return std::nullopt;
  const std::size_t options = rest.size() - nul - 2 - path_size;
  return "'" + printable(*description) + "' " + *path + ", attributes " + hex_number(attributes) +
         (options == 0 ? "" : ", " + std::to_string(options) + " bytes of options");
}

std::string kind_name(const Guid& type) {
  static const std::map<Guid, std::string_view> names = {
      {Guid::literal("a5c059a1-94e4-4aa7-87b5-ab155c2bf072"), "X.509 certificate"},
      {Guid::literal("c1c41626-504c-4092-aca9-41f936934328"), "SHA-256 digest"},
  };
  const auto at = names.find(type);
  return at == names.end() ? "entry of type " + type.text() : std::string(at->second);
}

// EFI_SIGNATURE_LIST, one behind the other: type, u32 size of all, u32 size of a header, u32 size
// of an entry; the header; entries of an owner's GUID and data.
Text signature_lists(ByteView value) {
  constexpr std::size_t fixed = 28;
  constexpr std::size_t owner = 16;
  std::map<std::string, std::size_t> counts;
  ByteReader reader(value);
  while (reader.ok() && reader.remaining() > 0) {
    const Guid type{.bytes = reader.array<16>("type")};
    const std::uint32_t size = reader.u32("list size");
    const std::uint32_t header = reader.u32("header size");
    const std::uint32_t entry = reader.u32("entry size");
    const bool fits = reader.ok() && size >= fixed && size - fixed >= header && entry >= owner &&
                      (size - fixed - header) % entry == 0;
    if (!fits) return std::nullopt;
    reader.skip(size - fixed, "entries");
    counts[kind_name(type)] += (size - fixed - header) / entry;
  }
  if (!reader.ok()) return std::nullopt;
  std::string text;
  for (const auto& [kind, count] : counts)
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " x " + kind;
  return text;
}

}  // namespace

std::optional<std::string> variable_text(std::string_view name, ByteView value) {
  if (value.empty()) return std::nullopt;
  if (name == "SecureBoot") return state(value);
  if (name == "BootOrder") return boot_order(value);
  if (name.size() == 8 && name.starts_with("Boot") && is_hex_upper(name.substr(4)))
    return load_option(value);
  if (name == "PK" || name == "KEK" || name == "db" || name == "dbx" || name == "dbt")
    return signature_lists(value);
  return std::nullopt;
}

std::optional<std::string> authority_text(ByteView value) {
  ByteReader reader(value);
  const Guid owner{.bytes = reader.array<16>("owner")};
  const ByteView entry = reader.rest();
  if (!reader.ok() || entry.empty()) return std::nullopt;
  return "certificate with SHA-256 " + sha256(entry).hex() + " of owner " + owner.text();
}

}  // namespace etalon::eventlog
