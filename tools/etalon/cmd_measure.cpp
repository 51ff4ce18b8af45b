// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "references/bundle/bundle_file.hpp"
#include "references/bundle/manifest.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/file.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"
#include "tools/base/utc.hpp"
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

// A policy of IMA has a few hundred lines at most, a kernel configuration some 300 KiB.
constexpr std::uint64_t max_text_input = std::uint64_t{4} << 20U;

// RFC 8785 numbers are exact up to here.
constexpr std::uint64_t max_json_integer = (std::uint64_t{1} << 53U) - 1;

struct Options {
  MeasureOptions common;
  std::string output;
  std::string policy;
  std::string kernel_config;
  std::vector<std::string> accept;
  std::string release;
  std::string release_version;
  std::uint64_t sequence = 0;
  std::string not_before;
  std::string not_after;
  std::vector<std::string> supersedes;
};

Result<std::optional<Bytes>> load_optional(const std::string& path) {
  if (path.empty()) return std::optional<Bytes>();
  TRY_ASSIGN(Bytes content, read_file(path, max_text_input));
  return std::optional(std::move(content));
}

Result<std::optional<Utc>> time_option(const char* option, const std::string& text) {
  if (text.empty()) return std::optional<Utc>();
  const auto time = Utc::parse(text);
  if (!time) {
    return fail(ErrorCode::usage, std::string(option) + ": " + time.error().message);
  }
  return std::optional(*time);
}

// What the manifest would refuse after all the work, said at once and of the options.
Status check_release(const bundle::Release& release) {
  if (release.sequence > max_json_integer) {
    return fail(ErrorCode::usage, "--sequence: larger than " + std::to_string(max_json_integer));
  }
  if (release.not_before && release.not_after && *release.not_after < *release.not_before)
    return fail(ErrorCode::usage, "--not-after is before --not-before");
  return {};
}

Result<bundle::Release> release_of(const Options& options) {
  bundle::Release release{
      .name = options.release, .version = options.release_version, .sequence = options.sequence};
  TRY_ASSIGN(release.not_before, time_option("--not-before", options.not_before));
  TRY_ASSIGN(release.not_after, time_option("--not-after", options.not_after));
  for (const std::string& hex : options.supersedes) {
    const auto digest = Sha256::from_hex(hex);
    if (!digest) return fail(ErrorCode::usage, "--supersedes: " + digest.error().message);
    release.supersedes.push_back(*digest);
  }
  TRY(check_release(release));
  return release;
}

Result<pipeline::MeasureInputs> inputs_of(const Options& options) {
  pipeline::MeasureInputs inputs{.overrides = overrides(options.common), .accept = options.accept};
  TRY_ASSIGN(inputs.release, release_of(options));
  TRY_ASSIGN(inputs.platforms, config::load_platforms(options.common.platforms));
  TRY_ASSIGN(inputs.policy, load_optional(options.policy));
  TRY_ASSIGN(inputs.kernel_config, load_optional(options.kernel_config));
  return inputs;
}

Result<cli::ExitCode> run(const Options& options, cli::Io& io) {
  TRY_ASSIGN(const auto inputs, inputs_of(options));
  TRY_ASSIGN(const auto image, open_image(options.common, inputs.policy.has_value(), io));
  TRY_ASSIGN(const auto measurement,
             in_file(pipeline::measure(image, inputs), options.common.image.image));
  print_findings(options.common.image.image, image.walked.findings, io.err);
  for (const std::string& note : measurement.notes)
    io.err << "note: " << note << '\n';
  TRY(bundle::write_bundle(options.output, measurement.bundle));
  const std::string identity = sha256(measurement.bundle.envelope.payload).hex();
  if (io.json) {
    io.out << Json(Json::Object{{"payload_sha256", identity},
                                {"platforms", pipeline::predictions_json(measurement.platforms)}})
                  .pretty();
  } else {
    io.out << "payload " << identity << '\n';
    pipeline::print_predictions(measurement.platforms, io.out);
  }
  return cli::ExitCode::done;
}

}  // namespace

void add_measure(cli::Program& program) {
  cli::Verb verb = program.verb(
      "measure", "compute the reference values of an image and write them as a bundle");
  const auto options = std::make_shared<Options>();
  add_measure_options(verb, options->common);
  verb.option("-o,--output", options->output,
              "bundle to write: NAME.tar is one file, anything else a folder")
      .required();
  verb.option("--release", options->release, "name of the release");
  verb.option("--release-version", options->release_version, "its version, for people");
  verb.number("--sequence", options->sequence, "number that rises with every release");
  verb.option("--not-before", options->not_before, "start of validity (RFC 3339, UTC)");
  verb.option("--not-after", options->not_after, "end of validity (RFC 3339, UTC)");
  verb.option("--supersedes", options->supersedes,
              "payload SHA-256 of a release this one replaces");
  verb.option("--policy", options->policy, "IMA policy the image loads");
  verb.option("--kernel-config", options->kernel_config, "configuration its kernel has");
  verb.option("--accept", options->accept,
              "state values that rest on this rule, which was only read in source code");
  verb.json();
  verb.runs([options](cli::Io& io) { return run(*options, io); });
}

}  // namespace etalon::build
