// SPDX-License-Identifier: Apache-2.0
#include "kernel/ima/survey.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "kernel/ima/list.hpp"
#include "kernel/ima/record.hpp"
#include "kernel/ima/signature.hpp"
#include "tools/base/bytes.hpp"

namespace etalon::ima {
namespace {

KeptEntry kept(const Record& record, const Entry& entry, std::uint64_t number) {
  return {.number = number,
          .pcr = record.pcr,
          .templ = std::string(record.templ),
          .digest_type = std::string(entry.digest.type),
          .algorithm = std::string(entry.digest.algorithm),
          .digest = to_bytes(entry.digest.value),
          .name = to_bytes(entry.name),
          .violation = is_violation(record)};
}

template <class Key>
void count(std::map<Key, std::uint64_t>& counts, const Key& key) {
  if (const auto at = counts.find(key); at != counts.end()) {
    ++at->second;
  } else if (counts.size() < Survey::max_kinds) {
    counts.emplace(key, 1);
  }
}

}  // namespace

void Survey::add(const Record& record, std::uint64_t number) {
  count(pcrs, record.pcr);
  count(templates, std::string(record.templ));
  if (is_violation(record)) {
    if (violations++ == 0) first_violation = number;
  }
  const auto entry = read_entry(record);
  if (!entry) {
    ++undecodable;
    if (bad.size() < max_bad) bad.push_back({.number = number, .why = entry.error().text()});
    return;
  }
  if (!keys_.empty()) add_signature(record, *entry, number);
  if (entry->name == boot_aggregate_name && boot_aggregates.size() < max_bad) {
    boot_aggregates.push_back(kept(record, *entry, number));
  }
  if (!wanted_ || entry->name.find(*wanted_) == std::string_view::npos) return;
  ++match_count;
  if (matches.size() < max_matches) matches.push_back(kept(record, *entry, number));
}

void Survey::add_signature(const Record& record, const Entry& entry, std::uint64_t number) {
  SignatureVerdict verdict = check_signature(record, entry, keys_);
  ++signatures[verdict.state];
  if (verdict.state == SignatureState::unknown_key) count(unknown_keys, verdict.key_id);
  const bool wrong =
      verdict.state == SignatureState::bad || verdict.state == SignatureState::unreadable;
  if (wrong && bad_signatures.size() < max_bad) {
    bad_signatures.push_back({.number = number, .verdict = std::move(verdict)});
  }
}

void Survey::add(const Batch& batch) {
  for (const Record& record : batch.records)
    add(record, entries++);
}

}  // namespace etalon::ima
