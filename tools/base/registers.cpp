// SPDX-License-Identifier: Apache-2.0
#include "tools/base/registers.hpp"

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "tools/base/result.hpp"

namespace etalon {

Result<RegisterId> RegisterId::pcr(std::uint32_t index) {
  if (index >= 24) {
    return fail(ErrorCode::malformed, "PCR index " + std::to_string(index) + " is not 0-23");
  }
  return RegisterId(Kind::pcr, static_cast<std::uint8_t>(index));
}

Result<RegisterId> RegisterId::rtmr(std::uint32_t index) {
  if (index >= 4) {
    return fail(ErrorCode::malformed, "RTMR index " + std::to_string(index) + " is not 0-3");
  }
  return RegisterId(Kind::rtmr, static_cast<std::uint8_t>(index));
}

Result<RegisterId> RegisterId::parse(std::string_view text) {
  if (text == "mrtd") return mrtd();
  const bool is_pcr = text.starts_with("pcr");
  std::string_view digits;
  if (is_pcr) digits = text.substr(3);
  if (text.starts_with("rtmr")) digits = text.substr(4);
  std::uint32_t index = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  const bool canonical = digits.size() == 1 || !digits.starts_with('0');
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size() ||
      !canonical) {
    return fail(ErrorCode::malformed, "not a register name: " + printable(text));
  }
  return is_pcr ? pcr(index) : rtmr(index);
}

std::string RegisterId::text() const {
  switch (kind_) {
    case Kind::mrtd:
      return "mrtd";
    case Kind::rtmr:
      return "rtmr" + std::to_string(index_);
    case Kind::pcr:
      return "pcr" + std::to_string(index_);
  }
  return "unknown";
}

}  // namespace etalon
