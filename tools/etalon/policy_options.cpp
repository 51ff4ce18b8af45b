// SPDX-License-Identifier: Apache-2.0
#include "tools/etalon/policy_options.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "kernel/config/kconfig.hpp"
#include "policy/lang/facts.hpp"
#include "policy/lang/lint.hpp"
#include "policy/lang/parse.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/kernel_version.hpp"
#include "tools/base/result.hpp"
#include "tools/codec/json.hpp"

namespace etalon::build {
namespace {

Result<std::optional<kconfig::Config>> load_config(const std::string& path) {
  if (path.empty()) return std::optional<kconfig::Config>();
  TRY_ASSIGN(const Bytes bytes, read_file(path, kconfig::max_config_size));
  TRY_ASSIGN(kconfig::Config config,
             in_file(in(kconfig::Config::parse(as_text(bytes)), "kernel configuration"), path));
  return std::optional(std::move(config));
}

}  // namespace

Result<KernelVersion> kernel_option(const std::string& text) {
  auto version = policy::known_kernel(text);
  if (!version) {
    version.error().code = ErrorCode::usage;
    version.error().field = "--kernel";
  }
  return version;
}

Result<policy::KernelFacts> kernel_facts(const std::string& kernel, const std::string& config,
                                         policy::Labels labels) {
  TRY_ASSIGN(const KernelVersion version, kernel_option(kernel));
  TRY_ASSIGN(auto loaded, load_config(config));
  return policy::KernelFacts(version, std::move(loaded), labels);
}

Json accepted_json(policy::Accepted accepted) {
  if (accepted == policy::Accepted::unknown) return {};
  return accepted == policy::Accepted::yes;
}

std::string_view word(policy::Accepted accepted) {
  switch (accepted) {
    case policy::Accepted::yes:
      return "accepted";
    case policy::Accepted::no:
      return "refused";
    case policy::Accepted::unknown:
      break;
  }
  return "open";
}

Json finding_json(const policy::LintFinding& finding) {
  return Json(Json::Object{{"id", finding.id},
                           {"severity", name(finding.severity)},
                           {"line", finding.line ? Json(std::uint64_t{*finding.line}) : Json()},
                           {"message", finding.message},
                           {"fix", finding.fix}});
}

}  // namespace etalon::build
