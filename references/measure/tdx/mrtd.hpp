// SPDX-License-Identifier: Apache-2.0
// MRTD: the SHA-384 over what the VMM adds to a trust domain before it runs (TDX module base
// specification, TDH.MEM.PAGE.ADD and TDH.MR.EXTEND; our specification 1.2). It depends on the
// firmware image and on the order of the calls, and on nothing else: neither memory size nor
// processors change it.
#pragma once

#include <cstdint>
#include <string_view>

#include "references/eventlog/event.hpp"
#include "references/measure/tdx/tdvf.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure::tdx {

enum class MrtdOrdering : std::uint8_t {
  page,     // each page added, then extended: KVM since 6.16 and most others
  section,  // all pages of a section added, then all extended: out-of-tree KVM v19, Ubuntu 24.04
};

// How well the algorithm is known: no quote of a machine running a firmware we can obtain was
// available to compare with.
inline constexpr eventlog::Basis mrtd_basis = eventlog::Basis::source;

// "kvm-page", "kvm-section".
std::string_view name(MrtdOrdering ordering);

// Sections in metadata order, pages ascending; bytes past raw_size are zero. Metadata that
// validate_metadata refuses is refused here too.
Result<Sha384> predict_mrtd(ByteView firmware, const Metadata& metadata, MrtdOrdering ordering);

}  // namespace etalon::measure::tdx
