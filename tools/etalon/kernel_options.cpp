// SPDX-License-Identifier: Apache-2.0
#include "tools/etalon/kernel_options.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/config/request.hpp"
#include "kernel/options/features.hpp"
#include "tools/base/kernel_version.hpp"
#include "tools/base/result.hpp"
#include "tools/cli/verb.hpp"

namespace etalon::build {
namespace {

template <class T>
Result<T> of_option(Result<T> result, std::string_view option) {
  if (result) return result;
  result.error().code = ErrorCode::usage;
  if (result.error().field.empty()) result.error().field = option;
  return result;
}

}  // namespace

void add_kernel_request(cli::Verb& verb, KernelRequestOptions& options) {
  verb.option("--feature", options.features,
              "what the kernel is for, separated by commas: ima, ima-appraise, evm, fs-verity, "
              "tdx-guest, vtpm")
      .required();
  verb.option("--kernel", options.kernel, "version of the kernel, e.g. 6.12").required();
  verb.option("--hash", options.hash, "hash of files in IMA's list")
      .one_of({"sha256", "sha384", "sha512"});
  verb.option("--template", options.tmplate, "template of IMA's list")
      .one_of({"ima-ng", "ima-sig"});
}

Result<kconfig::FragmentRequest> kernel_request(const KernelRequestOptions& options) {
  kconfig::FragmentRequest request{.hash = options.hash, .tmplate = options.tmplate};
  TRY_ASSIGN(request.features, of_option(kconfig::parse_features(options.features), "--feature"));
  const std::string_view text = options.kernel;
  const auto kernel = parse_kernel_version(text.starts_with('v') ? text.substr(1) : text);
  if (!kernel) {
    return of_option(Result<kconfig::FragmentRequest>(
                         fail(ErrorCode::usage, "'" + printable(text) + "' is no kernel version")),
                     "--kernel");
  }
  request.kernel = *kernel;
  TRY(of_option(kconfig::check_request(request), "--kernel"));
  return request;
}

std::vector<std::string> comma_list(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(','));
    words.emplace_back(word);
    if (word.size() == text.size()) break;
    text.remove_prefix(word.size() + 1);
    if (text.empty()) words.emplace_back();
  }
  return words;
}

}  // namespace etalon::build
