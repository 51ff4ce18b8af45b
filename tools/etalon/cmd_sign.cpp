// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include "references/bundle/bundle.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"
#include "tools/cli/program.hpp"
#include "tools/codec/json.hpp"
#include "tools/crypto/dsse.hpp"
#include "tools/crypto/keys.hpp"
#include "tools/etalon/bundle_store.hpp"
#include "tools/etalon/verbs.hpp"

namespace etalon::build {
namespace {

struct Options {
  std::string bundle;
  std::string key;
  std::string output;
};

Result<crypto::PrivateKey> load_private_key(const std::string& path) {
  TRY_ASSIGN(Bytes content, read_file(path, crypto::max_key_file));
  const crypto::SecretBytes pem(std::move(content));
  return in_file(in(crypto::PrivateKey::from_pem(pem.view()), "private key"), path);
}

Result<cli::ExitCode> run(const Options& options, cli::Io& io) {
  TRY_ASSIGN(const crypto::PrivateKey key, load_private_key(options.key));
  TRY_ASSIGN(StoredBundle stored, load_bundle(options.bundle));
  crypto::Envelope& envelope = stored.file.bundle.envelope;
  TRY(in_file(crypto::sign(envelope, key), options.bundle));
  TRY(store_bundle(options.bundle, options.output, stored.file,
                   std::string(bundle::manifest_path)));
  const std::string keyid = key.public_key().keyid();
  const std::string payload = sha256(envelope.payload).hex();
  if (io.json) {
    io.out << Json(Json::Object{{"keyid", keyid},
                                {"payload_sha256", payload},
                                {"signatures", envelope.signatures.size()}})
                  .pretty();
  } else {
    io.out << "payload  " << payload << "\nkey      " << keyid << '\n';
  }
  return cli::ExitCode::done;
}

}  // namespace

void add_sign(cli::Program& program) {
  cli::Verb verb = program.verb("sign", "sign a bundle's manifest");
  const auto options = std::make_shared<Options>();
  verb.option("BUNDLE", options->bundle, "folder, tar file or manifest.dsse.json").required();
  verb.option("--key", options->key, "private key, PEM without a passphrase").required();
  verb.option("-o,--output", options->output, "write there and leave BUNDLE as it is");
  verb.json();
  verb.runs([options](cli::Io& io) { return run(*options, io); });
}

}  // namespace etalon::build
