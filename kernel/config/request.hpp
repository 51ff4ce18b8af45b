// SPDX-License-Identifier: Apache-2.0
// What a kernel is wanted to be able to do, and the options that takes in its version: the list a
// fragment writes down and a check compares a configuration with.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernel/options/features.hpp"
#include "kernel/options/options.hpp"
#include "tools/base/kernel_version.hpp"
#include "tools/base/result.hpp"

namespace etalon::kconfig {

struct FragmentRequest {
  std::vector<Feature> features{};
  KernelVersion kernel{};
  std::string hash{};     // of files: sha256, sha384 or sha512; empty: as it is, a fragment sha256
  std::string tmplate{};  // of list entries: ima-ng or ima-sig; empty: as it is, a fragment ima-ng
  std::vector<std::string> lsm{};  // a fragment's CONFIG_LSM; empty: left as it is
};

// One line of the list. `option` is a row of options().
struct Wanted {
  const Option* option = nullptr;
  std::string value{};
  Weight weight = Weight::required;
  Accepts accepts = Accepts::exactly;
  Known present = Known::yes;       // whether this version has the option
  std::vector<Feature> features{};  // that ask for it
};

// Which symbol of the choice of IMA's default hash, or template, stands for a name; empty for a
// name that has none, as sha384.
std::string_view hash_symbol(std::string_view hash);
std::string_view template_symbol(std::string_view tmplate);

// unsupported outside the versions that are described, or for a feature this version does not have,
// or not for sure; usage for no feature, or another hash or template than those above.
Status check_request(const FragmentRequest& request);

// In the order of options(); what the version lacks for sure is left out.
std::vector<Wanted> wanted_options(const FragmentRequest& request);

}  // namespace etalon::kconfig
