// SPDX-License-Identifier: Apache-2.0
// A predicted log on the command line, in any of the forms in which Etalon writes one.
#pragma once

#include <string>

#include "references/eventlog/diff.hpp"
#include "tools/base/result.hpp"

namespace etalon::build {

// JSON (predictions or an array of events) or the bytes of a firmware log; told by how the file
// begins. `platform` chooses among a prediction's platforms, empty where it has one. Errors name
// the file.
Result<eventlog::PredictedLog> load_predicted_log(const std::string& path,
                                                  const std::string& platform);

}  // namespace etalon::build
