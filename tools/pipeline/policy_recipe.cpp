// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/policy_recipe.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/generate/recipe.hpp"
#include "policy/lang/lint.hpp"
#include "tools/base/result.hpp"
#include "tools/config/recipe.hpp"
#include "tools/config/yaml.hpp"

namespace etalon::pipeline {
namespace {

// What `find` makes of a word; nothing where there is none.
template <class Find>
auto read_word(const std::optional<config::Word>& word, std::string_view key, Find find)
    -> Result<decltype(find(std::string_view()))> {
  using Value = decltype(find(std::string_view()));
  if (!word) return Value();
  Value found = find(word->text);
  if (!found) {
    return config::fail_line(ErrorCode::malformed, key, word->line,
                             "\"" + printable(word->text) + "\" is not known");
  }
  return found;
}

Result<policy::RecipeItem> to_item(const config::RecipeItem& item) {
  policy::RecipeItem out{.users = item.users,
                         .effective_users = item.effective_users,
                         .owners = item.owners,
                         .names = item.names,
                         .file_system = item.file_system,
                         .fsuuid = item.fsuuid,
                         .templ = item.templ,
                         .pcr = item.pcr,
                         .verity = item.verity,
                         .optional = item.optional};
  TRY_ASSIGN(out.what, read_word(item.what, "what", policy::find_subject));
  TRY_ASSIGN(const auto signature, read_word(item.signature, "signature", policy::find_signature));
  out.signature = signature.value_or(policy::Signature::any);
  return out;
}

Result<std::vector<policy::RecipeItem>> to_items(const std::vector<config::RecipeItem>& items,
                                                 std::string_view key) {
  std::vector<policy::RecipeItem> out;
  for (const config::RecipeItem& item : items) {
    const std::string structure = std::string(key) + "[" + std::to_string(out.size()) + "]";
    TRY_ASSIGN(policy::RecipeItem each, in(to_item(item), structure));
    out.push_back(std::move(each));
  }
  return out;
}

}  // namespace

Result<policy::Recipe> to_policy_recipe(const config::Recipe& recipe, std::string_view name) {
  policy::Recipe out{
      .name = std::string(name),
      .summary = recipe.summary,
      .root = recipe.root == config::RecipeRoot::disk ? policy::Root::disk : policy::Root::initrd};
  TRY_ASSIGN(out.exclude, to_items(recipe.exclude, "exclude"));
  TRY_ASSIGN(out.measure, to_items(recipe.measure, "measure"));
  TRY_ASSIGN(out.appraise, to_items(recipe.appraise, "appraise"));
  return out;
}

Result<policy::Recipe> find_policy_recipe(const std::string& name_or_path) {
  const auto known = policy::named_recipes();
  const auto found = std::ranges::find(known, name_or_path, &policy::NamedRecipe::name);
  if (found != known.end()) {
    TRY_ASSIGN(const config::Recipe recipe,
               in_file(config::parse_recipe(found->yaml), found->name));
    return in_file(to_policy_recipe(recipe, found->name), found->name);
  }
  TRY_ASSIGN(const config::Recipe recipe, config::load_recipe(name_or_path));
  const std::string_view path = name_or_path;
  const std::string_view file = path.substr(path.rfind('/') + 1);
  return in_file(to_policy_recipe(recipe, printable(file.substr(0, file.rfind(".yaml")))),
                 name_or_path);
}

Status replace_users(const std::vector<std::uint32_t>& users, policy::Recipe& recipe) {
  std::size_t replaced = 0;
  for (auto* items : {&recipe.exclude, &recipe.measure, &recipe.appraise}) {
    for (policy::RecipeItem& item : *items) {
      for (auto* named : {&item.users, &item.effective_users}) {
        if (named->empty()) continue;
        *named = users;
        ++replaced;
      }
    }
  }
  if (replaced > 0) return {};
  return fail(ErrorCode::usage, "the recipe " + recipe.name + " names no users");
}

}  // namespace etalon::pipeline
