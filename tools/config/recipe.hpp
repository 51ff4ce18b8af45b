// SPDX-License-Identifier: Apache-2.0
// recipe.yaml: what an IMA policy shall be about. The loader turns the document into plain structs
// and is strict, because a key that is misspelt and skipped would leave something unmeasured. What
// the words mean is the policy generator's to know; they come back with their line.
// docs/formats/recipe.md describes the keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/base/result.hpp"

namespace etalon::config {

// A word, and where it stands.
struct Word {
  std::string text{};
  std::size_t line = 0;

  bool operator==(const Word&) const = default;
};

struct RecipeItem {
  std::optional<Word> what{};
  std::vector<std::uint32_t> users{};
  std::vector<std::uint32_t> effective_users{};
  std::vector<std::uint32_t> owners{};
  std::vector<std::string> names{};
  std::optional<std::string> file_system{};
  std::optional<std::string> fsuuid{};
  std::optional<std::string> templ{};
  std::optional<std::uint32_t> pcr{};
  std::optional<Word> signature{};
  bool verity = false;
  bool optional = false;

  bool operator==(const RecipeItem&) const = default;
};

enum class RecipeRoot : std::uint8_t { initrd, disk };

struct Recipe {
  std::string summary{};
  RecipeRoot root = RecipeRoot::initrd;
  std::vector<RecipeItem> exclude{};
  std::vector<RecipeItem> measure{};
  std::vector<RecipeItem> appraise{};

  bool operator==(const Recipe&) const = default;
};

// Errors carry code, structure ("measure[1]"), field and line; malformed for bad YAML and bad
// values, not_found for a key that must be there, limit for the caps.
Result<Recipe> parse_recipe(std::string_view yaml);

// Reads and parses a file; errors name it.
Result<Recipe> load_recipe(const std::string& path);

}  // namespace etalon::config
