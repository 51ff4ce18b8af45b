// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/event_fields.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "references/eventlog/data_text.hpp"
#include "references/eventlog/device_path.hpp"
#include "references/eventlog/event.hpp"
#include "references/eventlog/known_guid.hpp"
#include "references/eventlog/variable_fields.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/guid.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/result.hpp"
#include "tools/base/utf16.hpp"

namespace etalon::eventlog {
namespace {

using namespace std::string_view_literals;

Field text_or_data(std::string_view name, ByteView data) {
  const auto text = text_of(data);
  if (!text || text->empty()) return {"data", hex_line(data)};
  return {std::string(name), text_line(*text, max_field_text)};
}

Result<Fields> text(ByteView data) {
  return Fields{text_or_data("text", data)};
}

Result<Fields> version(ByteView data) {
  const auto text = text_of(data);
  return Fields{text && text->empty() ? Field{.name = "version"} : text_or_data("version", data)};
}

Result<Fields> separator(ByteView data) {
  if (data.size() != 4) return fail(ErrorCode::malformed, "a separator has 4 bytes");
  const std::string_view value = as_text(data);
  const bool good = value == "\0\0\0\0"sv || value == "\xff\xff\xff\xff"sv;
  if (!good && value != "\1\0\0\0"sv)
    return fail(ErrorCode::malformed, "a separator is 00000000, ffffffff or 01000000");
  return Fields{{"value", to_hex(data) + (good ? "" : " (after an error)")}};
}

//   image = u64 address, u64 size, u64 link base, u64 path size, path
Result<Fields> image(ByteView data) {
  ByteReader reader(data);
  const std::uint64_t address = reader.u64("address");
  const std::uint64_t size = reader.u64("size");
  const std::uint64_t link_base = reader.u64("link base");
  const ByteView path = reader.bytes(reader.u64("path size"), "path");
  reader.expect_end("image");
  TRY(reader.status());
  Fields fields = {{"address", hex_number(address)},
                   {"size", count_of(size, "byte")},
                   {"link base", hex_number(link_base)}};
  const auto text = device_path_text(path);
  if (text) {
    fields.push_back({"path", text->empty() ? "none" : *text});
  } else {
    fields.push_back({"malformed", "the path is no device path"});
    fields.push_back({"data", hex_line(path)});
  }
  return fields;
}

//   entry = type GUID, unique GUID, u64 first block, u64 last block, u64 attributes, 72 bytes name
Result<Field> partition(ByteReader entry) {
  const Guid type{.bytes = entry.array<16>("partition type")};
  const Guid unique{.bytes = entry.array<16>("partition GUID")};
  const std::uint64_t first = entry.u64("first block");
  const std::uint64_t last = entry.u64("last block");
  const std::uint64_t attributes = entry.u64("attributes");
  const ByteView name = entry.bytes(72, "name");
  TRY(entry.status());
  TRY_ASSIGN(const std::string text, utf8_from_utf16le(name));
  const std::string shown = text_line(std::string_view(text).substr(0, text.find('\0')));
  return Field{"partition", "'" + shown + "' " + unique.text() + ", type " + guid_text(type) +
                                ", blocks " + hex_number(first) + " to " + hex_number(last) +
                                (attributes == 0 ? "" : ", attributes " + hex_number(attributes))};
}

//   gpt    = header, u64 number of entries, entry*
//   header = 24 bytes, u64 own block, u64 alternate, u64 first usable, u64 last usable, disk GUID,
//            u64 block of the entries, u32 number, u32 entry size, u32 checksum (UEFI 2.10, 5.3.2)
Result<Fields> gpt(ByteView data) {
  ByteReader reader(data);
  reader.skip(24, "GPT header");
  const std::uint64_t own = reader.u64("own block");
  const std::uint64_t alternate = reader.u64("alternate header");
  const std::uint64_t first = reader.u64("first usable block");
  const std::uint64_t last = reader.u64("last usable block");
  const Guid disk{.bytes = reader.array<16>("disk GUID")};
  reader.skip(12, "block and number of the entries");
  const std::uint32_t entry_size = reader.u32("entry size");
  reader.skip(4, "checksum of the entries");
  const std::uint64_t count = reader.u64("number of entries");
  TRY(reader.status());
  Fields fields = {{"disk", disk.text()},
                   {"header", "block " + hex_number(own)},
                   {"alternate header", "block " + hex_number(alternate)},
                   {"usable blocks", hex_number(first) + " to " + hex_number(last)}};
  for (std::uint64_t i = 0; i < count; ++i) {
    // an entry that is too short fails, so each takes its share of the data
    TRY_ASSIGN(Field field, partition(reader.sub(entry_size, "entry")));
    if (i < max_listed) fields.push_back(std::move(field));
  }
  reader.expect_end("GPT");
  TRY(reader.status());
  if (count > max_listed) fields.push_back({"more partitions", std::to_string(count - max_listed)});
  return fields;
}

// Linux's EFI stub (6.1 and later), then systemd-stub and systemd-boot up to 262.
constexpr std::array<std::pair<std::uint32_t, std::string_view>, 10> tags = {{
    {0x8f3b22ed, "load options of the kernel"},
    {0x8f3b22ec, "initrd of the kernel"},
    {0xf5bc582a, "loader.conf"},
    {0x6c46f751, "device tree addon"},
    {0x49dffe0f, "initrd addon"},
    {0xdac08e1a, "microcode addon"},
    {0x13aed6db, "profile of the UKI"},
    {0xd5cb7cbc, "SMBIOS type 1"},
    {0xe0d47bc8, "SMBIOS type 2"},
    {0xc0b3bd23, "SMBIOS type 11"},
}};

//   tagged = u32 tag, u32 size, that many bytes
Result<Fields> tagged(ByteView data) {
  ByteReader reader(data);
  const std::uint32_t tag = reader.u32("tag");
  const ByteView payload = reader.bytes(reader.u32("size"), "tagged data");
  reader.expect_end("tagged event");
  TRY(reader.status());
  const auto* const known = std::ranges::find(tags, tag, [](const auto& row) { return row.first; });
  const std::string name = known == tags.end() ? "" : " (" + std::string(known->second) + ")";
  return Fields{{"tag", hex_number(tag) + name}, text_or_data("text", payload)};
}

void add_blob(ByteReader& reader, Fields& fields) {
  const std::uint64_t base = reader.u64("base");
  const std::uint64_t size = reader.u64("size");
  fields.push_back({"address", hex_number(base)});
  fields.push_back({"size", count_of(size, "byte")});
}

Result<Fields> firmware_blob(ByteView data) {
  ByteReader reader(data);
  Fields fields;
  add_blob(reader, fields);
  reader.expect_end("firmware blob");
  TRY(reader.status());
  return fields;
}

Result<Field> description(ByteReader& reader) {
  const ByteView bytes = reader.bytes(reader.u8("description size"), "description");
  TRY(reader.status());
  const auto words = text_of(bytes);
  if (!words) return fail(ErrorCode::malformed, "the description is no text");
  return Field{"description", text_line(*words)};
}

Result<Fields> firmware_blob2(ByteView data) {
  ByteReader reader(data);
  TRY_ASSIGN(Field words, description(reader));
  Fields fields = {std::move(words)};
  add_blob(reader, fields);
  reader.expect_end("firmware blob");
  TRY(reader.status());
  return fields;
}

// Words (OVMF: "ACPI DATA"), or a firmware blob's address and size without words.
Result<Fields> words_or_blob(ByteView data) {
  constexpr std::size_t blob_size = 16;
  return data.size() == blob_size && !text_of(data) ? firmware_blob(data) : text(data);
}

//   tables = u64 count, (GUID, u64 address)*
Status add_tables(ByteReader& reader, Fields& fields) {
  const std::uint64_t count = reader.u64("number of tables");
  TRY(reader.status());
  for (std::uint64_t i = 0; i < count; ++i) {
    const Guid table{.bytes = reader.array<16>("table GUID")};
    const std::uint64_t address = reader.u64("table address");
    TRY(reader.status());
    if (i < max_listed)
      fields.push_back({"table", guid_text(table) + " at " + hex_number(address)});
  }
  reader.expect_end("tables");
  TRY(reader.status());
  if (count > max_listed) fields.push_back({"more tables", std::to_string(count - max_listed)});
  return {};
}

Result<Fields> handoff_tables(ByteView data) {
  ByteReader reader(data);
  Fields fields;
  TRY(add_tables(reader, fields));
  return fields;
}

Result<Fields> handoff_tables2(ByteView data) {
  ByteReader reader(data);
  TRY_ASSIGN(Field words, description(reader));
  Fields fields = {std::move(words)};
  TRY(add_tables(reader, fields));
  return fields;
}

// OVMF: "ACPI DATA", or "QEMU FW CFG" NUL and an item's name padded with NULs.
Result<Fields> config_flags(ByteView data) {
  constexpr auto fw_cfg = "QEMU FW CFG\0"sv;
  if (!as_text(data).starts_with(fw_cfg)) return text(data);
  return Fields{{"source", "QEMU firmware configuration"},
                text_or_data("item", data.subspan(fw_cfg.size()))};
}

constexpr std::size_t signature_size = 16;

Field sized_text(ByteReader& reader, std::string_view name) {
  const ByteView bytes = reader.bytes(reader.u8(name), name);
  const auto words = text_of(bytes);
  return {std::string(name), words && !words->empty() ? text_line(*words) : hex_line(bytes)};
}

// Where a manifest or certificate lies: u32 kind, u32 size, that many bytes.
Field locator(ByteReader& reader, std::string_view name) {
  constexpr std::uint32_t uri = 1;
  constexpr std::uint32_t device_path = 2;
  const std::uint32_t kind = reader.u32(name);
  const ByteView place = reader.bytes(reader.u32(name), name);
  std::optional<std::string> words;
  if (kind == uri) words = text_of(place);
  if (kind == device_path) words = device_path_text(place);
  return {std::string(name), words && !words->empty()
                                 ? text_line(*words, max_field_text)
                                 : "kind " + std::to_string(kind) + ", " + hex_line(place)};
}

enum class PlatformId : std::uint8_t { first, second, third };

//   id     = u32 manufacturer, manifest GUID
//   second = id, 4 * (u8 size, text), u32 firmware manufacturer, (u8 size, text)
//   third  = second, 2 * locator
Result<Fields> platform_id(ByteReader& reader, PlatformId form) {
  Fields fields = {{"manufacturer number", std::to_string(reader.u32("manufacturer number"))}};
  fields.push_back({"reference manifest", Guid{.bytes = reader.array<16>("manifest GUID")}.text()});
  if (form != PlatformId::first) {
    for (const auto name : {"platform manufacturer"sv, "platform model"sv, "platform version"sv,
                            "firmware manufacturer"sv})
      fields.push_back(sized_text(reader, name));
    fields.push_back({"firmware manufacturer number",
                      std::to_string(reader.u32("firmware manufacturer number"))});
    fields.push_back(sized_text(reader, "firmware version"));
  }
  if (form == PlatformId::third) {
    fields.push_back(locator(reader, "manifest locator"));
    fields.push_back(locator(reader, "platform certificate locator"));
  }
  reader.expect_end("platform identifier");
  TRY(reader.status());
  return fields;
}

Result<Fields> startup_locality(ByteReader& reader) {
  const std::uint8_t locality = reader.u8("locality");
  reader.expect_end("startup locality");
  TRY(reader.status());
  return Fields{{"locality", std::to_string(locality)}};
}

Result<Fields> announcement(std::string_view signature, ByteReader& reader) {
  if (signature == "SP800-155 Event\0"sv) return platform_id(reader, PlatformId::first);
  if (signature == "SP800-155 Event2") return platform_id(reader, PlatformId::second);
  if (signature == "SP800-155 Event3") return platform_id(reader, PlatformId::third);
  if (signature == "StartupLocality\0"sv) return startup_locality(reader);
  if (reader.remaining() == 0) return Fields{};
  return Fields{text_or_data("text", reader.rest())};
}

// 16 bytes of signature, then what it announces (sections 10.4.5.1 to 10.4.5.3).
Result<Fields> no_action(ByteView data) {
  if (data.size() < signature_size) return text(data);
  ByteReader reader(data);
  const ByteView signature = reader.bytes(signature_size, "signature");
  const auto words = text_of(signature);
  if (!words || words->empty()) return text(data);
  Fields fields = {{"signature", text_line(*words)}};
  TRY_ASSIGN(const Fields more, announcement(as_text(signature), reader));
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

using Decode = Result<Fields> (*)(ByteView);

constexpr std::array<std::pair<EventType, Decode>, 24> decoders = {{
    {EventType::post_code, words_or_blob},
    {EventType::no_action, no_action},
    {EventType::separator, separator},
    {EventType::action, text},
    {EventType::event_tag, tagged},
    {EventType::s_crtm_contents, words_or_blob},
    {EventType::s_crtm_version, version},
    {EventType::platform_config_flags, config_flags},
    {EventType::table_of_devices, text},
    {EventType::compact_hash, text},
    {EventType::ipl, text},
    {EventType::efi_variable_driver_config, variable_fields},
    {EventType::efi_variable_boot, variable_fields},
    {EventType::efi_variable_boot2, variable_fields},
    {EventType::efi_variable_authority, authority_fields},
    {EventType::efi_boot_services_application, image},
    {EventType::efi_boot_services_driver, image},
    {EventType::efi_runtime_services_driver, image},
    {EventType::efi_gpt_event, gpt},
    {EventType::efi_action, text},
    {EventType::efi_platform_firmware_blob, firmware_blob},
    {EventType::efi_platform_firmware_blob2, firmware_blob2},
    {EventType::efi_handoff_tables, handoff_tables},
    {EventType::efi_handoff_tables2, handoff_tables2},
}};

}  // namespace

Fields event_fields(EventType type, ByteView data) {
  const auto* const row = std::ranges::find(decoders, type, [](const auto& r) { return r.first; });
  if (row == decoders.end()) return {{"data", hex_line(data)}};
  auto decoded = row->second(data);
  if (!decoded) return {{"malformed", decoded.error().text()}, {"data", hex_line(data)}};
  Fields fields = *std::move(decoded);
  for (Field& field : fields) {
    if (field.value.empty()) field.value = "empty";
  }
  return fields;
}

}  // namespace etalon::eventlog
