// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/data_check.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "references/eventlog/event.hpp"
#include "references/eventlog/untrusted_log.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/reader.hpp"

namespace etalon::eventlog {
namespace {

using namespace std::string_view_literals;

constexpr std::array covered = {
    EventType::separator,
    EventType::action,
    EventType::s_crtm_version,
    EventType::efi_variable_driver_config,
    EventType::efi_variable_boot,
    EventType::efi_variable_boot2,
    EventType::efi_variable_authority,
    EventType::efi_gpt_event,
    EventType::efi_action,
};

// Bytes that firmware measures in every boot, and their names.
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> common = {{
    {"\0\0\0\0"sv, "separator 00000000"},
    {"\xff\xff\xff\xff"sv, "separator ffffffff"},
    {"\1\0\0\0"sv, "separator after an error"},
    {"Calling EFI Application from Boot Option", "action Calling EFI Application from Boot Option"},
    {"Returning from EFI Application from Boot Option",
     "action Returning from EFI Application from Boot Option"},
    {"Exit Boot Services Invocation", "action Exit Boot Services Invocation"},
    {"Exit Boot Services Returned with Success", "action Exit Boot Services Returned with Success"},
    {"Exit Boot Services Returned with Failure", "action Exit Boot Services Returned with Failure"},
    {"", "nothing"},
}};

// Whether all digests of our algorithms are of these bytes, and there is one.
bool all_of_bytes(const UntrustedRecord& record, ByteView bytes) {
  bool compared = false;
  for (const RawDigest& each : record.digests) {
    const auto alg = hash_alg_from_tpm(each.alg);
    if (!alg) continue;
    if (!equal(hash(*alg, {bytes}).view(), each.value)) return false;
    compared = true;
  }
  return compared;
}

// The value in UEFI_VARIABLE_DATA: GUID, u64 name length in characters, u64 data length, name,
// data.
std::optional<ByteView> variable_value(ByteView data) {
  ByteReader reader(data);
  reader.skip(16, "vendor");
  const std::uint64_t characters = reader.u64("name length");
  const std::uint64_t size = reader.u64("data length");
  if (!reader.ok() || characters > data.size() / 2) return std::nullopt;
  reader.skip(static_cast<std::size_t>(characters) * 2, "name");
  const ByteView value = reader.bytes(size, "data");
  reader.expect_end("variable");
  if (!reader.ok()) return std::nullopt;
  return value;
}

// 605dab50-e046-4300-abb6-3dd810dd8b23, shim's vendor GUID, as it is stored.
constexpr std::string_view shim_lock(
    "\x50\xab\x5d\x60\x46\xe0\x00\x43\xab\xb6\x3d\xd8\x10\xdd\x8b\x23", 16);

// Old shims log an authority event with a few bytes behind the structure and hash all of it but the
// last byte (two laptops' logs, of "Shim" and "MokList").
bool covers_as_old_shim(const UntrustedRecord& record) {
  return record.type == EventType::efi_variable_authority &&
         as_text(record.data).starts_with(shim_lock) &&
         all_of_bytes(record, ByteView(record.data).first(record.data.size() - 1));
}

bool covers(const UntrustedRecord& record) {
  if (all_of_bytes(record, record.data) || covers_as_old_shim(record)) return true;
  if (record.type != EventType::efi_variable_boot) return false;
  const auto value = variable_value(record.data);
  return value && all_of_bytes(record, *value);
}

bool computable(const UntrustedRecord& record) {
  return std::ranges::any_of(record.digests, [](const RawDigest& each) {
    return hash_alg_from_tpm(each.alg).has_value();
  });
}

}  // namespace

std::string_view name(DataCheck check) {
  switch (check) {
    case DataCheck::matches:
      return "matches";
    case DataCheck::differs:
      return "differs";
    case DataCheck::not_covered:
      return "not_covered";
  }
  return "unknown";
}

DataVerdict check_data(const UntrustedRecord& record) {
  const bool of_data = std::ranges::find(covered, record.type) != covered.end();
  if (!of_data || !computable(record)) return {.check = DataCheck::not_covered};
  if (covers(record)) return {.check = DataCheck::matches};
  DataVerdict verdict{.check = DataCheck::differs};
  for (const auto& [bytes, what] : common) {
    if (all_of_bytes(record, as_bytes(bytes))) verdict.really = what;
  }
  return verdict;
}

}  // namespace etalon::eventlog
