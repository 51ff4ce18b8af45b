// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include "kernel/config/fragment.hpp"
#include "kernel/config/request.hpp"
#include "kernel/options/features.hpp"
#include "policy/generate/generate.hpp"
#include "policy/lang/facts.hpp"
#include "policy/lang/lint.hpp"
#include "policy/lang/render.hpp"
#include "tools/base/result.hpp"
#include "tools/cli/program.hpp"
#include "tools/codec/json.hpp"
#include "tools/etalon/policy_options.hpp"
#include "tools/etalon/verbs.hpp"
#include "tools/pipeline/mkosi_init.hpp"
#include "tools/pipeline/policy_recipe.hpp"

namespace etalon::build {
namespace {

struct Options {
  std::string folder;
  std::string kernel;
  std::string config;
  std::string recipe = "initrd-exec";
  std::string features = "ima,vtpm";
  std::string hash = "sha256";
  std::string loader = "init";
  bool force = false;
};

pipeline::PolicyLoader loader_of(const std::string& word) {
  if (word == "unit") return pipeline::PolicyLoader::unit;
  return word == "script" ? pipeline::PolicyLoader::script : pipeline::PolicyLoader::init;
}

Result<pipeline::MkosiInit> make(const Options& options, std::ostream& err) {
  TRY_ASSIGN(const policy::KernelFacts kernel, kernel_facts(options.kernel, options.config));
  TRY_ASSIGN(const policy::Recipe recipe, pipeline::find_policy_recipe(options.recipe));
  TRY_ASSIGN(policy::GeneratedPolicy generated,
             in_file(policy::generate_policy(recipe, kernel), options.recipe));
  for (const policy::LeftOut& each : generated.left_out)
    err << "etalon: note: left out: " << render_rule(each.rule) << ": " << each.reason << '\n';
  kconfig::FragmentRequest request{.kernel = kernel.version(), .hash = options.hash};
  TRY_ASSIGN(request.features, kconfig::parse_features(options.features));
  TRY_ASSIGN(std::string fragment, kconfig::write_fragment(request));
  return pipeline::MkosiInit{.policy = std::move(generated.text),
                             .fragment = std::move(fragment),
                             .hash = options.hash,
                             .loader = loader_of(options.loader)};
}

Result<cli::ExitCode> run(const Options& options, cli::Io& io) {
  TRY_ASSIGN(const pipeline::MkosiInit init, make(options, io.err));
  const auto files = mkosi_files(init);
  TRY(write_project(options.folder, files,
                    options.force ? pipeline::Existing::replace : pipeline::Existing::refuse));
  Json::Array paths;
  for (const pipeline::ProjectFile& file : files) {
    if (io.json)
      paths.emplace_back(file.path);
    else
      io.out << file.path << '\n';
  }
  if (io.json) {
    Json::Object object;
    object.emplace("files", std::move(paths));
    io.out << Json(std::move(object)).pretty();
  }
  return cli::ExitCode::done;
}

}  // namespace

void add_mkosi_init(cli::Verb& group) {
  cli::Verb verb = group.verb("init", "write a profile that makes an image measure");
  const auto options = std::make_shared<Options>();
  verb.option("DIR", options->folder, "folder of the profile").required();
  verb.option("--kernel", options->kernel, "version of the image's kernel, e.g. 6.12").required();
  verb.option("--config", options->config, "configuration of that kernel (.config)");
  verb.option("--recipe", options->recipe, "name of a recipe, or a YAML file");
  verb.option("--feature", options->features, "what the kernel fragment is for, as ima,vtpm");
  verb.option("--hash", options->hash, "hash of files").one_of({"sha256", "sha384", "sha512"});
  verb.option("--loader", options->loader, "what loads the policy")
      .one_of({"init", "unit", "script"});
  verb.flag("--force", options->force, "replace files that are there");
  verb.json();
  verb.runs([options](cli::Io& io) { return run(*options, io); });
}

}  // namespace etalon::build
