// SPDX-License-Identifier: Apache-2.0
// What a kernel can be asked for, and the options each of these features takes. Rows are data; what
// the options themselves are is in options.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/options/options.hpp"
#include "tools/base/result.hpp"

namespace etalon::kconfig {

enum class Feature : std::uint8_t { ima, ima_appraise, evm, fs_verity, tdx_guest, vtpm };

// "ima", "ima-appraise", …
std::string_view name(Feature feature);
// Every name, in the order of the enum.
std::span<const std::string_view> feature_names();

// From "ima,vtpm": in the order of the enum, each once, and what one is built on with it. usage for
// a name that is none.
Result<std::vector<Feature>> parse_features(std::string_view list);
// The features with what they are built on, sorted.
std::vector<Feature> with_foundations(std::span<const Feature> features);

enum class Weight : std::uint8_t {
  required,  // without it the feature is not there
  if_there,  // the same in a version that has the option; others have the rest of the feature
  advised,   // the feature is there without it
};

// Whether a module will do where y is wanted.
enum class Accepts : std::uint8_t { exactly, module_too };

struct FeatureOption {
  Feature feature = Feature::ima;
  std::string_view symbol{};
  std::string_view value = "y";
  Weight weight = Weight::required;
  Accepts accepts = Accepts::exactly;
  Versions versions{};  // of the demand; those of the option itself hold as well
};

std::span<const FeatureOption> feature_options();

}  // namespace etalon::kconfig
