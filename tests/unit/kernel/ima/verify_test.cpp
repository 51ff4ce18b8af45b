// SPDX-License-Identifier: Apache-2.0
#include "kernel/ima/verify.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "kernel/ima/list.hpp"
#include "tests/support/fake_ima_list.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"
#include "tools/base/verdict.hpp"

namespace etalon::ima {
namespace {

using test::fake_entry;
using test::fake_violation;
using test::FakeList;

FakeList some() {
  return {.entries = {fake_entry("boot_aggregate"), fake_entry("/usr/bin/a"), fake_entry("/etc/b"),
                      fake_entry("/usr/bin/c")}};
}

Report report_of(const FakeList& list, Questions questions = {}) {
  ListCheck check(std::move(questions));
  const Status added = check.add(list.binary());
  auto report = check.finish();
  EXPECT_TRUE(added.has_value() && report.has_value());
  return *std::move(report);
}

Questions wanting(const FakeList& list, std::size_t prefix,
                  std::vector<HashAlg> banks = {HashAlg::sha1, HashAlg::sha256}) {
  Questions questions;
  for (const HashAlg bank : banks)
    questions.wanted[10].set(list.pcr(bank, prefix));
  return questions;
}

std::vector<std::string> ids(const Report& report) {
  std::vector<std::string> all;
  for (const Finding& each : report.findings)
    all.emplace_back(each.id);
  return all;
}

using Ids = std::vector<std::string>;

TEST(ListCheck, passes_a_list_that_gives_the_values) {
  const Report report = report_of(some(), wanting(some(), 4));
  EXPECT_EQ(report.verdict, Verdict::pass);
  EXPECT_EQ(report.matched_prefix, 4U);
  EXPECT_EQ(ids(report), Ids{});
  EXPECT_EQ(*report.pcrs.at(10).find(HashAlg::sha256), some().pcr(HashAlg::sha256, 4));
}

TEST(ListCheck, says_what_lies_behind_the_values) {
  const Report report = report_of(some(), wanting(some(), 3));
  EXPECT_EQ(report.verdict, Verdict::pass);
  EXPECT_EQ(report.matched_prefix, 3U);
  ASSERT_EQ(ids(report), Ids{"tail"});
  EXPECT_EQ(report.findings[0].entry, 3U);
  EXPECT_EQ(report.findings[0].message, "1 entry behind what the values vouch for");
}

TEST(ListCheck, is_inconclusive_without_values) {
  const Report report = report_of(some());
  EXPECT_EQ(report.verdict, Verdict::inconclusive);
  EXPECT_FALSE(report.matched_prefix.has_value());
  EXPECT_EQ(ids(report), Ids{});
}

TEST(ListCheck, is_inconclusive_with_values_of_other_pcrs) {
  Questions questions;
  questions.wanted[4].set(AnyDigest::zero(HashAlg::sha256));
  EXPECT_EQ(report_of(some(), questions).verdict, Verdict::inconclusive);
}

TEST(ListCheck, fails_when_nothing_gives_a_value) {
  Questions questions = wanting(some(), 4, {HashAlg::sha1});
  questions.wanted[10].set(hash(HashAlg::sha256, as_bytes("x")));
  const Report report = report_of(some(), questions);
  EXPECT_EQ(report.verdict, Verdict::fail);
  ASSERT_EQ(ids(report), Ids{"pcr-mismatch"});
  EXPECT_EQ(report.findings[0].message,
            "no beginning of the list gives the value of sha256 PCR 10; all of it gives " +
                some().pcr(HashAlg::sha256, 4).hex());
}

TEST(ListCheck, fails_when_the_banks_were_read_at_different_times) {
  Questions questions = wanting(some(), 2, {HashAlg::sha1});
  questions.wanted[10].set(some().pcr(HashAlg::sha256, 3));
  const Report report = report_of(some(), questions);
  EXPECT_EQ(report.verdict, Verdict::fail);
  ASSERT_EQ(ids(report), Ids{"pcr-mismatch"});
  EXPECT_EQ(
      report.findings[0].message,
      "each value is that of another beginning of the list, so they were not read at one time: "
      "sha1 PCR 10 after 2 entries, sha256 PCR 10 after 3 entries");
}

TEST(ListCheck, fails_when_the_values_are_those_before_the_list) {
  Questions questions;
  questions.wanted[10].set(AnyDigest::zero(HashAlg::sha256));
  const Report report = report_of(some(), questions);
  EXPECT_EQ(report.verdict, Verdict::fail);
  EXPECT_EQ(report.matched_prefix, 0U);
  ASSERT_FALSE(report.findings.empty());
  EXPECT_EQ(report.findings[0].message,
            "the values are those before the first entry: nothing vouches for the list");
}

TEST(ListCheck, fails_on_a_changed_entry_even_without_values) {
  FakeList list = some();
  list.entries[2].fields[1] = to_bytes(std::string("/etc/c\0", 7));
  list.entries[2].digest = to_bytes(hash(HashAlg::sha1, some().entries[2].data()).view());
  const Report report = report_of(list);
  EXPECT_EQ(report.verdict, Verdict::fail);
  EXPECT_EQ(report.malformed, 1U);
  ASSERT_EQ(ids(report), Ids{"template-digest"});
  EXPECT_EQ(report.findings[0].entry, 2U);
}

TEST(ListCheck, fails_on_entries_that_are_not_made_like_their_template) {
  FakeList list = some();
  list.entries[1].fields.pop_back();
  const Report report = report_of(list, wanting(list, 4));
  EXPECT_EQ(report.verdict, Verdict::fail);
  EXPECT_EQ(ids(report), Ids{"undecodable"});
  EXPECT_EQ(report.findings[0].message, "length at 44: need 4 bytes, 0 left");
}

TEST(ListCheck, names_at_most_some_bad_entries) {
  FakeList list = some();
  for (int i = 0; i < 40; ++i) {
    list.entries.push_back(fake_entry("/" + std::to_string(i)));
    list.entries.back().digest = Bytes(20, std::byte{1});
  }
  const Report report = report_of(list);
  EXPECT_EQ(report.malformed, 40U);
  ASSERT_EQ(report.findings.size(), Lane::max_bad + 1);
  EXPECT_EQ(report.findings.back().message, "and 24 more entries");
}

TEST(ListCheck, compares_other_pcrs_that_the_list_extends) {
  FakeList list = some();
  list.entries[1].pcr = 12;
  Questions questions = wanting(list, 4);
  EXPECT_EQ(ids(report_of(list, questions)), Ids{"uncovered-pcr"});
  questions.wanted[12].set(list.pcr(HashAlg::sha256, 4, 12));
  EXPECT_EQ(ids(report_of(list, questions)), Ids{});
  questions.wanted[12].set(hash(HashAlg::sha256, as_bytes("x")));
  EXPECT_EQ(report_of(list, questions).verdict, Verdict::fail);
}

TEST(ListCheck, a_list_without_the_entries_of_a_pcr_does_not_pass_for_it) {
  FakeList whole = some();
  whole.entries[1].pcr = 12;
  FakeList cut = whole;
  cut.entries.erase(cut.entries.begin() + 1);
  Questions questions = wanting(whole, 4);
  questions.wanted[12].set(whole.pcr(HashAlg::sha256, 4, 12));
  EXPECT_EQ(report_of(cut, questions).verdict, Verdict::pass) << "PCR 12 may be another's";
  questions.required.insert(12);
  EXPECT_EQ(report_of(cut, questions).verdict, Verdict::fail);
}

TEST(ListCheck, reports_padded_banks_violations_and_pcrs_beyond_the_tpm) {
  FakeList list = some();
  list.entries.push_back(fake_violation("/v"));
  list.entries.push_back(fake_entry("/w"));
  list.entries.back().pcr = 30;
  AnyDigest padded = AnyDigest::zero(HashAlg::sha384);
  for (std::size_t i = 0; i < 5; ++i) {
    Bytes extended = to_bytes(hash(HashAlg::sha1, list.entries[i].data()).view());
    extended.resize(48);
    if (i == 4) extended.assign(48, std::byte{0xff});
    padded = hash(HashAlg::sha384, {padded.view(), extended});
  }
  Questions questions = wanting(list, 5, {HashAlg::sha256});
  questions.wanted[10].set(padded);
  const Report report = report_of(list, questions);
  EXPECT_EQ(report.verdict, Verdict::pass);
  EXPECT_EQ(ids(report), (Ids{"no-such-pcr", "padded-bank", "violation"}));
  EXPECT_EQ(report.banks.at(HashAlg::sha256), Extension::proper);
  EXPECT_EQ(report.banks.at(HashAlg::sha384), Extension::padded);
  EXPECT_EQ(*report.pcrs.at(10).find(HashAlg::sha384), padded);
  questions.padding = Padding::ignored;
  const Report unpadded = report_of(list, questions);
  EXPECT_EQ(unpadded.verdict, Verdict::fail);
  EXPECT_TRUE(may_be_padded(unpadded, questions));
  EXPECT_FALSE(may_be_padded(report, questions));
}

TEST(ListCheck, compares_boot_aggregate_with_the_pcrs_it_is_of) {
  FakeList list = some();
  Questions questions;
  Bytes all;
  for (std::uint32_t pcr = 0; pcr < 10; ++pcr) {
    const AnyDigest one = hash(HashAlg::sha256, to_bytes(std::to_string(pcr)));
    questions.wanted[pcr].set(one);
    append(all, one.view());
  }
  EXPECT_EQ(ids(report_of(list, questions)), Ids{"boot-aggregate"});
  list.entries[0] = fake_entry("boot_aggregate", as_text(all));
  EXPECT_EQ(ids(report_of(list, questions)), Ids{});
  list.entries.push_back(list.entries[0]);
  EXPECT_EQ(ids(report_of(list, questions)), Ids{"several-boots"});
}

TEST(ListCheck, says_that_a_beginning_is_missing) {
  FakeList rest = some();
  rest.entries.erase(rest.entries.begin());
  const Report report = report_of(rest);
  ASSERT_EQ(ids(report), Ids{"no-beginning"});
  EXPECT_EQ(report.findings[0].severity, Severity::warning);
  Questions questions = wanting(some(), 4);
  for (const HashAlg alg : {HashAlg::sha1, HashAlg::sha256})
    questions.start[10].set(some().pcr(alg, 1));
  const Report staged = report_of(rest, questions);
  EXPECT_EQ(staged.verdict, Verdict::pass);
  EXPECT_EQ(staged.findings[0].severity, Severity::info);
}

TEST(ListCheck, finds_entries_by_a_part_of_their_name) {
  const Report report = report_of(some(), {.search = "/bin/"});
  ASSERT_EQ(report.survey.matches.size(), 2U);
  EXPECT_EQ(report.survey.match_count, 2U);
  EXPECT_EQ(report.survey.matches[0].number, 1U);
  EXPECT_EQ(as_text(report.survey.matches[1].name), "/usr/bin/c");
  EXPECT_EQ(report.survey.matches[1].algorithm, "sha256");
}

TEST(ListCheck, refuses_a_list_without_entries) {
  ListCheck check({});
  const auto report = check.finish();
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code, ErrorCode::truncated);
  EXPECT_EQ(report.error().message, "the list has no entry");
}

TEST(ListCheck, no_changed_byte_passes) {
  const FakeList list = some();
  const Bytes good = list.binary();
  for (std::size_t at = 0; at < good.size(); ++at) {
    Bytes changed = good;
    changed[at] ^= std::byte{1};
    ListCheck check(wanting(list, 4));
    if (!check.add(changed)) continue;
    const auto report = check.finish();
    if (!report) continue;
    EXPECT_NE(report->verdict, Verdict::pass) << at;
  }
}

}  // namespace
}  // namespace etalon::ima
