// SPDX-License-Identifier: Apache-2.0
#include "tools/config/recipe.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"
#include "tools/config/yaml.hpp"
#include "tools/config/yaml_fields.hpp"

namespace etalon::config {
namespace {

constexpr std::uint32_t last_id = 0xffff'fffe;  // the one behind it means "none"
constexpr std::uint32_t last_pcr = 23;          // of a TPM 2.0 for PCs
constexpr std::size_t max_summary = 500;        // it becomes a comment of the policy

Result<std::string> text(const YamlNode& node, std::string_view key) {
  TRY_ASSIGN(const std::string_view value, scalar(node, key));
  return std::string(value);
}

Result<std::uint32_t> id(const YamlNode& node, std::string_view key) {
  return number(node, key, 0, last_id);
}

// A word of the policy's own language, which blanks separate.
Result<std::string> token(const YamlNode& node, std::string_view key) {
  TRY_ASSIGN(std::string value, text(node, key));
  if (value.find_first_of(" |#") != std::string::npos)
    return bad_value(node, key, "one word without blank, | and #");
  return value;
}

Result<std::optional<Word>> word(const YamlNode& node, std::string_view key) {
  const YamlNode* found = node.find(key);
  if (found == nullptr) return std::optional<Word>();
  TRY_ASSIGN(std::string value, text(*found, key));
  return std::optional(Word{.text = std::move(value), .line = found->line});
}

Result<std::optional<std::string>> optional_token(const YamlNode& node, std::string_view key) {
  const YamlNode* found = node.find(key);
  if (found == nullptr) return std::optional<std::string>();
  TRY_ASSIGN(std::string value, token(*found, key));
  return std::optional(std::move(value));
}

Result<bool> optional_flag(const YamlNode& node, std::string_view key) {
  const YamlNode* found = node.find(key);
  if (found == nullptr) return false;
  return boolean(*found, key);
}

Result<std::vector<std::uint32_t>> ids(const YamlNode& node, std::string_view key) {
  const YamlNode* found = node.find(key);
  if (found == nullptr) return std::vector<std::uint32_t>();
  return parse_list<std::uint32_t>(*found, key, id);
}

Status parse_who(const YamlNode& node, RecipeItem& item) {
  TRY_ASSIGN(item.users, ids(node, "users"));
  TRY_ASSIGN(item.effective_users, ids(node, "effective_users"));
  TRY_ASSIGN(item.owners, ids(node, "owners"));
  if (const YamlNode* names = node.find("names")) {
    TRY_ASSIGN(item.names, parse_list<std::string>(*names, "names", token));
  }
  TRY_ASSIGN(item.file_system, optional_token(node, "file_system"));
  TRY_ASSIGN(item.fsuuid, optional_token(node, "fsuuid"));
  return {};
}

Status parse_how(const YamlNode& node, RecipeItem& item) {
  TRY_ASSIGN(item.templ, optional_token(node, "template"));
  if (const YamlNode* pcr = node.find("pcr")) {
    TRY_ASSIGN(item.pcr, number(*pcr, "pcr", 0, last_pcr));
  }
  TRY_ASSIGN(item.signature, word(node, "signature"));
  TRY_ASSIGN(item.verity, optional_flag(node, "verity"));
  TRY_ASSIGN(item.optional, optional_flag(node, "optional"));
  return {};
}

tl::unexpected<Error> missing(std::string_view key, const YamlNode& node) {
  return fail_line(ErrorCode::not_found, key, node.line, "the key is missing");
}

// Each list takes the keys that mean something in it.
Result<RecipeItem> exclusion(const YamlNode& node) {
  TRY(expect_map(node, "",
                 {"what", "users", "effective_users", "owners", "names", "file_system", "fsuuid",
                  "optional"}));
  RecipeItem item;
  TRY_ASSIGN(item.what, word(node, "what"));
  TRY(parse_who(node, item));
  TRY_ASSIGN(item.optional, optional_flag(node, "optional"));
  if (item == RecipeItem{.optional = item.optional}) {
    return fail_line(ErrorCode::malformed, "", node.line,
                     "names nothing, so everything would be excluded");
  }
  return item;
}

Result<RecipeItem> measured(const YamlNode& node) {
  TRY(expect_map(node, "",
                 {"what", "users", "effective_users", "owners", "names", "file_system", "fsuuid",
                  "template", "pcr", "verity", "optional"}));
  RecipeItem item;
  TRY_ASSIGN(item.what, word(node, "what"));
  if (!item.what) return missing("what", node);
  TRY(parse_who(node, item));
  TRY(parse_how(node, item));
  return item;
}

Result<RecipeItem> appraised(const YamlNode& node) {
  TRY(expect_map(node, "",
                 {"what", "users", "effective_users", "owners", "file_system", "fsuuid",
                  "signature", "verity", "optional"}));
  RecipeItem item;
  TRY_ASSIGN(item.what, word(node, "what"));
  if (!item.what) return missing("what", node);
  TRY(parse_who(node, item));
  TRY(parse_how(node, item));
  if (!item.signature) return missing("signature", node);
  return item;
}

Result<std::vector<RecipeItem>> items(const YamlNode& root, std::string_view key,
                                      Result<RecipeItem> (*parse)(const YamlNode& node)) {
  std::vector<RecipeItem> parsed;
  const YamlNode* found = root.find(key);
  if (found == nullptr) return parsed;
  TRY_ASSIGN(const auto* nodes, list(*found, key));
  for (const YamlNode& node : *nodes) {
    const std::string structure = std::string(key) + "[" + std::to_string(parsed.size()) + "]";
    TRY_ASSIGN(RecipeItem item, in(parse(node), structure));
    parsed.push_back(std::move(item));
  }
  return parsed;
}

Result<RecipeRoot> root_of(const YamlNode& document) {
  const YamlNode* node = document.find("root");
  if (node == nullptr) return missing("root", document);
  TRY_ASSIGN(const std::string_view value, scalar(*node, "root"));
  if (value == "initrd") return RecipeRoot::initrd;
  if (value == "disk") return RecipeRoot::disk;
  return bad_value(*node, "root", "one of initrd, disk");
}

}  // namespace

Result<Recipe> parse_recipe(std::string_view yaml) {
  TRY_ASSIGN(const YamlNode root, parse_yaml(yaml));
  TRY(expect_map(root, "", {"summary", "root", "exclude", "measure", "appraise"}));
  Recipe recipe;
  if (const YamlNode* summary = root.find("summary")) {
    TRY_ASSIGN(recipe.summary, text(*summary, "summary"));
    if (recipe.summary.size() > max_summary)
      return fail_line(ErrorCode::limit, "summary", summary->line, "more than 500 characters");
  }
  TRY_ASSIGN(recipe.root, root_of(root));
  TRY_ASSIGN(recipe.exclude, items(root, "exclude", exclusion));
  TRY_ASSIGN(recipe.measure, items(root, "measure", measured));
  TRY_ASSIGN(recipe.appraise, items(root, "appraise", appraised));
  if (recipe.measure.empty() && recipe.appraise.empty())
    return fail_line(ErrorCode::not_found, "measure", root.line, "the key is missing");
  return recipe;
}

Result<Recipe> load_recipe(const std::string& path) {
  TRY_ASSIGN(const Bytes bytes, read_file(path, max_yaml_size));
  return in_file(parse_recipe(as_text(bytes)), path);
}

}  // namespace etalon::config
