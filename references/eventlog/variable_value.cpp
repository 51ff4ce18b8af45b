// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/variable_value.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/guid.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/result.hpp"
#include "tools/base/utf16.hpp"

namespace etalon::eventlog {
namespace {

constexpr std::size_t list_header_size = 28;
constexpr std::size_t owner_size = 16;

const Guid& x509() {
  static const Guid guid = Guid::literal("a5c059a1-94e4-4aa7-87b5-ab155c2bf072");
  return guid;
}

// Where UTF-16 text ends, in bytes, or its whole size when no NUL ends it.
std::size_t utf16_end(ByteView text) {
  for (std::size_t at = 0; at + 1 < text.size(); at += 2) {
    if (text[at] == std::byte{0} && text[at + 1] == std::byte{0}) return at;
  }
  return text.size();
}

//   list  = type GUID, u32 size of all, u32 size of a header, u32 size of an entry, header, entry*
//   entry = owner GUID, data
Result<SignatureList> read_list(ByteReader& reader) {
  SignatureList list{.type = {.bytes = reader.array<16>("signature type")}};
  const std::uint32_t size = reader.u32("list size");
  const std::uint32_t header = reader.u32("header size");
  const std::uint32_t entry = reader.u32("entry size");
  TRY(reader.status());
  const bool fits = size >= list_header_size && size - list_header_size >= header &&
                    entry >= owner_size && (size - list_header_size - header) % entry == 0;
  if (!fits) reader.reject(ErrorCode::malformed, "list size", "the sizes do not fit each other");
  ByteReader entries = reader.sub(size - list_header_size, "entries");
  entries.skip(header, "header");
  while (entries.ok() && entries.remaining() > 0) {
    const Guid owner{.bytes = entries.array<16>("owner")};
    const ByteView data = entries.bytes(entry - owner_size, "entry");
    list.entries.push_back({.owner = owner, .data = data});
  }
  TRY(entries.status());
  return list;
}

}  // namespace

//   option = u32 attributes, u16 size of the path, description in UTF-16 up to a NUL, path, options
Result<LoadOption> read_load_option(ByteView value) {
  ByteReader reader(value);
  LoadOption option{.attributes = reader.u32("attributes")};
  const std::uint16_t path_size = reader.u16("path size");
  const ByteView description = reader.bytes(utf16_end(reader.rest()), "description");
  reader.skip(2, "end of the description");
  option.path = reader.bytes(path_size, "path");
  option.options = reader.bytes(reader.remaining(), "options");
  TRY(reader.status());
  TRY_ASSIGN(option.description, utf8_from_utf16le(description));
  return option;
}

Result<std::vector<SignatureList>> read_signature_lists(ByteView value) {
  ByteReader reader(value);
  std::vector<SignatureList> lists;
  while (reader.remaining() > 0) {
    if (lists.size() == max_signature_lists) return fail(ErrorCode::limit, "too many lists");
    TRY_ASSIGN(SignatureList list, read_list(reader));
    lists.push_back(std::move(list));
  }
  return lists;
}

bool is_boot_entry(std::string_view name) {
  return name.size() == 8 && name.starts_with("Boot") &&
         name.find_first_not_of("0123456789ABCDEF", 4) == std::string_view::npos;
}

bool is_signature_database(std::string_view name) {
  static constexpr std::array<std::string_view, 6> names = {"PK", "KEK", "db", "dbx", "dbt", "dbr"};
  return std::ranges::find(names, name) != names.end();
}

bool is_certificate(ByteView bytes) {
  ByteReader reader(bytes);
  const bool sequence = reader.u16_be("tag") == 0x3082;
  const std::uint16_t size = reader.u16_be("length");
  return reader.ok() && sequence && reader.remaining() == size;
}

std::string signature_kind(const Guid& type) {
  static const std::map<Guid, std::string_view> kinds = {
      {x509(), "X.509 certificate"},
      {Guid::literal("c1c41626-504c-4092-aca9-41f936934328"), "SHA-256 digest"},
  };
  const auto at = kinds.find(type);
  return at == kinds.end() ? "entry of type " + type.text() : std::string(at->second);
}

bool holds_certificates(const Guid& type) {
  return type == x509();
}

}  // namespace etalon::eventlog
