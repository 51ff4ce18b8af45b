// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>

#include "kernel/config/check_parts.hpp"
#include "kernel/options/features.hpp"

namespace etalon::kconfig {
namespace {

// The last ima_appraise= that the kernel knows decides; it looks at the first letters only (Linux
// 6.12, ima_appraise_parse_cmdline()).
std::string_view appraise_mode(const CheckParts& check) {
  std::string_view mode;
  for (const std::string& word : check.words)
    if (word.starts_with("ima_appraise=")) mode = std::string_view(word).substr(13);
  return mode;
}

}  // namespace

void check_parameters(const CheckParts& check) {
  if (!check.asks(Feature::ima_appraise) || !check.config.is_builtin("IMA_APPRAISE")) return;
  if (!check.config.is_builtin("IMA_APPRAISE_BOOTPARAM")) return;
  const std::string_view mode = appraise_mode(check);
  for (const std::string_view weak : {"off", "log", "fix"}) {
    if (!mode.starts_with(weak)) continue;
    check.error("appraise-not-enforced",
                "ima_appraise=" + std::string(weak) +
                    " on the command line: no file is refused unless Secure Boot is on",
                "take it away");
    return;
  }
  check.warn("appraise-bootparam",
             "CONFIG_IMA_APPRAISE_BOOTPARAM=y: who sets the command line can switch appraisal off",
             "turn it off, or measure the command line and check it");
}

}  // namespace etalon::kconfig
