// SPDX-License-Identifier: Apache-2.0
#include "policy/generate/recipe.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "policy/lang/rule.hpp"

namespace etalon::policy {
namespace {

constexpr std::array subjects = {
    std::pair{RecipeSubject::programs, std::string_view("programs")},
    std::pair{RecipeSubject::libraries, std::string_view("libraries")},
    std::pair{RecipeSubject::reads, std::string_view("reads")},
    std::pair{RecipeSubject::modules, std::string_view("modules")},
    std::pair{RecipeSubject::firmware, std::string_view("firmware")},
    std::pair{RecipeSubject::kexec, std::string_view("kexec")},
    std::pair{RecipeSubject::policies, std::string_view("policies")},
    std::pair{RecipeSubject::keys, std::string_view("keys")},
    std::pair{RecipeSubject::critical_data, std::string_view("critical-data")},
};

constexpr std::array signatures = {
    std::pair{Signature::imasig, std::string_view("imasig")},
    std::pair{Signature::modsig, std::string_view("imasig|modsig")},
    std::pair{Signature::sigv3, std::string_view("sigv3")},
};

}  // namespace

std::string_view name(RecipeSubject subject) {
  return subjects.at(static_cast<std::size_t>(subject)).second;
}

std::optional<RecipeSubject> find_subject(std::string_view word) {
  const auto* found =
      std::ranges::find(subjects, word, &std::pair<RecipeSubject, std::string_view>::second);
  return found == subjects.end() ? std::nullopt : std::optional(found->first);
}

std::optional<Signature> find_signature(std::string_view word) {
  const auto* found =
      std::ranges::find(signatures, word, &std::pair<Signature, std::string_view>::second);
  return found == signatures.end() ? std::nullopt : std::optional(found->first);
}

}  // namespace etalon::policy
