// SPDX-License-Identifier: Apache-2.0
// Whether a record's digests are over its own data. Registers cover neither the type nor the data
// of an event, so whoever writes the log may call a measured thing by another name. For the types
// whose digest is by definition over the data (TCG PC Client Platform Firmware Profile 1.06,
// section 10.4) that shows; for all others the data is a description and proves nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "references/eventlog/untrusted_log.hpp"

namespace etalon::eventlog {

enum class DataCheck : std::uint8_t {
  matches,      // every digest that we can compute is that of the data
  differs,      // one is not: the event is relabelled, or its data is not what was measured
  not_covered,  // the type's digest is over something else, or in no algorithm of ours
};

// "matches", "differs", "not_covered".
std::string_view name(DataCheck check);

struct DataVerdict {
  DataCheck check = DataCheck::not_covered;
  // differs: what the digests really are of, when it is something every boot measures: "separator
  // 00000000", "action Exit Boot Services Invocation". Empty when that is not known.
  std::string really{};

  bool operator==(const DataVerdict&) const = default;
};

// An EV_EFI_VARIABLE_BOOT event's digest is over the variable's value, or in some firmware over all
// of the data; both count as matching.
DataVerdict check_data(const UntrustedRecord& record);

}  // namespace etalon::eventlog
