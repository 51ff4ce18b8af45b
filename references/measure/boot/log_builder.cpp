// SPDX-License-Identifier: Apache-2.0
#include "references/measure/boot/log_builder.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "references/eventlog/event.hpp"
#include "references/measure/boot/uki_boot.hpp"
#include "tools/base/assert.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/registers.hpp"

namespace etalon::measure {
namespace {

RegisterId rtmr_of(RegisterId pcr) {
  ETALON_ASSERT(pcr.index() >= 2 && pcr.index() <= 15 && pcr.index() != 7);
  return pcr.index() <= 6 ? RegisterId::rtmr<1>() : RegisterId::rtmr<2>();
}

}  // namespace

LogBuilder::LogBuilder(Tee tee, std::vector<HashAlg> banks)
    : tee_(tee), banks_(std::move(banks)), algs_(banks_) {
  if (std::ranges::find(algs_, HashAlg::sha256) == algs_.end()) algs_.push_back(HashAlg::sha256);
}

DigestSet LogBuilder::in_banks(const DigestSet& all) const {
  DigestSet digests;
  for (const HashAlg bank : banks_) {
    const AnyDigest* digest = all.find(bank);
    if (digest != nullptr) digests.set(*digest);
  }
  return digests;
}

void LogBuilder::add(eventlog::Event event) {
  event.digests = in_banks(event.digests);
  if (tee_ == Tee::tdx) event.reg = rtmr_of(event.reg);
  log_.push_back(std::move(event));
}

void LogBuilder::rests_on(RegisterId pcr, std::string rule, eventlog::Basis basis) {
  const RegisterId reg = tee_ == Tee::tdx ? rtmr_of(pcr) : pcr;
  rules_.push_back({.reg = reg, .rule = std::move(rule), .basis = basis});
}

void LogBuilder::add_hash_of(ByteView bytes, eventlog::Event event) {
  event.digests = hash_all(banks_, bytes);
  if (bytes.size() <= max_preimage && !equal(bytes, event.data)) event.preimage = to_bytes(bytes);
  add(std::move(event));
}

}  // namespace etalon::measure
