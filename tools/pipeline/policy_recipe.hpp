// SPDX-License-Identifier: Apache-2.0
// Recipes of IMA policies as the generator takes them, from the YAML of a file or from one that
// comes with the program.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/generate/recipe.hpp"
#include "tools/base/result.hpp"
#include "tools/config/recipe.hpp"

namespace etalon::pipeline {

// Words that mean nothing are malformed and name their line. `name` is what the policy calls it.
Result<policy::Recipe> to_policy_recipe(const config::Recipe& recipe, std::string_view name);

// The one that comes with the program under this name, else the file of this path. Errors name the
// file.
Result<policy::Recipe> find_policy_recipe(const std::string& name_or_path);

// Puts `users` in the place of those a recipe names; usage when it names none.
Status replace_users(const std::vector<std::uint32_t>& users, policy::Recipe& recipe);

}  // namespace etalon::pipeline
