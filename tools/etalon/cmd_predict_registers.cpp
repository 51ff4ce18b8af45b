// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "tools/base/result.hpp"
#include "tools/cli/program.hpp"
#include "tools/codec/json.hpp"
#include "tools/config/platforms.hpp"
#include "tools/etalon/image_output.hpp"
#include "tools/etalon/measure_options.hpp"
#include "tools/etalon/verbs.hpp"
#include "tools/pipeline/measure.hpp"
#include "tools/pipeline/predict_json.hpp"
#include "tools/pipeline/uki_image.hpp"

namespace etalon::build {
namespace {

struct Options {
  MeasureOptions common;
  std::string platform;
};

Result<std::vector<config::Platform>> choose(std::vector<config::Platform> platforms,
                                             const std::string& id) {
  if (id.empty()) return platforms;
  std::erase_if(platforms, [&id](const config::Platform& platform) { return platform.id != id; });
  if (platforms.empty()) return fail(ErrorCode::usage, "no platform '" + printable(id) + "'");
  return platforms;
}

Result<cli::ExitCode> run(const Options& options, cli::Io& io) {
  TRY_ASSIGN(auto all, config::load_platforms(options.common.platforms));
  TRY_ASSIGN(const auto platforms, choose(std::move(all), options.platform));
  TRY_ASSIGN(const auto image, open_image(options.common, false, io));
  TRY_ASSIGN(const auto predictions,
             in_file(pipeline::predict_platforms(image, platforms, overrides(options.common)),
                     options.common.image.image));
  print_findings(options.common.image.image, image.walked.findings, io.err);
  if (io.json) {
    io.out << Json(Json::Object{{"platforms", pipeline::predictions_json(predictions)}}).pretty();
  } else {
    pipeline::print_predictions(predictions, io.out);
  }
  return cli::ExitCode::done;
}

}  // namespace

void add_predict_registers(cli::Verb& group) {
  cli::Verb verb = group.verb("registers", "predict PCRs, RTMRs and MRTD of an image");
  const auto options = std::make_shared<Options>();
  add_measure_options(verb, options->common);
  verb.option("--platform", options->platform, "only the platform of this id");
  verb.json();
  verb.runs([options](cli::Io& io) { return run(*options, io); });
}

}  // namespace etalon::build
