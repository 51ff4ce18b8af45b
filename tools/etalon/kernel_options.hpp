// SPDX-License-Identifier: Apache-2.0
// What the verbs of `etalon kernel` share: the kernel and the features a request names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernel/config/request.hpp"
#include "tools/base/result.hpp"
#include "tools/cli/verb.hpp"

namespace etalon::build {

struct KernelRequestOptions {
  std::string features{};
  std::string kernel{};
  std::string hash{};
  std::string tmplate{};
};

void add_kernel_request(cli::Verb& verb, KernelRequestOptions& options);

// A fault of any of them is a fault of the command line.
Result<kconfig::FragmentRequest> kernel_request(const KernelRequestOptions& options);

// The parts of "a,b"; none for an empty text.
std::vector<std::string> comma_list(std::string_view text);

}  // namespace etalon::build
