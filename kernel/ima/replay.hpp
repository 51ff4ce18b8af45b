// SPDX-License-Identifier: Apache-2.0
// What a measurement list extends PCRs to, bank by bank, and after which of its entries the PCRs
// had given values: a register read while entries are added lags behind the list, so any prefix of
// it may be the one that was quoted. Sources: Linux, security/integrity/ima/ima_queue.c,
// ima_crypto.c; TPM 2.0 library part 1, section 17.2 (extend).
//
//   extended  = H(data)                                  proper
//             | SHA-1(data), zeros                       padded
//             | ff…                                      violation
//   PCR       = H(PCR, extended)
//
// Padded is what a kernel does to a bank whose hash it could not compute when IMA started, and what
// all did before 5.8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "kernel/ima/list.hpp"
#include "kernel/ima/record.hpp"
#include "references/eventlog/pcr_values.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"

namespace etalon::ima {

enum class Extension : std::uint8_t { proper, padded };

// Whether a lane looks for padded banks as well, which costs as much again as half of the rest.
enum class Padding : std::uint8_t { ignored, looked_for };

using eventlog::PcrValues;

// Prefixes of a list, as numbers of entries: from `first` up to and including `last`.
struct Prefixes {
  std::uint64_t first = 0;
  std::uint64_t last = 0;

  bool operator==(const Prefixes&) const = default;
};

// One PCR in one bank, extended in one way.
struct PcrTrack {
  explicit PcrTrack(HashAlg alg) : value(AnyDigest::zero(alg)) {}

  AnyDigest value;
  bool touched = false;
  std::optional<AnyDigest> wanted{};
  std::vector<Prefixes> matches{};  // after which entries the value was the wanted one
};

// One hash algorithm's part of a replay. Lanes share nothing and may run beside each other.
class Lane {
 public:
  // PCRs start at `start` or zero and are compared with `wanted`. `list_hash` is the list's
  // algorithm of template digests. SHA-1 is never padded.
  Lane(HashAlg alg, HashAlg list_hash, const PcrValues& start, const PcrValues& wanted,
       Padding padding = Padding::looked_for);

  HashAlg alg() const { return alg_; }

  bool looks_for_padding() const { return !padded_.empty(); }

  // Hashes for one entry.
  unsigned load() const { return looks_for_padding() ? 3 : 2; }

  // Batches in their order, each once.
  void add(const Batch& batch);

  // Padded only where it is looked for.
  const PcrTrack& track(std::uint32_t pcr, Extension extension) const {
    return (extension == Extension::proper ? proper_ : padded_)[pcr];
  }

  // Numbers of entries whose template digest is not that of their data; only in the lane of the
  // list's own algorithm. At most max_bad of them; bad_count() tells how many there are.
  std::span<const std::uint64_t> bad() const { return bad_; }

  std::uint64_t bad_count() const { return bad_count_; }

  static constexpr std::size_t max_bad = 16;

 private:
  void add(const Record& record, std::uint64_t number);
  void extend(PcrTrack& track, ByteView value, std::uint64_t number);
  AnyDigest sha1_of(const Record& record);

  HashAlg alg_;
  HashAlg list_hash_;
  Hasher hasher_;
  Hasher sha1_;
  std::vector<PcrTrack> proper_;
  std::vector<PcrTrack> padded_{};  // empty: not looked for
  std::vector<std::uint64_t> bad_{};
  std::uint64_t bad_count_ = 0;
  std::uint64_t entries_ = 0;
};

}  // namespace etalon::ima
