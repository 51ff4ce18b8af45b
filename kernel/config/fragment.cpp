// SPDX-License-Identifier: Apache-2.0
#include "kernel/config/fragment.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/config/lsm.hpp"
#include "kernel/config/request.hpp"
#include "kernel/options/features.hpp"
#include "kernel/options/options.hpp"
#include "tools/base/kernel_version.hpp"
#include "tools/base/result.hpp"

namespace etalon::kconfig {
namespace {

std::string joined(const std::vector<Feature>& features) {
  std::string text;
  for (const Feature each : features)
    text += (text.empty() ? "" : ", ") + std::string(name(each));
  return text;
}

std::string line_of(const Wanted& wanted) {
  const std::string symbol = "CONFIG_" + std::string(wanted.option->symbol);
  if (wanted.value == "n") return "# " + symbol + " is not set\n";
  return symbol + "=" + wanted.value + "\n";
}

std::string comment_of(const Wanted& wanted) {
  std::string text = "# " + joined(wanted.features) + ": " + std::string(wanted.option->why);
  if (wanted.present == Known::unknown) text += " (not every version since the last known has it)";
  return text + "\n";
}

std::string head(const FragmentRequest& request, const std::vector<Feature>& features) {
  return "# " + joined(features) + " on Linux " + to_string(request.kernel) +
         ", for scripts/kconfig/merge_config.sh. Check the final .config:\n"
         "# a line whose dependencies are not met vanishes without an error.\n";
}

// The list of security modules belongs to whoever made the configuration.
std::string remarks(const FragmentRequest& request) {
  if (!request.lsm.empty() || needs_integrity_lsm(request.kernel) == Known::no) return {};
  return "\n# The list of security modules is left as it is; this version needs integrity in it.\n";
}

bool is_lsm_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

// The list asked for, with integrity where this kernel needs it.
Result<std::string> lsm_lines(const FragmentRequest& request, bool needs_integrity) {
  if (request.lsm.empty()) return std::string();
  std::vector<std::string> names = request.lsm;
  for (const std::string& each : names) {
    if (!is_lsm_name(each))
      return fail(ErrorCode::usage, "'" + printable(each) + "' is no security module");
  }
  if (needs_integrity && std::ranges::find(names, "integrity") == names.end())
    names.emplace_back("integrity");
  std::string list;
  for (const std::string& each : names)
    list += (list.empty() ? "" : ",") + each;
  return "\n# " + std::string(find_option("LSM")->why) + "\nCONFIG_LSM=\"" + list + "\"\n";
}

FragmentRequest with_defaults(FragmentRequest request) {
  if (request.hash.empty()) request.hash = "sha256";
  if (request.tmplate.empty()) request.tmplate = "ima-ng";
  return request;
}

Result<std::string> write_complete(const FragmentRequest& request) {
  TRY(check_request(request));
  const auto features = with_foundations(request.features);
  const bool integrity = std::ranges::any_of(features, is_integrity_feature);
  std::string text = head(request, features);
  for (const Wanted& wanted : wanted_options(request)) {
    if (wanted.option->prompt == Prompt::hidden) continue;
    text += "\n" + comment_of(wanted) + line_of(wanted);
  }
  TRY_ASSIGN(const std::string lsm,
             lsm_lines(request, integrity && needs_integrity_lsm(request.kernel) != Known::no));
  text += lsm;
  const bool measures = std::ranges::find(features, Feature::ima) != features.end();
  if (measures && request.hash == "sha384")
    text += "\n# No option makes SHA-384 the default: boot with ima_hash=sha384 as well.\n";
  if (integrity) text += remarks(request);
  return text;
}

}  // namespace

Result<std::string> write_fragment(const FragmentRequest& request) {
  return write_complete(with_defaults(request));
}

}  // namespace etalon::kconfig
