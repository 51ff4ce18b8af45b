// SPDX-License-Identifier: Apache-2.0
#include "tools/etalon/measure_options.hpp"

#include <string>
#include <utility>

#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"
#include "tools/cli/program.hpp"
#include "tools/cli/progress.hpp"
#include "tools/etalon/image_output.hpp"
#include "tools/pipeline/predict.hpp"
#include "tools/pipeline/uki_image.hpp"

namespace etalon::build {

void add_measure_options(cli::Verb& verb, MeasureOptions& options) {
  add_image_options(verb, options.image);
  verb.option("--platforms", options.platforms, "machines to predict for (platforms.yaml)")
      .required();
  verb.number("--assume-stub", options.assume_stub, 1, 9999,
              "take the rules of this systemd-stub version for an unknown one");
  verb.option("--assume-kernel", options.assume_kernel,
              "take the rules of this Linux version for an unknown one");
  verb.option("--alg", options.algs, "digests of the root's files, e.g. sha256,sha384");
}

pipeline::Overrides overrides(const MeasureOptions& options) {
  pipeline::Overrides out;
  if (options.assume_stub != 0) out.assume_stub = options.assume_stub;
  if (!options.assume_kernel.empty()) out.assume_kernel = options.assume_kernel;
  return out;
}

Result<pipeline::UkiImage> open_image(const MeasureOptions& options, bool inspect, cli::Io& io) {
  TRY_ASSIGN(auto algs, parse_hash_algs(options.algs));
  cli::Progress progress(io, "reading " + printable(options.image.image));
  image::WalkOptions how = walk_options(options.image, std::move(algs), progress);
  how.inspect = inspect;
  return pipeline::open_uki_image(options.image.image, how);
}

}  // namespace etalon::build
