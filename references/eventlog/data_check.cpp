// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/data_check.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "references/eventlog/data_text.hpp"
#include "references/eventlog/event.hpp"
#include "references/eventlog/untrusted_log.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"

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

// Old shims hash all of an authority event but the last of the bytes behind the structure.
bool covers_as_old_shim(const UntrustedRecord& record) {
  return record.type == EventType::efi_variable_authority &&
         as_text(record.data).starts_with(as_text(shim_lock_guid().view())) &&
         all_of_bytes(record, ByteView(record.data).first(record.data.size() - 1));
}

bool covers(const UntrustedRecord& record) {
  if (all_of_bytes(record, record.data) || covers_as_old_shim(record)) return true;
  if (record.type != EventType::efi_variable_boot) return false;
  const auto variable = read_variable(record.data);
  return variable && all_of_bytes(record, variable->value);
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
