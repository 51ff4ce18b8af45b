// SPDX-License-Identifier: Apache-2.0
// Predictions as the JSON of `predict registers` and `measure` (docs/formats/predict-registers.md),
// and as the table people read.
#pragma once

#include <iosfwd>
#include <span>

#include "tools/codec/json.hpp"
#include "tools/pipeline/predict.hpp"

namespace etalon::pipeline {

// [{id,tee,boot,ruleset,registers,events,rules,assumptions,unpinned}]
Json predictions_json(std::span<const PlatformPrediction> predictions);

// A line per register, condition and bank: register, status, condition, bank, value, basis.
void print_predictions(std::span<const PlatformPrediction> predictions, std::ostream& out);

}  // namespace etalon::pipeline
