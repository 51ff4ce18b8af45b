// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/summary.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "references/eventlog/data_text.hpp"
#include "references/eventlog/device_path.hpp"
#include "references/eventlog/event.hpp"
#include "references/eventlog/variable_text.hpp"
#include "references/eventlog/variable_value.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/guid.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/result.hpp"
#include "tools/base/utf16.hpp"

namespace etalon::eventlog {
namespace {

using namespace std::string_view_literals;

std::string malformed(std::string_view what, ByteView data) {
  return "malformed " + std::string(what) + ": " + hex_line(data);
}

std::string text_or_hex(ByteView data) {
  const auto text = text_of(data);
  return text && !text->empty() ? text_line(*text) : hex_line(data);
}

std::string separator(ByteView data) {
  constexpr std::array error = {std::byte{1}, std::byte{0}, std::byte{0}, std::byte{0}};
  if (equal(data, error)) return "separator after an error";
  if (data.size() == 4 && (as_text(data) == "\0\0\0\0"sv || as_text(data) == "\xff\xff\xff\xff")) {
    return "separator " + to_hex(data);
  }
  return malformed("separator", data);
}

std::string crtm_version(ByteView data) {
  const auto text = text_of(data);
  return text ? "firmware version '" + text_line(*text) + "'" : hex_line(data);
}

// A variable whose name is text.
struct NamedVariable {
  Guid vendor{};
  std::string name{};
  ByteView value{};
};

std::optional<NamedVariable> named(const Result<VariableData>& variable) {
  if (!variable) return std::nullopt;
  auto name = utf8_from_utf16le(variable->name);
  if (!name) return std::nullopt;
  return NamedVariable{
      .vendor = variable->vendor, .name = *std::move(name), .value = variable->value};
}

std::string variable_line(const NamedVariable& variable,
                          const std::optional<std::string>& meaning) {
  const bool shown = !variable.value.empty() && variable.value.size() <= 16;
  const std::string bytes = shown ? " " + to_hex(variable.value) : "";
  return text_line(variable.name) + " " + variable.vendor.text() + ", " +
         count_of(variable.value.size(), "byte") + (meaning ? ": " + *meaning : bytes);
}

std::string variable(ByteView data) {
  const auto found = named(read_variable(data));
  if (!found) return malformed("variable", data);
  return variable_line(*found, variable_text(found->name, found->value));
}

bool verified_an_image(const NamedVariable& variable) {
  constexpr std::size_t owner_size = 16;
  const ByteView value = variable.value;
  return variable.name == "db" || is_certificate(value) ||
         (value.size() > owner_size && is_certificate(value.subspan(owner_size)));
}

// Of a database, the entry that verified an image; shim logs its own variables so as well.
std::string authority(ByteView data) {
  const auto found = named(read_authority(data));
  if (!found) return malformed("variable", data);
  return variable_line(*found,
                       verified_an_image(*found) ? authority_text(found->value) : std::nullopt);
}

std::string path_line(ByteView path) {
  const auto text = device_path_text(path);
  if (!text) return "malformed device path " + hex_line(path);
  return text->empty() ? "no device path" : *text;
}

// UEFI_IMAGE_LOAD_EVENT: u64 address, u64 length, u64 link base, u64 path length, device path.
std::string image(ByteView data) {
  ByteReader reader(data);
  const std::uint64_t address = reader.u64("address");
  const std::uint64_t length = reader.u64("length");
  reader.skip(8, "link base");
  const std::uint64_t path_size = reader.u64("path length");
  const ByteView path = reader.bytes(path_size, "device path");
  reader.expect_end("image load event");
  if (!reader.ok()) return malformed("image load event", data);
  return "image of " + count_of(length, "byte") + " at " + hex_number(address) + ", " +
         path_line(path);
}

// A partition's name lies at 56 of its entry, 72 bytes, UTF-16 up to a NUL (UEFI 2.10, 5.3.3).
std::optional<std::string> partition_name(ByteReader entry) {
  entry.skip(56, "type, GUID, blocks, attributes");
  const ByteView name = entry.bytes(72, "name");
  const auto text = utf8_from_utf16le(name);
  if (!entry.ok() || !text) return std::nullopt;
  return text_line(text->substr(0, text->find('\0')));
}

// UEFI_GPT_DATA: the GPT header (92 bytes), u64 number of used entries, those entries.
std::string gpt(ByteView data) {
  ByteReader reader(data);
  reader.skip(56, "GPT header");
  const Guid disk{.bytes = reader.array<16>("disk GUID")};
  reader.skip(12, "entries' block and number");
  const std::uint32_t entry_size = reader.u32("entry size");
  reader.skip(4, "entries' checksum");
  const std::uint64_t count = reader.u64("entry count");
  if (!reader.ok() || count > data.size()) return malformed("GPT", data);
  std::string names;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto name = partition_name(reader.sub(entry_size, "entry"));
    if (!name) return malformed("GPT", data);
    names += (i == 0 ? ": '" : ", '") + *name + "'";
  }
  reader.expect_end("GPT");
  if (!reader.ok()) return malformed("GPT", data);
  return "GPT of disk " + disk.text() + ", " + count_of(count, "partition") + names;
}

// TCG_PCClientTaggedEvent: u32 id, u32 size, that many bytes.
std::string tagged(ByteView data) {
  ByteReader reader(data);
  const std::uint32_t id = reader.u32("tag");
  const std::uint32_t size = reader.u32("size");
  const ByteView payload = reader.bytes(size, "tagged event");
  reader.expect_end("tagged event");
  if (!reader.ok()) return malformed("tagged event", data);
  return "tag " + hex_number(id) + " " + text_or_hex(payload);
}

std::string blob_at(ByteReader& reader) {
  const std::uint64_t base = reader.u64("base");
  const std::uint64_t length = reader.u64("length");
  return count_of(length, "byte") + " at " + hex_number(base);
}

std::string firmware_blob(ByteView data) {
  ByteReader reader(data);
  const std::string place = blob_at(reader);
  reader.expect_end("firmware blob");
  return reader.ok() ? "firmware of " + place : malformed("firmware blob", data);
}

std::string firmware_blob2(ByteView data) {
  ByteReader reader(data);
  const std::uint8_t size = reader.u8("description size");
  const auto description = text_of(reader.bytes(size, "description"));
  const std::string place = blob_at(reader);
  reader.expect_end("firmware blob");
  if (!reader.ok() || !description) return malformed("firmware blob", data);
  return text_line(*description) + " of " + place;
}

// u64 count, then per table GUID and u64 address.
std::optional<std::string> tables(ByteReader& reader) {
  const std::uint64_t count = reader.u64("table count");
  std::string line = count_of(count, "table");
  for (std::uint64_t i = 0; i < count; ++i) {
    const Guid table{.bytes = reader.array<16>("table GUID")};
    const std::uint64_t address = reader.u64("table address");
    if (!reader.ok()) return std::nullopt;
    line += (i == 0 ? ": " : ", ") + table.text() + " at " + hex_number(address);
  }
  reader.expect_end("tables");
  if (!reader.ok()) return std::nullopt;
  return line;
}

std::string handoff_tables(ByteView data) {
  ByteReader reader(data);
  return tables(reader).value_or(malformed("handoff tables", data));
}

std::string handoff_tables2(ByteView data) {
  ByteReader reader(data);
  const std::uint8_t size = reader.u8("description size");
  const auto description = text_of(reader.bytes(size, "description"));
  const auto line = tables(reader);
  if (!line || !description) return malformed("handoff tables", data);
  return text_line(*description) + ", " + *line;
}

// OVMF: "ACPI DATA", or "QEMU FW CFG" NUL and the item's name padded with NULs.
std::string config_flags(ByteView data) {
  constexpr auto fw_cfg = "QEMU FW CFG\0"sv;
  if (!as_text(data).starts_with(fw_cfg)) return text_or_hex(data);
  const auto item = text_of(data.subspan(fw_cfg.size()));
  return item ? "QEMU FW CFG " + text_line(*item) : hex_line(data);
}

// 16 bytes of signature, then what it announces.
std::string no_action(ByteView data) {
  constexpr std::size_t signature_size = 16;
  if (data.size() < signature_size) return text_or_hex(data);
  const auto signature = text_of(data.first(signature_size));
  if (!signature || signature->empty()) return hex_line(data);
  const ByteView rest = data.subspan(signature_size);
  return text_line(*signature) + (rest.empty() ? "" : ", " + hex_line(rest));
}

using Describe = std::string (*)(ByteView);

constexpr std::array<std::pair<EventType, Describe>, 24> describers = {{
    {EventType::post_code, text_or_hex},
    {EventType::no_action, no_action},
    {EventType::separator, separator},
    {EventType::action, text_or_hex},
    {EventType::event_tag, tagged},
    {EventType::s_crtm_contents, text_or_hex},
    {EventType::s_crtm_version, crtm_version},
    {EventType::platform_config_flags, config_flags},
    {EventType::table_of_devices, text_or_hex},
    {EventType::compact_hash, text_or_hex},
    {EventType::ipl, text_or_hex},
    {EventType::efi_variable_driver_config, variable},
    {EventType::efi_variable_boot, variable},
    {EventType::efi_variable_boot2, variable},
    {EventType::efi_variable_authority, authority},
    {EventType::efi_boot_services_application, image},
    {EventType::efi_boot_services_driver, image},
    {EventType::efi_runtime_services_driver, image},
    {EventType::efi_gpt_event, gpt},
    {EventType::efi_action, text_or_hex},
    {EventType::efi_platform_firmware_blob, firmware_blob},
    {EventType::efi_platform_firmware_blob2, firmware_blob2},
    {EventType::efi_handoff_tables, handoff_tables},
    {EventType::efi_handoff_tables2, handoff_tables2},
}};

}  // namespace

std::string summarize(EventType type, ByteView data) {
  const auto* const row =
      std::ranges::find(describers, type, [](const auto& r) { return r.first; });
  return row == describers.end() ? hex_line(data) : row->second(data);
}

}  // namespace etalon::eventlog
