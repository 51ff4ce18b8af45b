// SPDX-License-Identifier: Apache-2.0
// The TD HOB list: what the hypervisor tells the firmware of a TD about its memory, and the first
// thing that the firmware measures into RTMR 0. A PHIT HOB, then one resource descriptor HOB per
// range (PI specification 1.8, volume 3, chapter 5), where QEMU (hw/i386/tdvf-hob.c, tdx.c of 10.2)
// or Google's hypervisor puts them. It depends on the memory size and on the TDVF metadata alone.
#pragma once

#include <cstdint>

#include "references/measure/tdx/tdvf.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure::tdx {

struct TdHob {
  std::uint64_t gpa = 0;  // where the list lies: the TD_HOB section
  Bytes measured{};       // the list up to but without its end HOB, which no digest covers
};

// Of a q35 machine with `memory` bytes; a lower max-ram-below-4g is not known here. usage error for
// a size that is no multiple of a page or leaves a TD_HOB or TempMem section outside of a range.
Result<TdHob> qemu_td_hob(const Metadata& metadata, std::uint64_t memory);

// Of Google's machines with one NUMA node. unsupported above 176 GiB: those have more nodes, whose
// ranges are not known. usage error as above.
Result<TdHob> google_td_hob(const Metadata& metadata, std::uint64_t memory);

}  // namespace etalon::measure::tdx
