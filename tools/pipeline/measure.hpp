// SPDX-License-Identifier: Apache-2.0
// The main job: an image and the platforms it will run on become an unsigned bundle of reference
// values (docs/formats/manifest.md).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "references/bundle/bundle.hpp"
#include "references/bundle/manifest.hpp"
#include "tools/base/result.hpp"
#include "tools/config/platforms.hpp"
#include "tools/pipeline/predict.hpp"
#include "tools/pipeline/uki_image.hpp"

namespace etalon::pipeline {

struct MeasureInputs {
  bundle::Release release{};
  std::vector<config::Platform> platforms{};
  Overrides overrides{};
  std::vector<std::string> accept{};  // rules read only in source code that may be signed as exact
  std::optional<Bytes> policy{};      // the IMA policy the image loads
  std::optional<Bytes> kernel_config{};
};

struct Measurement {
  std::vector<PlatformPrediction> platforms{};
  bundle::Bundle bundle{};
  std::vector<std::string> notes{};  // for people: what was held back and why
};

// Values, zero included, that rest on a rule with basis `source` come out `unpredictable`, with
// that reason, unless the rule is accepted. With a policy the image was opened with
// WalkOptions::inspect, and malformed is a policy that its kernel refuses. mismatch when the policy
// is not the one in the image's /etc/ima/ima-policy; usage when an accepted rule is none of the
// rules used; io when the image's file was changed since it was opened.
Result<Measurement> measure(const UkiImage& image, const MeasureInputs& inputs);

// Predictions for every platform, in the order given; io as above.
Result<std::vector<PlatformPrediction>> predict_platforms(
    const UkiImage& image, const std::vector<config::Platform>& platforms,
    const Overrides& overrides);

}  // namespace etalon::pipeline
