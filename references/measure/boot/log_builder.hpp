// SPDX-License-Identifier: Apache-2.0
// Collects the predicted events of one boot. Firmware names a PCR for each; in a TD the event
// extends the RTMR of that PCR instead (UEFI 2.10, section 38.4.1: PCR 2-6 are RTMR 1, PCR 8-15 are
// RTMR 2). Internal to references/measure/boot.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "references/eventlog/event.hpp"
#include "references/measure/boot/uki_boot.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/registers.hpp"

namespace etalon::measure {

// Events whose hashed bytes are longer keep only their digest.
inline constexpr std::size_t max_preimage = 4096;

class LogBuilder {
 public:
  LogBuilder(Tee tee, std::vector<HashAlg> banks);

  Tee tee() const { return tee_; }

  // The banks, and SHA-256 for the origin of what is hashed.
  const std::vector<HashAlg>& algs() const { return algs_; }

  // The digests of the banks among `all`.
  DigestSet in_banks(const DigestSet& all) const;

  // An event as the firmware logs it; `event.reg` is a PCR. Its digests are cut to the banks.
  void add(eventlog::Event event);
  // The same, with the digest of `bytes`; they are kept when few and not the event's data.
  void add_hash_of(ByteView bytes, eventlog::Event event);

  // A rule that keeps events out of a register, so that none of them can name it; `pcr` as above.
  void rests_on(RegisterId pcr, std::string rule, eventlog::Basis basis);

  eventlog::EventLog take() { return std::move(log_); }

  std::vector<SilentRule> take_rules() { return std::move(rules_); }

 private:
  Tee tee_;
  std::vector<HashAlg> banks_;
  std::vector<HashAlg> algs_;
  eventlog::EventLog log_;
  std::vector<SilentRule> rules_;
};

}  // namespace etalon::measure
