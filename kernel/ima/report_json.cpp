// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "kernel/ima/list.hpp"
#include "kernel/ima/replay.hpp"
#include "kernel/ima/signature.hpp"
#include "kernel/ima/survey.hpp"
#include "kernel/ima/verify.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"
#include "tools/base/verdict.hpp"
#include "tools/codec/json.hpp"
#include "tools/codec/json_bytes.hpp"

namespace etalon::ima {
namespace {

Json or_null(const std::optional<std::uint64_t>& number) {
  if (!number) return {};
  return *number;
}

Json pcrs_json(const PcrValues& pcrs) {
  std::map<HashAlg, Json::Object> banks;
  for (const auto& [pcr, values] : pcrs) {
    for (const auto& [alg, value] : values)
      banks[alg].emplace(std::to_string(pcr), value.hex());
  }
  Json::Object object;
  for (auto& [alg, bank] : banks)
    object.emplace(name(alg), std::move(bank));
  return object;
}

template <class Key>
Json counts_json(const std::map<Key, std::uint64_t>& counts) {
  Json::Object object;
  for (const auto& [key, count] : counts) {
    if constexpr (std::is_same_v<Key, std::string>)
      object.emplace(printable(key), count);
    else
      object.emplace(std::to_string(key), count);
  }
  return object;
}

Json signatures_json(const std::map<SignatureState, std::uint64_t>& counts) {
  Json::Object object;
  for (const auto& [state, count] : counts)
    object.emplace(name(state), count);
  return object;
}

Json match_json(const KeptEntry& entry) {
  Json::Object object;
  object.emplace("entry", entry.number);
  object.emplace("pcr", entry.pcr);
  object.emplace("template", printable(entry.templ));
  object.emplace("violation", entry.violation);
  Json::Object digest;
  digest.emplace(printable(entry.algorithm), to_hex(entry.digest));
  object.emplace("digest", std::move(digest));
  if (!entry.digest_type.empty()) object["digest_type"] = printable(entry.digest_type);
  put_bytes(object, "path", as_text(entry.name));
  return object;
}

}  // namespace

std::string_view name(Severity severity) {
  switch (severity) {
    case Severity::info:
      return "info";
    case Severity::warning:
      return "warning";
    case Severity::error:
      break;
  }
  return "error";
}

Json report_json(const Report& report) {
  Json::Object banks;
  for (const auto& [alg, extension] : report.banks)
    banks.emplace(name(alg), extension == Extension::proper ? "proper" : "padded");
  Json::Array findings;
  for (const Finding& each : report.findings) {
    Json::Object finding;
    finding.emplace("id", each.id);
    finding.emplace("severity", name(each.severity));
    finding.emplace("entry", or_null(each.entry));
    finding.emplace("message", each.message);
    findings.emplace_back(std::move(finding));
  }
  const Survey& survey = report.survey;
  Json::Array matches;
  for (const KeptEntry& each : survey.matches)
    matches.push_back(match_json(each));
  Json::Object list;
  list.emplace("form", name(report.kind.form));
  list.emplace("template_hash", name(report.kind.template_hash));
  list.emplace("templates", counts_json(survey.templates));
  list.emplace("pcrs", counts_json(survey.pcrs));
  std::optional<std::uint64_t> tail;
  if (report.matched_prefix) tail = survey.entries - *report.matched_prefix;
  Json::Object object;
  object.emplace("verdict", name(report.verdict));
  object.emplace("entries", survey.entries);
  object.emplace("violations", survey.violations);
  object.emplace("signatures", signatures_json(survey.signatures));
  object.emplace("malformed", report.malformed);
  object.emplace("pcrs", pcrs_json(report.pcrs));
  object.emplace("banks", std::move(banks));
  object.emplace("matched_prefix", or_null(report.matched_prefix));
  object.emplace("tail", or_null(tail));
  object.emplace("list", std::move(list));
  object.emplace("findings", std::move(findings));
  object.emplace("match_count", survey.match_count);
  object.emplace("matches", std::move(matches));
  return object;
}

}  // namespace etalon::ima
