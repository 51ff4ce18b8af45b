// SPDX-License-Identifier: Apache-2.0
// The fold: an event list becomes register values by R := H(R || digest), starting from zero
// (TPM 2.0 library part 1, section 17.2; TDX module TDG.MR.RTMR.EXTEND). PCRs 17-22 start at all
// ones. Prediction, replay of an observed log and the search for a mismatch share it.
#pragma once

#include <map>
#include <span>

#include "references/eventlog/event.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"

namespace etalon::eventlog {

// What a register holds before the first event. A PCR in one of the banks; an RTMR in SHA-384.
AnyDigest start_value(RegisterId reg, HashAlg alg);

AnyDigest extend(const AnyDigest& value, const AnyDigest& digest);

using RegisterValues = std::map<RegisterId, DigestSet>;

// The value of every register that an event touches, in every bank its events carry. EV_NO_ACTION
// never extends; a "StartupLocality" one before the first extend of PCR 0 gives its start value. An
// event that lacks a bank which an earlier event of the same register has (or the other way round)
// makes that bank's value meaningless: mismatch error naming the event.
Result<RegisterValues> replay(std::span<const Event> log);

}  // namespace etalon::eventlog
