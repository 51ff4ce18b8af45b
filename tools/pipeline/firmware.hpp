// SPDX-License-Identifier: Apache-2.0
// Firmware images on disk.
#pragma once

#include <string>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::pipeline {

// The image as the guest sees it: `file` alone, or with the variables in `file` and the code in
// `code` both joined. usage when they are given the other way round.
Result<Bytes> load_firmware(const std::string& file, const std::string& code);

}  // namespace etalon::pipeline
