// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/variable_text.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "references/eventlog/device_path.hpp"
#include "references/eventlog/variable_value.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/guid.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/result.hpp"

namespace etalon::eventlog {
namespace {

using Text = std::optional<std::string>;

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

Text load_option(ByteView value) {
  const auto option = read_load_option(value);
  if (!option) return std::nullopt;
  const auto path = device_path_text(option->path);
  if (!path) return std::nullopt;
  const std::size_t options = option->options.size();
  return "'" + printable(option->description) + "' " + *path + ", attributes " +
         hex_number(option->attributes) +
         (options == 0 ? "" : ", " + std::to_string(options) + " bytes of options");
}

Text signature_lists(ByteView value) {
  const auto lists = read_signature_lists(value);
  if (!lists) return std::nullopt;
  std::map<std::string, std::size_t> counts;
  for (const SignatureList& list : *lists)
    counts[signature_kind(list.type)] += list.entries.size();
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
  if (is_boot_entry(name)) return load_option(value);
  if (is_signature_database(name)) return signature_lists(value);
  return std::nullopt;
}

std::optional<std::string> authority_text(ByteView value) {
  if (is_certificate(value)) return "certificate with SHA-256 " + sha256(value).hex();
  ByteReader reader(value);
  const Guid owner{.bytes = reader.array<16>("owner")};
  const ByteView entry = reader.rest();
  if (!reader.ok() || entry.empty()) return std::nullopt;
  if (entry.size() == digest_size(HashAlg::sha256))
    return "SHA-256 digest " + to_hex(entry) + " of owner " + owner.text();
  return "certificate with SHA-256 " + sha256(entry).hex() + " of owner " + owner.text();
}

}  // namespace etalon::eventlog
