// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <ostream>
#include <string>

#include "references/bundle/bundle_file.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"
#include "tools/cli/program.hpp"
#include "tools/codec/json.hpp"
#include "tools/crypto/dsse.hpp"
#include "tools/etalon/bundle_store.hpp"
#include "tools/etalon/verbs.hpp"

namespace etalon::build {
namespace {

struct Options {
  std::string bundle;
  std::string output;
  bool pae = false;
};

Result<cli::ExitCode> run(const Options& options, cli::Io& io) {
  TRY_ASSIGN(const StoredBundle stored, load_bundle(options.bundle));
  const crypto::Envelope& envelope = stored.file.bundle.envelope;
  const Bytes pae = crypto::pae(envelope.payload_type, envelope.payload);
  const Bytes& product = options.pae ? pae : envelope.payload;
  if (!options.output.empty()) {
    TRY(write_file_atomic(options.output, product));
  }
  if (io.json) {
    io.out << Json(Json::Object{{"payload_type", envelope.payload_type},
                                {"payload_sha256", sha256(envelope.payload).hex()},
                                {"payload_size", envelope.payload.size()},
                                {"pae_sha256", sha256(pae).hex()},
                                {"pae_size", pae.size()}})
                  .pretty();
  } else if (options.output.empty()) {
    io.out << as_text(product);
  } else {
    io.out << sha256(product).hex() << '\n';
  }
  return cli::ExitCode::done;
}

}  // namespace

void add_payload(cli::Program& program) {
  cli::Verb verb = program.verb("payload", "print what a signature is made over");
  const auto options = std::make_shared<Options>();
  verb.option("BUNDLE", options->bundle, "folder, tar file or manifest.dsse.json").required();
  verb.flag("--pae", options->pae,
            "the bytes to sign: the payload in its pre-authentication encoding");
  verb.option("-o,--output", options->output, "write to a file and print its SHA-256");
  verb.json();
  verb.runs([options](cli::Io& io) { return run(*options, io); });
}

}  // namespace etalon::build
