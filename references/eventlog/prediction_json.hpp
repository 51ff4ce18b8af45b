// SPDX-License-Identifier: Apache-2.0
// Reads predictions back: the JSON of `predict registers` and `measure`, whose platforms have
// events and expectations (docs/formats/predict-registers.md), or an array of events alone, as a
// bundle's eventlogs/<platform>.json.
#pragma once

#include <string_view>

#include "references/eventlog/diff.hpp"
#include "tools/base/result.hpp"
#include "tools/codec/json.hpp"

namespace etalon::eventlog {

// `platform` is an id; it may be empty where there is only one. Usage error when it is needed and
// not given, or given for an array; not_found when there is none of that id.
Result<PredictedLog> parse_prediction(const Json& document, std::string_view platform);

}  // namespace etalon::eventlog
