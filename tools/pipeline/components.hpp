// SPDX-License-Identifier: Apache-2.0
// The parts of a UKI that explain its values: the file as firmware measures it, and every section
// that has content. The manifest lists them, and `image show` prints the same.
#pragma once

#include <vector>

#include "mkosi/uki/pe.hpp"
#include "references/bundle/manifest.hpp"
#include "tools/base/result.hpp"

namespace etalon::pipeline {

// With SHA-256 and SHA-384; "authenticode" first, then the sections in the order of the file's
// table.
Result<std::vector<bundle::Component>> uki_components(const uki::Pe& pe);

}  // namespace etalon::pipeline
