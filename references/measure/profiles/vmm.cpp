// SPDX-License-Identifier: Apache-2.0
#include "references/measure/profiles/vmm.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "references/eventlog/event.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure {
namespace {

using eventlog::Basis;

// smm and pic are "auto" unless the command line says otherwise, and TDX turns both off; it needs
// the interrupt controllers split between kernel and QEMU. hpet is not touched: whether there is
// one is the command line's.
constexpr std::string_view td_machine = "q35,kernel-irqchip=split,smm=off,pic=off";

constexpr std::array<VmmProfile, 2> profiles = {{
    {.first = {.major = 7, .minor = 2},
     .last = {.major = 10, .minor = 0},
     .rule = "qemu 7.2-10.0",
     .machine = td_machine,
     .source = "no TDX guest in these releases; Intel's and Ubuntu's builds of them turn off smm "
               "and pic (patches to target/i386/kvm/tdx.c)",
     .basis = Basis::source},
    {.first = {.major = 10, .minor = 1},
     .last = {.major = 10, .minor = 2},
     .rule = "qemu 10.1-10.2",
     .machine = td_machine,
     .source = "QEMU target/i386/kvm/tdx.c, tdx_kvm_init",
     .basis = Basis::source},
}};

std::string text_of(QemuVersion version) {
  return std::to_string(version.major) + "." + std::to_string(version.minor);
}

}  // namespace

std::span<const VmmProfile> vmm_profiles() {
  return profiles;
}

Result<QemuVersion> parse_qemu_version(std::string_view text) {
  constexpr std::string_view label = "version ";
  const std::size_t at = text.find(label);
  const char* end = text.data() + text.size();
  const char* start = at == std::string_view::npos ? text.data() : text.data() + at + label.size();
  QemuVersion version;
  const auto major = std::from_chars(start, end, version.major);
  if (major.ec != std::errc{} || major.ptr == end || *major.ptr != '.')
    return fail(ErrorCode::malformed, "no version of QEMU in '" + printable(text) + "'");
  const auto minor = std::from_chars(major.ptr + 1, end, version.minor);
  if (minor.ec != std::errc{})
    return fail(ErrorCode::malformed, "no version of QEMU in '" + printable(text) + "'");
  return version;
}

Result<const VmmProfile*> select_vmm(QemuVersion version) {
  for (const VmmProfile& each : profiles)
    if (each.first <= version && version <= each.last) return &each;
  return fail(ErrorCode::unsupported, "QEMU " + text_of(version) +
                                          ": not known what it makes of a trust domain; name a "
                                          "version with --assume-qemu");
}

}  // namespace etalon::measure
