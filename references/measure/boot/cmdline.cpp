// SPDX-License-Identifier: Apache-2.0
#include "references/measure/boot/cmdline.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "references/measure/profiles/stub.hpp"
#include "tools/base/result.hpp"
#include "tools/base/utf16.hpp"

namespace etalon::measure {

Result<std::string> mangle_cmdline(std::string_view text, LeadingBlanks leading) {
  TRY_ASSIGN(const std::vector<std::uint32_t> scalars, decode_utf8(text));
  std::string line;
  for (const std::uint32_t scalar : scalars) {
    if (scalar < 0x10000) line += scalar <= 0x20 ? " " : encode_utf8(scalar);
  }
  const std::size_t last = line.find_last_not_of(' ');
  line.erase(last == std::string::npos ? 0 : last + 1);
  if (!line.starts_with(' ') || leading == LeadingBlanks::kept) return line;
  if (leading == LeadingBlanks::unknown) {
    return fail(ErrorCode::unsupported,
                "begins with a blank, and what this stub makes of it is not known: remove it");
  }
  return line.substr(line.find_first_not_of(' '));
}

bool sets_console(std::string_view cmdline) {
  return cmdline.starts_with("console=") || cmdline.find(" console=") != std::string_view::npos;
}

bool passes_unchanged(std::string_view cmdline) {
  const bool controls = std::ranges::any_of(
      cmdline, [](char each) { return static_cast<unsigned char>(each) <= 0x1f; });
  return !controls && !cmdline.starts_with(' ') && !cmdline.ends_with(' ');
}

}  // namespace etalon::measure
