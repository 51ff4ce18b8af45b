// SPDX-License-Identifier: Apache-2.0
// The registers of one platform, predicted from a UKI: the adapter between platforms.yaml, the
// files it names, and the predictors, which take plain bytes.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "references/eventlog/event.hpp"
#include "references/eventlog/expectation.hpp"
#include "references/measure/boot/uki_boot.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"
#include "tools/config/platforms.hpp"
#include "tools/pipeline/uki_image.hpp"

namespace etalon::pipeline {

// Rules to take for versions that have none of their own; a platform's own setting goes first.
struct Overrides {
  std::optional<unsigned> assume_stub{};
  std::optional<std::string> assume_kernel{};
};

// An input beside the image that the values rest on.
struct PlatformInput {
  std::string name{};
  DigestSet digests{};

  bool operator==(const PlatformInput&) const = default;
};

struct PlatformPrediction {
  config::Platform platform{};
  std::string ruleset{};
  eventlog::EventLog events{};
  std::vector<measure::SilentRule> rules{};
  std::map<RegisterId, eventlog::Expectation> registers{};
  // Condition -> the values its alternatives cover.
  std::map<std::string, std::vector<std::string>> conditions{};
  std::vector<std::string> assumptions{};
  std::vector<std::string> unpinned{};
  std::vector<PlatformInput> inputs{};  // firmware
};

// The condition under which MRTD is one of two values: the order in which the VMM adds and extends
// the firmware's pages.
inline constexpr const char* mrtd_condition = "mrtd-ordering";
// The condition under which PCR 11 is one of several: how far userspace has come.
inline constexpr const char* phase_condition = "phase";

// Errors name the platform.
Result<PlatformPrediction> predict_platform(const UkiImage& image, const config::Platform& platform,
                                            const Overrides& overrides);

// The rules among those behind an exact value, or behind a register's staying zero, that were only
// read in source code.
std::vector<std::string> source_rules(const PlatformPrediction& prediction, RegisterId reg);

}  // namespace etalon::pipeline
