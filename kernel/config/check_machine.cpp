// SPDX-License-Identifier: Apache-2.0
// Whether the configuration is the kernel's own, and what it does with a TPM or in a trust domain.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "kernel/config/check_parts.hpp"
#include "kernel/config/dependencies.hpp"
#include "kernel/config/kconfig.hpp"
#include "kernel/options/features.hpp"
#include "kernel/options/options.hpp"
#include "tools/base/kernel_version.hpp"
#include "tools/base/result.hpp"

namespace etalon::kconfig {
namespace {

constexpr Versions with_rtmr_files{.last_without = {.version = 6, .patchlevel = 15},
                                   .first_with = {.version = 6, .patchlevel = 16}};

void check_header(const CheckParts& check) {
  const std::optional<ConfigHeader>& header = check.config.header();
  if (!header) return;
  const auto version = parse_kernel_version(header->release);
  if (!version || *version != check.request.kernel) {
    check.error("version-differs",
                "the configuration is that of Linux " + printable(header->release) + ", not of " +
                    to_string(check.request.kernel),
                "give the version of the kernel, or its own configuration");
  }
  if (header->arch != "x86" && header->arch != "x86_64") {
    check.error("other-architecture",
                "the configuration is one for " + printable(header->arch) + ", not for x86",
                "give the configuration of an x86 kernel");
  }
}

void check_settled(const CheckParts& check, const Option& option) {
  const Tristate have = tristate(check.config, option.symbol);
  if (have == Tristate::n) return;
  const std::string name = config_name(option.symbol);
  const KernelVersion kernel = check.request.kernel;
  if (holds(option.versions, kernel) == Known::no) {
    check.error("option-unknown", "Linux " + to_string(kernel) + " has no " + name,
                "give the version the configuration is for, or build from that version's");
    return;
  }
  const Tristate most =
      std::max(limit(check.config, option, kernel), pulled(check.config, option, kernel));
  if (have <= most) return;
  std::string why;
  for (const std::string& each : unmet_needs(check.config, option.symbol, kernel))
    why += (why.empty() ? " needs " : ", ") + config_name(each);
  check.error("not-final",
              name + "=" + std::string(text(have)) + " cannot be in a final configuration: it" +
                  (why.empty() ? " has a module among its needs" : why),
              "run make olddefconfig and check what it leaves");
}

}  // namespace

void check_origin(const CheckParts& check) {
  check_header(check);
  for (const Option& option : options()) {
    const bool wanted = std::ranges::any_of(
        check.wanted, [&](const Wanted& each) { return each.option == &option; });
    const bool tristates =
        option.type == OptionType::boolean || option.type == OptionType::tristate;
    if (tristates && (wanted || option.prompt == Prompt::shown)) check_settled(check, option);
  }
}

void check_tpm(const CheckParts& check) {
  if (!check.asks(Feature::ima) && !check.asks(Feature::vtpm)) return;
  constexpr std::array<std::string_view, 3> drivers = {"TCG_TPM", "TCG_TIS", "TCG_CRB"};
  std::string modules;
  for (const std::string_view each : drivers)
    if (check.config.is_module(each)) modules += (modules.empty() ? "" : ", ") + config_name(each);
  if (modules.empty()) return;
  if (check.asks(Feature::ima)) {
    check.error("tpm-module",
                modules +
                    "=m: the TPM is found after IMA has started, so boot_aggregate is that of no "
                    "TPM and nothing is extended",
                "set y for each");
  } else {
    check.note("tpm-module", modules + "=m: there is no TPM until modules are loaded",
               "have the image load them, or build them in");
  }
}

void check_tdx(const CheckParts& check) {
  if (!check.asks(Feature::tdx_guest)) return;
  const KernelVersion kernel = check.request.kernel;
  const Option* driver = find_option("TDX_GUEST_DRIVER");
  if (driver != nullptr && holds(driver->versions, kernel) == Known::no) {
    check.warn("no-tdx-driver",
               "Linux " + to_string(kernel) +
                   " has no driver of its own for quotes: a trust domain runs, but proves nothing",
               "take Linux 6.12 or later");
    return;
  }
  if (check.config.is_module("TDX_GUEST_DRIVER")) {
    check.note("tdx-driver-module",
               "CONFIG_TDX_GUEST_DRIVER=m: there are no quotes until tdx_guest is loaded",
               "have the image load it, or build it in");
  }
  if (holds(with_rtmr_files, kernel) == Known::no) {
    check.note("no-rtmr-files",
               "before Linux 6.16 RTMRs are neither read nor extended through sysfs",
               "take later kernels where software extends RTMRs");
  }
}

}  // namespace etalon::kconfig
