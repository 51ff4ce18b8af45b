// SPDX-License-Identifier: Apache-2.0
// Names of measurement registers. A RegisterId is a TPM PCR (0-23), a TDX RTMR (0-3) or MRTD and
// prints as "pcr4", "rtmr1", "mrtd". The CC event log (CCEL) numbers its registers MR 0-4 instead,
// where MR 0 is MRTD and RTMR n is MR n + 1 (UEFI 2.10, section 38.4.1).
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "tools/base/result.hpp"

namespace etalon {

class RegisterId {
 public:
  enum class Kind : std::uint8_t { mrtd, rtmr, pcr };

  static RegisterId mrtd() { return {Kind::mrtd, 0}; }

  // 0-23 and 0-3; anything else is malformed.
  static Result<RegisterId> pcr(std::uint32_t index);
  static Result<RegisterId> rtmr(std::uint32_t index);

  // Indexes written in our own source; a bad one does not compile.
  template <std::uint8_t Index>
  static constexpr RegisterId pcr() {
    static_assert(Index < 24);
    return {Kind::pcr, Index};
  }

  template <std::uint8_t Index>
  static constexpr RegisterId rtmr() {
    static_assert(Index < 4);
    return {Kind::rtmr, Index};
  }

  // From "pcr11", "rtmr2" or "mrtd".
  static Result<RegisterId> parse(std::string_view text);

  constexpr Kind kind() const { return kind_; }

  constexpr std::uint8_t index() const { return index_; }

  std::string text() const;

  constexpr auto operator<=>(const RegisterId&) const = default;

 private:
  constexpr RegisterId(Kind kind, std::uint8_t index) : kind_(kind), index_(index) {}

  Kind kind_;
  std::uint8_t index_;
};

}  // namespace etalon
