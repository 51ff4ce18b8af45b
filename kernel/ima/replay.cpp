// SPDX-License-Identifier: Apache-2.0
#include "kernel/ima/replay.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "kernel/ima/list.hpp"
#include "kernel/ima/record.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"

namespace etalon::ima {
namespace {

constexpr std::size_t longest_digest = 64;

constexpr std::array all_ones = [] {
  std::array<std::byte, longest_digest> ones{};
  ones.fill(std::byte{0xff});
  return ones;
}();

std::vector<PcrTrack> tracks(HashAlg alg, const PcrValues& start, const PcrValues& wanted) {
  std::vector<PcrTrack> all(pcr_count, PcrTrack(alg));
  for (std::uint32_t pcr = 0; pcr < pcr_count; ++pcr) {
    PcrTrack& each = all[pcr];
    if (const auto at = start.find(pcr); at != start.end()) {
      if (const AnyDigest* value = at->second.find(alg)) each.value = *value;
    }
    if (const auto at = wanted.find(pcr); at != wanted.end()) {
      if (const AnyDigest* value = at->second.find(alg)) each.wanted = *value;
    }
    if (each.wanted == each.value) each.matches.push_back({});
  }
  return all;
}

// Prefixes from the last match to the newest one have the wanted value as well.
void stretch(std::vector<PcrTrack>& all, std::uint64_t entries) {
  for (PcrTrack& each : all) {
    if (each.wanted == each.value && !each.matches.empty()) each.matches.back().last = entries;
  }
}

}  // namespace

Lane::Lane(HashAlg alg, HashAlg list_hash, const PcrValues& start, const PcrValues& wanted,
           Padding padding)
    : alg_(alg),
      list_hash_(list_hash),
      hasher_(alg),
      sha1_(HashAlg::sha1),
      proper_(tracks(alg, start, wanted)) {
  if (padding == Padding::looked_for && alg != HashAlg::sha1) padded_ = proper_;
}

void Lane::extend(PcrTrack& track, ByteView value, std::uint64_t number) {
  if (track.wanted == track.value && !track.matches.empty()) {
    track.matches.back().last = number;
  }
  hasher_.update(track.value.view());
  hasher_.update(value);
  track.value = hasher_.finish();
  track.touched = true;
  if (track.wanted == track.value) {
    track.matches.push_back({.first = number + 1, .last = number + 1});
  }
}

AnyDigest Lane::sha1_of(const Record& record) {
  sha1_.update(record.data);
  return sha1_.finish();
}

// `number` entries went before.
void Lane::add(const Record& record, std::uint64_t number) {
  const bool extends = record.pcr < pcr_count;
  if (is_violation(record)) {
    const ByteView ones = ByteView(all_ones).first(digest_size(alg_));
    if (extends) extend(proper_[record.pcr], ones, number);
    if (extends && !padded_.empty()) extend(padded_[record.pcr], ones, number);
    return;
  }
  hasher_.update(record.data);
  const AnyDigest digest = hasher_.finish();
  if (alg_ == list_hash_ && !equal(digest.view(), record.digest)) {
    if (bad_.size() < max_bad) bad_.push_back(number);
    ++bad_count_;
  }
  if (!extends) return;
  extend(proper_[record.pcr], digest.view(), number);
  if (padded_.empty()) return;
  std::array<std::byte, longest_digest> padded{};
  const AnyDigest sha1 =
      list_hash_ == HashAlg::sha1 ? AnyDigest::zero(HashAlg::sha1) : sha1_of(record);
  const ByteView from = list_hash_ == HashAlg::sha1 ? record.digest : sha1.view();
  std::ranges::copy(from, padded.begin());
  extend(padded_[record.pcr], ByteView(padded).first(digest_size(alg_)), number);
}

void Lane::add(const Batch& batch) {
  for (const Record& record : batch.records)
    add(record, entries_++);
  stretch(proper_, entries_);
  stretch(padded_, entries_);
}

}  // namespace etalon::ima
