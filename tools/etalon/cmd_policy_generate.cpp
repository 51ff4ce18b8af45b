// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "policy/generate/generate.hpp"
#include "policy/generate/recipe.hpp"
#include "policy/lang/facts.hpp"
#include "policy/lang/lint.hpp"
#include "policy/lang/render.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"
#include "tools/cli/program.hpp"
#include "tools/codec/json.hpp"
#include "tools/etalon/policy_options.hpp"
#include "tools/etalon/verbs.hpp"
#include "tools/pipeline/policy_recipe.hpp"

namespace etalon::build {
namespace {

struct Options {
  std::string recipe;
  std::string kernel;
  std::string config;
  std::string root;
  std::vector<std::string> users;
  std::string output;
  bool list = false;
};

Result<std::vector<std::uint32_t>> user_ids(const std::vector<std::string>& texts) {
  constexpr std::uint32_t none = 0xffff'ffff;
  std::vector<std::uint32_t> ids;
  for (const std::string& text : texts) {
    std::uint32_t id = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, code] = std::from_chars(text.data(), end, id);
    if (code != std::errc() || stop != end || id == none)
      return fail(ErrorCode::usage, "--user: '" + printable(text) + "' is no user id");
    if (std::ranges::find(ids, id) != ids.end())
      return fail(ErrorCode::usage, "--user: " + text + " is given twice");
    ids.push_back(id);
  }
  return ids;
}

Result<policy::GeneratedPolicy> generate(const Options& options) {
  TRY_ASSIGN(const policy::KernelFacts kernel, kernel_facts(options.kernel, options.config));
  TRY_ASSIGN(const auto users, user_ids(options.users));
  TRY_ASSIGN(policy::Recipe recipe, pipeline::find_policy_recipe(options.recipe));
  if (!users.empty()) {
    TRY(pipeline::replace_users(users, recipe));
  }
  if (!options.root.empty())
    recipe.root = options.root == "disk" ? policy::Root::disk : policy::Root::initrd;
  return in_file(policy::generate_policy(recipe, kernel), options.recipe);
}

Json list_json() {
  Json::Array recipes;
  for (const policy::NamedRecipe& recipe : policy::named_recipes())
    recipes.emplace_back(recipe.name);
  return Json(Json::Object{{"recipes", std::move(recipes)}});
}

Json generated_json(const policy::GeneratedPolicy& generated) {
  Json::Array left_out;
  for (const policy::LeftOut& each : generated.left_out) {
    left_out.emplace_back(Json::Object{{"rule", render_rule(each.rule)}, {"reason", each.reason}});
  }
  Json::Array warnings;
  for (const policy::LintFinding& finding : generated.warnings)
    warnings.push_back(finding_json(finding));
  return Json(Json::Object{{"policy", generated.text},
                           {"sha256", sha256(as_bytes(generated.text)).hex()},
                           {"left_out", std::move(left_out)},
                           {"warnings", std::move(warnings)}});
}

// What the user should know beside the policy itself.
void print_notes(const policy::GeneratedPolicy& generated, std::ostream& err) {
  for (const policy::LeftOut& each : generated.left_out)
    err << "etalon: note: left out: " << render_rule(each.rule) << ": " << each.reason << '\n';
  for (const policy::LintFinding& finding : generated.warnings)
    err << "etalon: warning: " << finding.id << ": " << finding.message << '\n';
}

Result<cli::ExitCode> list_recipes(cli::Io& io) {
  if (io.json) {
    io.out << list_json().pretty();
    return cli::ExitCode::done;
  }
  for (const policy::NamedRecipe& recipe : policy::named_recipes())
    io.out << recipe.name << '\n';
  return cli::ExitCode::done;
}

Result<cli::ExitCode> run(const Options& options, cli::Io& io) {
  if (options.list) return list_recipes(io);
  if (options.recipe.empty() || options.kernel.empty()) {
    return fail(ErrorCode::usage,
                std::string(options.recipe.empty() ? "--recipe" : "--kernel") + " is required");
  }
  TRY_ASSIGN(const policy::GeneratedPolicy generated, generate(options));
  if (!options.output.empty()) {
    TRY(write_file_atomic(options.output, as_bytes(generated.text)));
  }
  print_notes(generated, io.err);
  if (io.json)
    io.out << generated_json(generated).pretty();
  else if (options.output.empty())
    io.out << generated.text;
  return cli::ExitCode::done;
}

}  // namespace

void add_policy_generate(cli::Verb& group) {
  cli::Verb verb = group.verb("generate", "write the IMA policy of a recipe");
  const auto options = std::make_shared<Options>();
  verb.option("--recipe", options->recipe, "name of a recipe, or a YAML file");
  verb.option("--kernel", options->kernel, "version of the kernel that will load it, e.g. 6.12");
  verb.option("--config", options->config, "configuration of that kernel (.config)");
  verb.option("--root", options->root, "where its root file system is, if not as the recipe says")
      .one_of({"initrd", "disk"});
  verb.option("--user", options->users, "id in the place of those of the recipe; may be repeated");
  verb.option("-o,--output", options->output, "write to a file");
  verb.flag("--list", options->list, "print the names of the recipes and exit");
  verb.json();
  verb.runs([options](cli::Io& io) { return run(*options, io); });
}

}  // namespace etalon::build
