// SPDX-License-Identifier: Apache-2.0
#include "tools/config/recipe.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/source_files.hpp"
#include "tools/base/result.hpp"

namespace etalon::config {
namespace {

constexpr std::string_view valid =
    "summary: All of it\n"
    "root: disk\n"
    "exclude:\n"
    "  - file_system: proc\n"
    "measure:\n"
    "  - what: programs\n"
    "    users: [0, 1000]\n";

std::string refusal(std::string_view yaml) {
  const auto parsed = parse_recipe(yaml);
  if (parsed) return "accepted";
  return std::string(name(parsed.error().code)) + ": " + parsed.error().text();
}

std::string replaced(const std::string& from, const std::string& to) {
  std::string text(valid);
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Recipe, reads_what_is_written) {
  const auto recipe = parse_recipe(valid);
  ASSERT_TRUE(recipe.has_value()) << recipe.error().text();
  EXPECT_EQ(recipe->summary, "All of it");
  EXPECT_EQ(recipe->root, RecipeRoot::disk);
  ASSERT_EQ(recipe->exclude.size(), 1U);
  EXPECT_EQ(recipe->exclude.front(), RecipeItem{.file_system = "proc"});
  ASSERT_EQ(recipe->measure.size(), 1U);
  EXPECT_EQ(recipe->measure.front(),
            (RecipeItem{.what = Word{.text = "programs", .line = 6}, .users = {0, 1000}}));
  EXPECT_TRUE(recipe->appraise.empty());
}

TEST(Recipe, reads_every_key_of_the_example) {
  const auto recipe = load_recipe(test::source_path("references/schema/recipe.example.yaml"));
  ASSERT_TRUE(recipe.has_value()) << recipe.error().text();
  const RecipeItem& full = recipe->measure.at(1);
  EXPECT_EQ(full.what->text, "libraries");
  EXPECT_EQ(full.users, (std::vector<std::uint32_t>{1000}));
  EXPECT_EQ(full.effective_users, (std::vector<std::uint32_t>{1000}));
  EXPECT_EQ(full.owners, (std::vector<std::uint32_t>{0}));
  EXPECT_EQ(full.file_system, "ext4");
  EXPECT_EQ(full.fsuuid, "8bcbe394-4f13-4144-be8e-5aa9ea2ce2f6");
  EXPECT_EQ(full.templ, "ima-ngv2");
  EXPECT_EQ(full.pcr, 11U);
  EXPECT_TRUE(full.verity);
  EXPECT_EQ(recipe->appraise.front().signature->text, "imasig|modsig");
  EXPECT_TRUE(recipe->measure.back().optional);
  EXPECT_FALSE(recipe->measure.back().names.empty());
}

TEST(Recipe, refuses_unknown_and_missing_keys) {
  EXPECT_EQ(refusal(replaced("users", "user")),
            "malformed: measure[0]: user at line 7: unknown key; known: what, users, "
            "effective_users, owners, names, file_system, fsuuid, template, pcr, verity, optional");
  EXPECT_EQ(refusal(replaced("what: programs", "pcr: 10")),
            "not-found: measure[0]: what at line 6: the key is missing");
  EXPECT_EQ(refusal(replaced("root: disk\n", "")), "not-found: root at line 1: the key is missing");
  EXPECT_EQ(refusal("root: disk\nexclude:\n  - what: reads\n"),
            "not-found: measure at line 1: the key is missing");
  EXPECT_EQ(refusal("root: disk\nappraise:\n  - what: modules\n"),
            "not-found: appraise[0]: signature at line 3: the key is missing");
  EXPECT_EQ(refusal(replaced("file_system: proc", "optional: true")),
            "malformed: exclude[0]: line 4: names nothing, so everything would be excluded");
}

TEST(Recipe, refuses_bad_values) {
  EXPECT_EQ(refusal(replaced("disk", "floppy")),
            "malformed: root at line 2: \"floppy\" is not one of initrd, disk");
  EXPECT_EQ(refusal(replaced("1000", "4294967295")),
            "malformed: measure[0]: users at line 7: \"4294967295\" is not a number from 0 to "
            "4294967294");
  EXPECT_EQ(refusal(replaced("1000", "0")),
            "malformed: measure[0]: users at line 7: \"0\" appears twice");
  EXPECT_EQ(refusal(replaced("users: [0, 1000]", "users: []")),
            "malformed: measure[0]: users at line 7: is empty");
  EXPECT_EQ(refusal(replaced("users: [0, 1000]", "pcr: 24")),
            "malformed: measure[0]: pcr at line 7: \"24\" is not a number from 0 to 23");
  EXPECT_EQ(refusal(replaced("users: [0, 1000]", "verity: yes")),
            "malformed: measure[0]: verity at line 7: \"yes\" is not true or false");
  EXPECT_EQ(refusal(replaced("users: [0, 1000]", "names: [\"a|b\"]")),
            "malformed: measure[0]: names at line 7: \"a|b\" is not one word without blank, | and "
            "#");
  EXPECT_EQ(refusal(replaced("proc", "\"a b\"")),
            "malformed: exclude[0]: file_system at line 4: \"a b\" is not one word without blank, "
            "| and #");
  EXPECT_EQ(refusal(replaced("All of it", std::string(501, 'x'))),
            "limit: summary at line 1: more than 500 characters");
  EXPECT_EQ(refusal(replaced("  - what: programs\n    users: [0, 1000]\n", "  programs\n")),
            "malformed: measure at line 6: must be a list, not a value");
}

TEST(Recipe, names_the_file) {
  const auto parsed = load_recipe("/no/such/recipe.yaml");
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().code, ErrorCode::io);
  EXPECT_EQ(parsed.error().file, "/no/such/recipe.yaml");
}

}  // namespace
}  // namespace etalon::config
