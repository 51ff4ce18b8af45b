// SPDX-License-Identifier: Apache-2.0
// What `predict registers` and `measure` have in common: the image, the platforms, and the rules
// to take where a version has none.
#pragma once

#include <string>

#include "tools/base/result.hpp"
#include "tools/cli/verb.hpp"
#include "tools/etalon/image_output.hpp"
#include "tools/pipeline/predict.hpp"
#include "tools/pipeline/uki_image.hpp"

namespace etalon::build {

struct MeasureOptions {
  ImageOptions image{};
  std::string platforms{};
  unsigned assume_stub = 0;     // 0: not given
  std::string assume_kernel{};  // empty: not given
  std::string algs = "sha256";
};

void add_measure_options(cli::Verb& verb, MeasureOptions& options);

pipeline::Overrides overrides(const MeasureOptions& options);

// Opens and walks the image, with progress where stderr is a terminal.
// With `inspect` its files are looked at for what they are, too.
Result<pipeline::UkiImage> open_image(const MeasureOptions& options, bool inspect, cli::Io& io);

}  // namespace etalon::build
