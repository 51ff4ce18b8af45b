// SPDX-License-Identifier: Apache-2.0
#include "kernel/config/request.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/options/features.hpp"
#include "kernel/options/options.hpp"
#include "tools/base/kernel_version.hpp"
#include "tools/base/result.hpp"

namespace etalon::kconfig {
namespace {

using Names = std::pair<std::string_view, std::string_view>;

// There is no choice for SHA-384: ima_hash=sha384 asks for it at boot.
constexpr std::array hashes = {Names{"sha256", "IMA_DEFAULT_HASH_SHA256"},
                               Names{"sha384", "IMA_DEFAULT_HASH_SHA256"},
                               Names{"sha512", "IMA_DEFAULT_HASH_SHA512"}};
constexpr std::array templates = {Names{"ima-ng", "IMA_NG_TEMPLATE"},
                                  Names{"ima-sig", "IMA_SIG_TEMPLATE"}};

std::string_view second_of(std::span<const Names> rows, std::string_view first) {
  const auto found = std::ranges::find(rows, first, &Names::first);
  return found == rows.end() ? std::string_view() : found->second;
}

bool has(const std::vector<Feature>& features, Feature feature) {
  return std::ranges::find(features, feature) != features.end();
}

std::string linux_version(KernelVersion kernel) {
  return "Linux " + to_string(kernel);
}

// Both demands are met by this one.
void tighten(Wanted& wanted, const FeatureOption& row) {
  wanted.features.push_back(row.feature);
  if (row.weight < wanted.weight) {
    wanted.weight = row.weight;
    wanted.value = row.value;
    wanted.accepts = row.accepts;
  } else if (row.weight == wanted.weight && row.accepts == Accepts::exactly) {
    wanted.accepts = Accepts::exactly;
  }
}

void add(std::vector<Wanted>& list, const FeatureOption& row, KernelVersion kernel) {
  const Option* option = find_option(row.symbol);
  if (option == nullptr || holds(row.versions, kernel) == Known::no) return;
  const Known present = holds(option->versions, kernel);
  if (present == Known::no) return;
  const auto same =
      std::ranges::find_if(list, [&](const Wanted& each) { return each.option == option; });
  if (same != list.end()) {
    tighten(*same, row);
    return;
  }
  list.push_back({.option = option,
                  .value = std::string(row.value),
                  .weight = row.weight,
                  .accepts = row.accepts,
                  .present = present,
                  .features = {row.feature}});
}

// One of a choice is wanted on and the others off.
void add_choice(std::vector<Wanted>& list, Choice choice, std::string_view chosen) {
  for (const Option& option : options()) {
    if (option.choice != choice || option.why.empty()) continue;
    const bool on = option.symbol == chosen;
    // Others are off when this one is on; only for a reader of the fragment they stand there.
    list.push_back({.option = &option,
                    .value = on ? "y" : "n",
                    .weight = on ? Weight::required : Weight::advised,
                    .features = {Feature::ima}});
  }
}

}  // namespace

std::string_view hash_symbol(std::string_view hash) {
  return second_of(hashes, hash);
}

std::string_view template_symbol(std::string_view tmplate) {
  return second_of(templates, tmplate);
}

Status check_request(const FragmentRequest& request) {
  if (request.kernel < first_described_kernel || request.kernel > last_described_kernel) {
    return fail(ErrorCode::unsupported, "the options of " + linux_version(request.kernel) +
                                            " are not known, only those of " +
                                            to_string(first_described_kernel) + " to " +
                                            to_string(last_described_kernel));
  }
  if (request.features.empty()) return fail(ErrorCode::usage, "no feature is asked for");
  if (!request.hash.empty() && hash_symbol(request.hash).empty())
    return fail(ErrorCode::usage, "hash '" + printable(request.hash) + "' is none of a choice");
  if (!request.tmplate.empty() && template_symbol(request.tmplate).empty()) {
    return fail(ErrorCode::usage,
                "template '" + printable(request.tmplate) + "' is none of a choice");
  }
  const auto features = with_foundations(request.features);
  for (const FeatureOption& row : feature_options()) {
    if (row.weight != Weight::required || !has(features, row.feature)) continue;
    const Option* option = find_option(row.symbol);
    if (option == nullptr) continue;
    const Known present = holds(option->versions, request.kernel);
    if (present == Known::yes) continue;
    const std::string what = "CONFIG_" + std::string(row.symbol);
    return fail(ErrorCode::unsupported,
                std::string(name(row.feature)) + ": " +
                    (present == Known::no ? linux_version(request.kernel) + " has no " + what
                                          : "it is not known whether " +
                                                linux_version(request.kernel) + " has " + what));
  }
  return {};
}

std::vector<Wanted> wanted_options(const FragmentRequest& request) {
  const auto features = with_foundations(request.features);
  std::vector<Wanted> list;
  for (const FeatureOption& row : feature_options())
    if (has(features, row.feature)) add(list, row, request.kernel);
  if (has(features, Feature::ima) && !request.tmplate.empty())
    add_choice(list, Choice::ima_template, template_symbol(request.tmplate));
  if (has(features, Feature::ima) && !request.hash.empty())
    add_choice(list, Choice::ima_hash, hash_symbol(request.hash));
  if (request.hash == "sha384" || request.hash == "sha512") {
    for (Wanted& each : list)
      if (each.option->symbol == "CRYPTO_SHA512") each.weight = Weight::required;
  }
  std::ranges::sort(list, {}, &Wanted::option);  // rows of one array: the order of the table
  return list;
}

}  // namespace etalon::kconfig
