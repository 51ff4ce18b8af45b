// SPDX-License-Identifier: Apache-2.0
#include "kernel/ima/verify.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/ima/lane_runner.hpp"
#include "kernel/ima/list.hpp"
#include "kernel/ima/list_findings.hpp"
#include "kernel/ima/replay.hpp"
#include "kernel/ima/survey.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"
#include "tools/base/verdict.hpp"

namespace etalon::ima {
namespace {

// What it takes to read an entry, in hashes.
unsigned reading_load(ListForm form) {
  return form == ListForm::ascii ? 4 : 1;
}

// The banks to replay: those with a value, those asked for, and the list's own.
std::vector<HashAlg> banks_of(const Questions& questions, HashAlg list_hash) {
  std::set<HashAlg> banks(questions.banks.begin(), questions.banks.end());
  banks.insert(list_hash);
  for (const auto& [pcr, values] : questions.wanted) {
    for (const auto& [alg, value] : values)
      banks.insert(alg);
  }
  return {banks.begin(), banks.end()};
}

// Both must be in order and apart from each other.
std::vector<Prefixes> intersection(std::span<const Prefixes> a, std::span<const Prefixes> b) {
  std::vector<Prefixes> both;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const Prefixes common{.first = std::max(a[i].first, b[j].first),
                          .last = std::min(a[i].last, b[j].last)};
    if (common.first <= common.last) both.push_back(common);
    (a[i].last < b[j].last ? i : j) += 1;
  }
  return both;
}

// Sorted by their last; the same prefix may be in it twice.
std::vector<Prefixes> merged(std::span<const Prefixes> a, std::span<const Prefixes> b) {
  std::vector<Prefixes> all(a.begin(), a.end());
  all.insert(all.end(), b.begin(), b.end());
  std::ranges::sort(all, {}, [](const Prefixes& each) { return std::pair(each.first, each.last); });
  std::vector<Prefixes> apart;
  for (const Prefixes& each : all) {
    if (apart.empty() || each.first > apart.back().last + 1) {
      apart.push_back(each);
    } else {
      apart.back().last = std::max(apart.back().last, each.last);
    }
  }
  return apart;
}

// After which prefixes all compared PCRs of the bank have their value.
std::vector<Prefixes> matches(const Lane& lane, Extension extension, const std::set<Pcr>& compared,
                              std::uint64_t entries) {
  std::vector<Prefixes> all = {{.first = 0, .last = entries}};
  for (const auto& [alg, pcr] : compared) {
    if (alg == lane.alg()) all = intersection(all, lane.track(pcr, extension).matches);
  }
  return all;
}

bool contains(std::span<const Prefixes> all, std::uint64_t prefix) {
  return std::ranges::any_of(
      all, [prefix](const Prefixes& each) { return each.first <= prefix && prefix <= each.last; });
}

// The values to compare: those of PCRs that the list extends, and of those that must match.
std::set<Pcr> compared_values(const Questions& questions, const Survey& survey) {
  std::set<Pcr> compared;
  for (const auto& [pcr, values] : questions.wanted) {
    if (!survey.pcrs.contains(pcr) && !questions.required.contains(pcr)) continue;
    for (const auto& [alg, value] : values)
      compared.emplace(alg, pcr);
  }
  return compared;
}

struct BankMatches {
  HashAlg alg = HashAlg::sha1;
  std::vector<Prefixes> proper{};
  std::vector<Prefixes> padded{};
};

// The longest prefix that gives all values, and how each bank was extended in it.
void find_prefix(std::span<const Lane> lanes, const std::set<Pcr>& compared, Report& report) {
  const std::uint64_t entries = report.survey.entries;
  std::vector<BankMatches> banks;
  std::vector<Prefixes> all = {{.first = 0, .last = entries}};
  for (const Lane& lane : lanes) {
    BankMatches bank{.alg = lane.alg(),
                     .proper = matches(lane, Extension::proper, compared, entries)};
    if (lane.looks_for_padding()) {
      bank.padded = matches(lane, Extension::padded, compared, entries);
    }
    all = intersection(all, merged(bank.proper, bank.padded));
    banks.push_back(std::move(bank));
  }
  if (all.empty() || compared.empty()) return;
  report.matched_prefix = all.back().last;
  for (const BankMatches& bank : banks) {
    report.banks[bank.alg] =
        contains(bank.proper, *report.matched_prefix) ? Extension::proper : Extension::padded;
  }
}

void put_pcrs(std::span<const Lane> lanes, Report& report) {
  for (const Lane& lane : lanes) {
    const auto chosen = report.banks.try_emplace(lane.alg(), Extension::proper).first->second;
    for (const auto& [pcr, count] : report.survey.pcrs) {
      if (pcr < pcr_count) report.pcrs[pcr].set(lane.track(pcr, chosen).value);
    }
  }
}

Verdict verdict_of(const Report& report) {
  const bool wrong = std::ranges::any_of(
      report.findings, [](const Finding& each) { return each.severity == Severity::error; });
  if (wrong) return Verdict::fail;
  return report.matched_prefix.value_or(0) > 0 ? Verdict::pass : Verdict::inconclusive;
}

}  // namespace

bool may_be_padded(const Report& report, const Questions& questions) {
  if (questions.padding == Padding::looked_for || report.matched_prefix.value_or(0) > 0) {
    return false;
  }
  return std::ranges::any_of(questions.wanted, [](const auto& pcr) {
    return std::ranges::any_of(pcr.second,
                               [](const auto& bank) { return bank.first != HashAlg::sha1; });
  });
}

ListCheck::ListCheck(Questions questions)
    : questions_(std::move(questions)),
      decoder_(questions_.kind ? ListDecoder(*questions_.kind) : ListDecoder()),
      survey_(questions_.search, questions_.keys) {}

void ListCheck::run(Batch batch) {
  if (batch.records.empty()) return;
  if (!lanes_) {
    // known, as there are entries
    const ListKind kind = decoder_.kind().value_or(ListKind{});
    const HashAlg list_hash = kind.template_hash;
    std::vector<Lane> lanes;
    for (const HashAlg alg : banks_of(questions_, list_hash))
      lanes.emplace_back(alg, list_hash, questions_.start, questions_.wanted, questions_.padding);
    lanes_ =
        std::make_unique<LaneRunner>(std::move(lanes), questions_.threads, reading_load(kind.form));
  }
  const auto shared = std::make_shared<const Batch>(std::move(batch));
  lanes_->add(shared);
  survey_.add(*shared);
}

Status ListCheck::add(ByteView piece) {
  TRY_ASSIGN(Batch batch, decoder_.add(piece));
  run(std::move(batch));
  return {};
}

Result<Report> ListCheck::finish() {
  TRY_ASSIGN(Batch batch, decoder_.finish());
  run(std::move(batch));
  if (!lanes_) return fail(ErrorCode::truncated, "the list has no entry");
  const std::span<const Lane> lanes = lanes_->finish();
  Report report{.kind = decoder_.kind().value_or(ListKind{}), .survey = std::move(survey_)};
  const std::set<Pcr> compared = compared_values(questions_, report.survey);
  find_prefix(lanes, compared, report);
  put_pcrs(lanes, report);
  const auto own = std::ranges::find(lanes, report.kind.template_hash, &Lane::alg);
  report.malformed = report.survey.undecodable + own->bad_count();
  report.findings = list_findings({.report = report,
                                   .questions = questions_,
                                   .lanes = lanes,
                                   .own = *own,
                                   .compared = compared});
  report.verdict = verdict_of(report);
  return report;
}

}  // namespace etalon::ima
