// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/variable_fields.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "references/eventlog/data_text.hpp"
#include "references/eventlog/device_path.hpp"
#include "references/eventlog/event_fields.hpp"
#include "references/eventlog/known_guid.hpp"
#include "references/eventlog/variable_text.hpp"
#include "references/eventlog/variable_value.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/guid.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/result.hpp"
#include "tools/base/utf16.hpp"

namespace etalon::eventlog {
namespace {

constexpr std::size_t owner_size = 16;

void append(Fields& to, Fields more) {
  for (Field& each : more)
    to.push_back(std::move(each));
}

// Short values are numbers, whatever characters their bytes happen to be.
Fields plain_value(ByteView value) {
  constexpr std::size_t shortest_text = 4;
  const auto text = value.size() < shortest_text ? std::nullopt : text_of(value);
  if (!text || text->empty()) return {{"value", hex_line(value)}};
  return {{"value", text_line(*text, max_field_text)}};
}

std::string load_attributes(std::uint32_t attributes) {
  constexpr std::array<std::pair<std::uint32_t, std::string_view>, 4> flags = {{
      {0x1, "active"},
      {0x2, "reconnects drivers"},
      {0x8, "hidden"},
      {0x100, "application"},
  }};
  std::string text;
  for (const auto& [bit, meaning] : flags) {
    if ((attributes & bit) != 0) text += (text.empty() ? "" : ", ") + std::string(meaning);
  }
  return hex_number(attributes) + (text.empty() ? "" : " (" + text + ")");
}

// What firmware appends to entries that it made itself, to know them again (edk2,
// UefiBootManagerLib).
bool is_made_by_firmware(ByteView options) {
  static const Guid mark = Guid::literal("8108ac4e-9f11-4d59-850e-e21a522c59b2");
  return equal(options, mark.view());
}

std::string options_text(ByteView options) {
  if (is_made_by_firmware(options)) return "entry made by the firmware itself";
  const auto text = text_of(options);
  return text && !text->empty() ? text_line(*text, max_field_text) : hex_line(options);
}

Result<Fields> load_option(ByteView value) {
  TRY_ASSIGN(const LoadOption option, read_load_option(value));
  const auto path = device_path_text(option.path);
  if (!path) return fail(ErrorCode::malformed, "the path is no device path");
  Fields fields = {{"attributes", load_attributes(option.attributes)},
                   {"description", text_line(option.description, max_field_text)},
                   {"path", path->empty() ? "none" : *path}};
  if (!option.options.empty()) fields.push_back({"options", options_text(option.options)});
  return fields;
}

Field certificate_field(ByteView certificate) {
  return {"certificate", "SHA-256 " + sha256(certificate).hex()};
}

// How many there are of each kind and owner, and which certificates.
Result<Fields> signature_lists(ByteView value) {
  TRY_ASSIGN(const std::vector<SignatureList> lists, read_signature_lists(value));
  std::map<std::pair<std::string, Guid>, std::size_t> counts;
  Fields certificates;
  std::size_t left_out = 0;
  for (const SignatureList& list : lists) {
    for (const SignatureEntry& entry : list.entries) {
      ++counts[{signature_kind(list.type), entry.owner}];
      if (!holds_certificates(list.type)) continue;
      if (certificates.size() < max_listed)
        certificates.push_back(certificate_field(entry.data));
      else
        ++left_out;
    }
  }
  Fields fields;
  for (const auto& [kind, count] : counts) {
    if (fields.size() == max_listed) {
      fields.push_back({"more kinds and owners", std::to_string(counts.size() - max_listed)});
      break;
    }
    fields.push_back({"list", std::to_string(count) + " x " + kind.first + " of owner " +
                                  guid_text(kind.second)});
  }
  append(fields, std::move(certificates));
  if (left_out > 0) fields.push_back({"more certificates", std::to_string(left_out)});
  return fields;
}

// Lines of text: `sbat,1,2023012900`, then component and generation.
Result<Fields> sbat_level(ByteView value) {
  const auto text = text_of(value);
  if (!text) return fail(ErrorCode::malformed, "the SBAT level is no text");
  Fields fields;
  std::string_view rest = *text;
  while (!rest.empty()) {
    if (fields.size() == max_listed) {
      fields.push_back({"more levels", std::to_string(std::ranges::count(rest, '\n'))});
      break;
    }
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    fields.push_back({"level", text_line(rest.substr(0, end))});
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return fields;
}

Result<Fields> in_words(std::string_view field, std::string_view name, ByteView value) {
  const auto text = variable_text(name, value);
  if (!text) return fail(ErrorCode::malformed, "the value does not fit this variable");
  return Fields{{std::string(field), *text}};
}

Result<Fields> value_by_name(std::string_view name, ByteView value) {
  if (value.empty()) return Fields{{name == "SecureBoot" ? "state" : "value", "absent"}};
  if (name == "SecureBoot") return in_words("state", name, value);
  if (name == "BootOrder") return in_words("order", name, value);
  if (name == "SbatLevel") return sbat_level(value);
  if (is_boot_entry(name)) return load_option(value);
  if (is_signature_database(name)) return signature_lists(value);
  return plain_value(value);
}

// Firmware and new shims: owner and certificate, or owner and digest where a digest allowed the
// image; old shims: the certificate alone. Else it is one of shim's variables.
Result<Fields> authority_value(std::string_view name, ByteView value) {
  if (is_certificate(value)) return Fields{certificate_field(value)};
  if (value.size() <= owner_size) return value_by_name(name, value);
  const ByteView entry = value.subspan(owner_size);
  ByteReader reader(value);
  const Guid owner{.bytes = reader.array<16>("owner")};
  const Field owned{"owner", guid_text(owner)};
  if (is_certificate(entry)) return Fields{owned, certificate_field(entry)};
  if (name == "db" && entry.size() == digest_size(HashAlg::sha256))
    return Fields{owned, {"digest", "SHA-256 " + to_hex(entry)}};
  if (name == "db") return fail(ErrorCode::malformed, "neither a certificate nor a digest");
  return value_by_name(name, value);
}

using ValueFields = Result<Fields> (*)(std::string_view name, ByteView value);

// A value that does not fit its name leaves the name and the vendor readable.
Result<Fields> fields_of(const VariableData& variable, ValueFields value_fields) {
  TRY_ASSIGN(const std::string name, utf8_from_utf16le(variable.name));
  Fields fields = {{"vendor", guid_text(variable.vendor)},
                   {"variable", text_line(name)},
                   {"size", count_of(variable.value.size(), "byte")}};
  auto value = value_fields(name, variable.value);
  if (value)
    append(fields, *std::move(value));
  else
    append(fields,
           {{"malformed", "value: " + value.error().text()}, {"data", hex_line(variable.value)}});
  return fields;
}

}  // namespace

Result<Fields> variable_fields(ByteView data) {
  TRY_ASSIGN(const VariableData variable, read_variable(data));
  return fields_of(variable, value_by_name);
}

Result<Fields> authority_fields(ByteView data) {
  TRY_ASSIGN(const VariableData variable, read_authority(data));
  TRY_ASSIGN(Fields fields, fields_of(variable, authority_value));
  if (!variable.behind.empty())
    fields.push_back({"behind the variable", hex_line(variable.behind)});
  return fields;
}

}  // namespace etalon::eventlog
