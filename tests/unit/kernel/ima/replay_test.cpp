// SPDX-License-Identifier: Apache-2.0
#include "kernel/ima/replay.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "kernel/ima/boot_aggregate.hpp"
#include "kernel/ima/lane_runner.hpp"
#include "kernel/ima/list.hpp"
#include "tests/support/fake_ima_list.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"

namespace etalon::ima {
namespace {

using test::fake_entry;
using test::fake_violation;
using test::FakeList;

FakeList some() {
  return {.entries = {fake_entry("boot_aggregate"), fake_entry("/a"), fake_violation("/b"),
                      fake_entry("/c")}};
}

Lane replayed(const FakeList& list, HashAlg alg, const PcrValues& start = {},
              const PcrValues& wanted = {}, HashAlg list_hash = HashAlg::sha1) {
  ListDecoder decoder;
  Lane lane(alg, list_hash, start, wanted);
  const auto added = decoder.add(list.binary(list_hash));
  const auto batch = decoder.finish();
  EXPECT_TRUE(added.has_value() && batch.has_value());
  if (batch) lane.add(*batch);
  return lane;
}

AnyDigest value(const Lane& lane, std::uint32_t pcr, Extension extension = Extension::proper) {
  return lane.track(pcr, extension).value;
}

TEST(Replay, extends_each_bank_with_its_own_digests) {
  for (const HashAlg alg : all_hash_algs)
    EXPECT_EQ(value(replayed(some(), alg), 10), some().pcr(alg, 4)) << name(alg);
  EXPECT_EQ(value(replayed(some(), HashAlg::sha1, {}, {}, HashAlg::sha256), 10),
            some().pcr(HashAlg::sha1, 4))
      << "a list of another bank gives the same";
}

TEST(Replay, keeps_pcrs_apart) {
  FakeList list = some();
  list.entries[1].pcr = 11;
  list.entries[3].pcr = 64;  // no TPM has it: nothing is extended
  const Lane lane = replayed(list, HashAlg::sha256);
  EXPECT_EQ(value(lane, 10), list.pcr(HashAlg::sha256, 4));
  EXPECT_EQ(value(lane, 11), list.pcr(HashAlg::sha256, 4, 11));
  EXPECT_FALSE(lane.track(12, Extension::proper).touched);
}

TEST(Replay, pads_sha1_where_a_hash_was_missing) {
  AnyDigest padded = AnyDigest::zero(HashAlg::sha384);
  for (const test::FakeEntry& entry : some().entries) {
    Bytes extended = to_bytes(hash(HashAlg::sha1, entry.data()).view());
    extended.resize(48);
    if (entry.digest) extended.assign(48, std::byte{0xff});
    padded = hash(HashAlg::sha384, {padded.view(), extended});
  }
  EXPECT_EQ(value(replayed(some(), HashAlg::sha384), 10, Extension::padded), padded);
  EXPECT_EQ(
      value(replayed(some(), HashAlg::sha384, {}, {}, HashAlg::sha384), 10, Extension::padded),
      padded)
      << "also where the list does not carry SHA-1";
  EXPECT_FALSE(replayed(some(), HashAlg::sha1).looks_for_padding());
}

TEST(Replay, tells_after_which_entries_a_pcr_had_a_value) {
  FakeList list = some();
  list.entries[2].pcr = 11;  // leaves PCR 10 as it is
  PcrValues wanted;
  wanted[10].set(list.pcr(HashAlg::sha256, 2));
  const Lane lane = replayed(list, HashAlg::sha256, {}, wanted);
  EXPECT_EQ(lane.track(10, Extension::proper).matches,
            (std::vector<Prefixes>{{.first = 2, .last = 3}}));
  wanted[10] = {};
  wanted[10].set(list.pcr(HashAlg::sha256, 4));
  EXPECT_EQ(replayed(list, HashAlg::sha256, {}, wanted).track(10, Extension::proper).matches,
            (std::vector<Prefixes>{{.first = 4, .last = 4}}));
  wanted[10] = {};
  wanted[10].set(AnyDigest::zero(HashAlg::sha256));
  EXPECT_EQ(replayed(list, HashAlg::sha256, {}, wanted).track(10, Extension::proper).matches,
            (std::vector<Prefixes>{{.first = 0, .last = 0}}));
}

TEST(Replay, goes_on_from_a_start_value) {
  const FakeList whole = some();
  FakeList rest;
  rest.entries.assign(whole.entries.begin() + 2, whole.entries.end());
  PcrValues start;
  start[10].set(whole.pcr(HashAlg::sha256, 2));
  EXPECT_EQ(value(replayed(rest, HashAlg::sha256, start), 10), whole.pcr(HashAlg::sha256, 4));
}

TEST(Replay, finds_digests_that_are_not_those_of_the_data) {
  FakeList list = some();
  list.entries[3].digest = Bytes(20, std::byte{1});
  const Lane lane = replayed(list, HashAlg::sha1);
  EXPECT_EQ(lane.bad_count(), 1U);
  ASSERT_EQ(lane.bad().size(), 1U);
  EXPECT_EQ(lane.bad()[0], 3U);
  EXPECT_EQ(replayed(list, HashAlg::sha256).bad_count(), 0U) << "only the list's own lane looks";
}

TEST(LaneRunner, gives_the_same_with_any_number_of_threads) {
  FakeList list;
  for (int i = 0; i < 8000; ++i)
    list.entries.push_back(fake_entry("/" + std::to_string(i)));
  const Bytes bytes = list.binary();
  PcrValues wanted;
  for (const HashAlg alg : all_hash_algs)
    wanted[10].set(list.pcr(alg, 5000));
  std::vector<std::vector<std::string>> seen;
  for (const unsigned threads : {1U, 2U, 3U, 9U}) {
    std::vector<Lane> lanes;
    for (const HashAlg alg : all_hash_algs)
      lanes.emplace_back(alg, HashAlg::sha1, PcrValues{}, wanted);
    LaneRunner runner(std::move(lanes), threads, 1);
    ListDecoder decoder;
    for (std::size_t at = 0; at < bytes.size(); at += 65536) {
      auto batch =
          decoder.add(ByteView(bytes).subspan(at, std::min<std::size_t>(65536, bytes.size() - at)));
      runner.add(std::make_shared<const Batch>(*std::move(batch)));
    }
    runner.add(std::make_shared<const Batch>(*decoder.finish()));
    std::vector<std::string>& values = seen.emplace_back();
    for (const Lane& lane : runner.finish()) {
      const PcrTrack& track = lane.track(10, Extension::proper);
      values.push_back(track.value.hex());
      EXPECT_EQ(track.matches, (std::vector<Prefixes>{{.first = 5000, .last = 5000}}));
      if (lane.looks_for_padding()) values.push_back(lane.track(10, Extension::padded).value.hex());
    }
  }
  for (const auto& each : seen)
    EXPECT_EQ(each, seen.front());
}

TEST(BootAggregate, is_over_eight_or_ten_pcrs) {
  PcrValues values;
  Bytes eight;
  Bytes ten;
  for (std::uint32_t pcr = 0; pcr < 10; ++pcr) {
    const AnyDigest one = hash(HashAlg::sha256, to_bytes(std::to_string(pcr)));
    values[pcr].set(one);
    if (pcr < 8) append(eight, one.view());
    append(ten, one.view());
  }
  EXPECT_EQ(boot_aggregate(HashAlg::sha256, BootPcrs::to_7, values), hash(HashAlg::sha256, eight));
  EXPECT_EQ(boot_aggregate(HashAlg::sha256, BootPcrs::to_9, values), hash(HashAlg::sha256, ten));
  EXPECT_EQ(boot_pcrs(HashAlg::sha1), BootPcrs::to_7);
  EXPECT_EQ(boot_pcrs(HashAlg::sha384), BootPcrs::to_9);
  EXPECT_FALSE(boot_aggregate(HashAlg::sha1, BootPcrs::to_7, values).has_value());
  values.erase(9);
  EXPECT_FALSE(boot_aggregate(HashAlg::sha256, BootPcrs::to_9, values).has_value());
}

}  // namespace
}  // namespace etalon::ima
