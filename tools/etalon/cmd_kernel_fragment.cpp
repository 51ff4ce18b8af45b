// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <ostream>
#include <string>

#include "kernel/config/fragment.hpp"
#include "kernel/config/request.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"
#include "tools/cli/program.hpp"
#include "tools/codec/json.hpp"
#include "tools/etalon/kernel_options.hpp"
#include "tools/etalon/verbs.hpp"

namespace etalon::build {
namespace {

struct Options {
  KernelRequestOptions request;
  std::string lsm;
  std::string output;
};

Json fragment_json(const std::string& text) {
  return Json(Json::Object{{"fragment", text}, {"sha256", sha256(as_bytes(text)).hex()}});
}

Result<cli::ExitCode> run(const Options& options, cli::Io& io) {
  TRY_ASSIGN(kconfig::FragmentRequest request, kernel_request(options.request));
  request.lsm = comma_list(options.lsm);
  TRY_ASSIGN(const std::string text, kconfig::write_fragment(request));
  if (!options.output.empty()) {
    TRY(write_file_atomic(options.output, as_bytes(text)));
  }
  if (io.json)
    io.out << fragment_json(text).pretty();
  else if (options.output.empty())
    io.out << text;
  return cli::ExitCode::done;
}

}  // namespace

void add_kernel_fragment(cli::Verb& group) {
  cli::Verb verb = group.verb("fragment", "write the options that features take of a kernel");
  const auto options = std::make_shared<Options>();
  add_kernel_request(verb, options->request);
  verb.option("--lsm", options->lsm, "security modules for CONFIG_LSM, separated by commas");
  verb.option("-o,--output", options->output, "write to a file");
  verb.json();
  verb.runs([options](cli::Io& io) { return run(*options, io); });
}

}  // namespace etalon::build
