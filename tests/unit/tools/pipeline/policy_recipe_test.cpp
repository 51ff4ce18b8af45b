// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/policy_recipe.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "policy/generate/generate.hpp"
#include "policy/generate/recipe.hpp"
#include "policy/lang/facts.hpp"
#include "policy/lang/lint.hpp"
#include "policy/lang/load.hpp"
#include "policy/lang/parse.hpp"
#include "tests/support/source_files.hpp"
#include "tools/base/result.hpp"
#include "tools/config/recipe.hpp"

namespace etalon::pipeline {
namespace {

using policy::Accepted;

std::vector<std::string> names() {
  std::vector<std::string> names;
  for (const policy::NamedRecipe& recipe : policy::named_recipes())
    names.emplace_back(recipe.name);
  return names;
}

void check(const std::string& name, const std::string& version) {
  SCOPED_TRACE(name + " for " + version);
  const policy::KernelFacts kernel(*policy::known_kernel(version), std::nullopt);
  const auto recipe = find_policy_recipe(name);
  ASSERT_TRUE(recipe.has_value()) << recipe.error().text();
  const auto generated = policy::generate_policy(*recipe, kernel);
  ASSERT_TRUE(generated.has_value()) << generated.error().text();
  const auto judged = policy::judge_policy(generated->text, kernel);
  EXPECT_EQ(judged.lines.accepted, Accepted::yes) << judged.lines.reason;
  EXPECT_EQ(judged.path.accepted, Accepted::yes) << judged.path.reason;
  EXPECT_FALSE(judged.rules.empty());
  EXPECT_TRUE(generated->warnings.empty()) << generated->warnings.front().id;
  EXPECT_EQ(generated->text.find("\n\n"), std::string::npos);
  EXPECT_EQ(policy::generate_policy(*recipe, kernel)->text, generated->text);
}

// The kernels between which the language changed, and the newest.
TEST(NamedRecipes, are_accepted_by_every_kernel) {
  const std::vector<std::string> expected = {"appraise-signed", "critical-data", "initrd-exec",
                                             "tcb", "user-workload"};
  EXPECT_EQ(names(), expected);
  for (const std::string& name : names()) {
    for (const char* version :
         {"5.10", "5.15", "6.1", "6.6", "6.12", "6.13", "6.14", "6.16", "7.2"})
      check(name, version);
  }
}

TEST(NamedRecipes, leave_out_what_5_10_does_not_know) {
  const policy::KernelFacts kernel(*policy::known_kernel("5.10"), std::nullopt);
  for (const std::string& name : names()) {
    const auto generated = policy::generate_policy(*find_policy_recipe(name), kernel);
    ASSERT_TRUE(generated.has_value()) << generated.error().text();
    EXPECT_EQ(generated->left_out.size(), name == "critical-data" ? 2U : 0U) << name;
  }
}

TEST(FindPolicyRecipe, reads_the_example) {
  const auto recipe =
      find_policy_recipe(test::source_path("references/schema/recipe.example.yaml"));
  ASSERT_TRUE(recipe.has_value()) << recipe.error().text();
  EXPECT_EQ(recipe->name, "recipe.example");
  EXPECT_EQ(recipe->root, policy::Root::disk);
  EXPECT_EQ(recipe->measure.at(0).what, policy::RecipeSubject::programs);
  EXPECT_EQ(recipe->appraise.at(0).signature, policy::Signature::modsig);
  const policy::KernelFacts kernel(*policy::known_kernel("6.12"), std::nullopt);
  const auto generated = policy::generate_policy(*recipe, kernel);
  EXPECT_TRUE(generated.has_value()) << generated.error().text();
}

TEST(FindPolicyRecipe, refuses_words_that_mean_nothing) {
  const auto refusal = [](std::string_view yaml) {
    const auto parsed = config::parse_recipe(yaml);
    EXPECT_TRUE(parsed.has_value());
    const auto recipe = to_policy_recipe(*parsed, "x");
    EXPECT_FALSE(recipe.has_value());
    return recipe ? "" : std::string(name(recipe.error().code)) + ": " + recipe.error().text();
  };
  EXPECT_EQ(refusal("root: disk\nmeasure:\n  - what: program\n"),
            "malformed: measure[0]: what at line 3: \"program\" is not known");
  EXPECT_EQ(refusal("root: disk\nappraise:\n  - what: modules\n    signature: modsig\n"),
            "malformed: appraise[0]: signature at line 4: \"modsig\" is not known");
  const auto absent = find_policy_recipe("no-such-recipe");
  ASSERT_FALSE(absent.has_value());
  EXPECT_EQ(absent.error().code, ErrorCode::io);
}

TEST(ReplaceUsers, puts_others_where_some_were) {
  policy::Recipe recipe = *find_policy_recipe("user-workload");
  ASSERT_TRUE(replace_users({7, 8}, recipe).has_value());
  EXPECT_EQ(recipe.measure.at(0).users, (std::vector<std::uint32_t>{7, 8}));
  EXPECT_TRUE(recipe.measure.at(3).users.empty());
  policy::Recipe none = *find_policy_recipe("initrd-exec");
  const Status refused = replace_users({7}, none);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::usage);
  EXPECT_EQ(refused.error().message, "the recipe initrd-exec names no users");
}

}  // namespace
}  // namespace etalon::pipeline
