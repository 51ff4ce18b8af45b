// SPDX-License-Identifier: Apache-2.0
#include "kernel/ima/list_findings.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/ima/boot_aggregate.hpp"
#include "kernel/ima/replay.hpp"
#include "kernel/ima/signature.hpp"
#include "kernel/ima/survey.hpp"
#include "kernel/ima/verify.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"

namespace etalon::ima {
namespace {

using Findings = std::vector<Finding>;

std::string text(const Pcr& pcr) {
  return std::string(name(pcr.first)) + " PCR " + std::to_string(pcr.second);
}

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

void and_more(Findings& findings, std::string_view id, std::uint64_t shown, std::uint64_t all) {
  if (all <= shown) return;
  findings.push_back({.id = id,
                      .severity = Severity::error,
                      .message = "and " + std::to_string(all - shown) + " more entries"});
}

void find_bad_entries(const Judged& judged, Findings& findings) {
  const Survey& survey = judged.report.survey;
  for (const std::uint64_t number : judged.own.bad()) {
    findings.push_back({.id = "template-digest",
                        .severity = Severity::error,
                        .entry = number,
                        .message = "the entry's " +
                                   std::string(name(judged.report.kind.template_hash)) +
                                   " template digest is not that of its data"});
  }
  and_more(findings, "template-digest", judged.own.bad().size(), judged.own.bad_count());
  for (const BadEntry& each : survey.bad) {
    findings.push_back({.id = "undecodable",
                        .severity = Severity::error,
                        .entry = each.number,
                        .message = each.why});
  }
  and_more(findings, "undecodable", survey.bad.size(), survey.undecodable);
}

// After how many entries the PCR last had its value.
std::optional<std::uint64_t> last_match(const Lane& lane, std::uint32_t pcr) {
  std::optional<std::uint64_t> last;
  for (const Extension extension : {Extension::proper, Extension::padded}) {
    if (extension == Extension::padded && !lane.looks_for_padding()) continue;
    const auto& matches = lane.track(pcr, extension).matches;
    if (!matches.empty()) last = std::max(last.value_or(0), matches.back().last);
  }
  return last;
}

Finding mismatch(std::string message) {
  return {.id = "pcr-mismatch", .severity = Severity::error, .message = std::move(message)};
}

void find_mismatch(const Judged& judged, Findings& findings) {
  const Report& report = judged.report;
  if (judged.compared.empty() || report.matched_prefix.value_or(0) > 0) return;
  bool explained = false;
  std::string times;
  for (const Pcr& pcr : judged.compared) {
    const auto lane = std::ranges::find(judged.lanes, pcr.first, &Lane::alg);
    if (const auto last = last_match(*lane, pcr.second)) {
      times +=
          (times.empty() ? "" : ", ") + text(pcr) + " after " + counted(*last, "entry", "entries");
      continue;
    }
    explained = true;
    findings.push_back(mismatch("no beginning of the list gives the value of " + text(pcr) +
                                "; all of it gives " +
                                lane->track(pcr.second, Extension::proper).value.hex()));
  }
  if (explained) return;
  findings.push_back(mismatch(
      report.matched_prefix
          ? "the values are those before the first entry: nothing vouches for the list"
          : "each value is that of another beginning of the list, so they were not read at one "
            "time: " +
                times));
}

void find_uncovered(const Judged& judged, Findings& findings) {
  for (const auto& [pcr, count] : judged.report.survey.pcrs) {
    const std::string entries = counted(count, "entry", "entries");
    if (pcr >= pcr_count) {
      findings.push_back({.id = "no-such-pcr",
                          .severity = Severity::warning,
                          .message = entries + " for PCR " + std::to_string(pcr) +
                                     ", which no TPM has: nothing was extended"});
    } else if (!judged.compared.empty() &&
               std::ranges::none_of(judged.compared,
                                    [p = pcr](const Pcr& each) { return each.second == p; })) {
      findings.push_back({.id = "uncovered-pcr",
                          .severity = Severity::warning,
                          .message = entries + " for PCR " + std::to_string(pcr) +
                                     ", of which no value is given: nothing vouches for them"});
    }
  }
}

void find_tail(const Judged& judged, Findings& findings) {
  const std::uint64_t prefix = judged.report.matched_prefix.value_or(0);
  const std::uint64_t tail = judged.report.survey.entries - prefix;
  if (prefix == 0 || tail == 0) return;
  findings.push_back(
      {.id = "tail",
       .severity = Severity::warning,
       .entry = prefix,
       .message = counted(tail, "entry", "entries") + " behind what the values vouch for"});
}

void find_padded(const Judged& judged, Findings& findings) {
  for (const auto& [alg, extension] : judged.report.banks) {
    if (extension == Extension::proper) continue;
    findings.push_back({.id = "padded-bank",
                        .severity = Severity::warning,
                        .message = "the kernel extended bank " + std::string(name(alg)) +
                                   " with SHA-1 digests and zeros: the bank is no stronger than "
                                   "SHA-1"});
  }
}

void find_violations(const Judged& judged, Findings& findings) {
  const Survey& survey = judged.report.survey;
  if (survey.violations == 0) return;
  findings.push_back(
      {.id = "violation",
       .severity = Severity::warning,
       .entry = survey.first_violation,
       .message = counted(survey.violations, "violation", "violations") +
                  ": a file was written while it was in use, and its content then is "
                  "not known"});
}

std::string key_text(std::uint32_t id) {
  constexpr unsigned digits = 8;
  const std::string text = hex_number(id).substr(2);
  return std::string(digits - text.size(), '0') + text;
}

void find_signatures(const Judged& judged, Findings& findings) {
  const Survey& survey = judged.report.survey;
  std::uint64_t wrong = 0;
  for (const SignatureState state : {SignatureState::bad, SignatureState::unreadable}) {
    if (const auto at = survey.signatures.find(state); at != survey.signatures.end())
      wrong += at->second;
  }
  for (const BadSignature& each : survey.bad_signatures) {
    const bool bad = each.verdict.state == SignatureState::bad;
    findings.push_back({.id = bad ? "signature" : "signature-form",
                        .severity = Severity::error,
                        .entry = each.number,
                        .message = bad ? "the signature of key " + key_text(each.verdict.key_id) +
                                             " is not over the entry's digest"
                                       : "the signature cannot be checked: " + each.verdict.why});
  }
  and_more(findings, "signature", survey.bad_signatures.size(), wrong);
  for (const auto& [id, count] : survey.unknown_keys) {
    findings.push_back({.id = "unknown-key",
                        .severity = Severity::warning,
                        .message = counted(count, "signature is", "signatures are") +
                                   " of a key that was not given: " + key_text(id)});
  }
}

// Whether the entry is what the PCRs before IMA give; nothing where they are not all known.
std::optional<bool> is_aggregate(const KeptEntry& entry, const PcrValues& values) {
  const auto alg = parse_hash_alg(entry.algorithm);
  if (!alg) return std::nullopt;
  const auto usual = boot_aggregate(*alg, boot_pcrs(*alg), values);
  if (!usual) return std::nullopt;
  const auto old = boot_aggregate(*alg, BootPcrs::to_7, values);
  return equal(usual->view(), entry.digest) || (old && equal(old->view(), entry.digest));
}

void find_boot_aggregate(const Judged& judged, Findings& findings) {
  const auto& all = judged.report.survey.boot_aggregates;
  for (const KeptEntry& each : all) {
    const auto right = is_aggregate(each, judged.questions.wanted);
    if (right && !*right) {
      findings.push_back({.id = "boot-aggregate",
                          .severity = Severity::warning,
                          .entry = each.number,
                          .message =
                              "boot_aggregate is not made of the PCRs given: they were extended "
                              "since, or the list is from another boot"});
    }
  }
  if (all.size() > 1) {
    findings.push_back({.id = "several-boots",
                        .severity = Severity::info,
                        .entry = all[1].number,
                        .message = "another boot_aggregate: the list was carried over by kexec"});
  }
  if (all.empty() || all.front().number != 0) {
    findings.push_back(
        {.id = "no-beginning",
         .severity = judged.questions.start.empty() ? Severity::warning : Severity::info,
         .entry = 0,
         .message = "the list does not begin with boot_aggregate: what went before "
                    "is not in it"});
  }
}

}  // namespace

Findings list_findings(const Judged& judged) {
  Findings findings;
  find_bad_entries(judged, findings);
  find_signatures(judged, findings);
  find_mismatch(judged, findings);
  find_uncovered(judged, findings);
  find_tail(judged, findings);
  find_padded(judged, findings);
  find_violations(judged, findings);
  find_boot_aggregate(judged, findings);
  return findings;
}

}  // namespace etalon::ima
