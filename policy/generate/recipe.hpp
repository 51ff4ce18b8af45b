// SPDX-License-Identifier: Apache-2.0
// What a policy shall be about, said without the policy's own language. A recipe is written as YAML
// (docs/formats/recipe.md); those in policy/recipes come with the program.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/lang/lint.hpp"
#include "policy/lang/rule.hpp"

namespace etalon::policy {

enum class RecipeSubject : std::uint8_t {
  programs,       // programs and #! scripts that are executed
  libraries,      // libraries and other files mapped to execute
  reads,          // files opened for reading: scripts run as `sh FILE`, configuration, data
  modules,        // kernel modules
  firmware,       // firmware that drivers load
  kexec,          // kernels, their initramfs and command line
  policies,       // IMA policies
  keys,           // keys added to a keyring
  critical_data,  // critical data of the kernel
};

// "critical-data"
std::string_view name(RecipeSubject subject);
std::optional<RecipeSubject> find_subject(std::string_view word);
// "imasig", "imasig|modsig", "sigv3"
std::optional<Signature> find_signature(std::string_view word);

struct RecipeItem {
  std::optional<RecipeSubject> what{};           // none, in an exclusion: everything
  std::vector<std::uint32_t> users{};            // real user ids: a rule for each
  std::vector<std::uint32_t> effective_users{};  // a rule for each as well
  std::vector<std::uint32_t> owners{};           // of the file
  std::vector<std::string> names{};              // keyrings, or labels of critical data
  std::optional<std::string> file_system{};      // by its name
  std::optional<std::string> fsuuid{};
  std::optional<std::string> templ{};
  std::optional<unsigned> pcr{};
  Signature signature = Signature::any;  // what appraisal asks for
  bool verity = false;                   // by the fs-verity digest
  bool optional = false;                 // may be left out where the kernel cannot do it

  bool operator==(const RecipeItem&) const = default;
};

struct Recipe {
  std::string name{};
  std::string summary{};
  Root root = Root::initrd;
  std::vector<RecipeItem> exclude{};  // before all others: not measured
  std::vector<RecipeItem> measure{};
  std::vector<RecipeItem> appraise{};

  bool operator==(const Recipe&) const = default;
};

// A recipe that comes with the program, as YAML.
struct NamedRecipe {
  std::string_view name{};
  std::string_view yaml{};
};

// In the order of their names.
std::span<const NamedRecipe> named_recipes();

}  // namespace etalon::policy
