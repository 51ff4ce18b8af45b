// SPDX-License-Identifier: Apache-2.0
// What is worth saying about a list that was read to its end. Of use to verify.cpp only.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "kernel/ima/replay.hpp"
#include "kernel/ima/verify.hpp"
#include "tools/base/digest.hpp"

namespace etalon::ima {

// A PCR in a bank.
using Pcr = std::pair<HashAlg, std::uint32_t>;

struct Judged {
  const Report& report;  // but for findings and verdict
  const Questions& questions;
  std::span<const Lane> lanes;
  const Lane& own;  // of the list's algorithm
  const std::set<Pcr>& compared;
};

// Errors first, each kind in the order of docs/formats/verify-ima.md.
std::vector<Finding> list_findings(const Judged& judged);

}  // namespace etalon::ima
