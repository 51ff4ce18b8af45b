// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include "references/bundle/bundle.hpp"
#include "references/bundle/bundle_file.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"
#include "tools/cli/program.hpp"
#include "tools/codec/base64.hpp"
#include "tools/codec/json.hpp"
#include "tools/crypto/dsse.hpp"
#include "tools/crypto/keys.hpp"
#include "tools/etalon/bundle_store.hpp"
#include "tools/etalon/verbs.hpp"

namespace etalon::build {
namespace {

struct Options {
  std::string bundle;
  std::string signature;
  std::string key;
  std::string file;
  std::string as;
  std::string output;
};

// Signers print base64 as often as bytes. A binary signature cannot be taken for the one or the
// other by mistake, because either is kept only if it verifies.
Status attach_signature(crypto::Envelope& envelope, const crypto::PublicKey& key, ByteView bytes) {
  Status attached = crypto::attach(envelope, key, bytes);
  if (attached) return attached;
  std::string_view text = as_text(bytes);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
    text.remove_suffix(1);
  const auto decoded = decode_base64(text);
  return decoded ? crypto::attach(envelope, key, *decoded) : attached;
}

Status put_signature(const Options& options, StoredBundle& stored) {
  TRY_ASSIGN(const crypto::PublicKey key, load_public_key(options.key));
  TRY_ASSIGN(const Bytes signature, read_file(options.signature, crypto::max_signature_size));
  TRY(in_file(attach_signature(stored.file.bundle.envelope, key, signature), options.signature));
  return store_bundle(options.bundle, options.output, stored.file,
                      std::string(bundle::manifest_path));
}

Status put_file(const Options& options, StoredBundle& stored) {
  const std::string path = "attachments/" + options.as;
  if (!bundle::classify_path(path)) {
    return fail(ErrorCode::usage, "'" + printable(options.as) + "' cannot name an attachment");
  }
  if (stored.file.form == bundle::Form::manifest_only) {
    return fail(ErrorCode::usage, "a lone manifest has no room for attachments");
  }
  TRY_ASSIGN(Bytes content, read_file(options.file, bundle::max_bundle_size));
  if (!stored.file.bundle.files.emplace(path, std::move(content)).second) {
    return fail(ErrorCode::usage, path + " is there already");
  }
  return store_bundle(options.bundle, options.output, stored.file, path);
}

Result<cli::ExitCode> run(const Options& options, cli::Io& io) {
  if (options.signature.empty() == options.file.empty()) {
    return fail(ErrorCode::usage, "either --signature with --key or --file with --as");
  }
  TRY_ASSIGN(StoredBundle stored, load_bundle(options.bundle));
  TRY(options.file.empty() ? put_signature(options, stored) : put_file(options, stored));
  const crypto::Envelope& envelope = stored.file.bundle.envelope;
  const std::string payload = sha256(envelope.payload).hex();
  if (io.json) {
    io.out << Json(Json::Object{{"payload_sha256", payload},
                                {"signatures", envelope.signatures.size()}})
                  .pretty();
  } else {
    io.out << "payload  " << payload << '\n';
  }
  return cli::ExitCode::done;
}

}  // namespace

void add_attach(cli::Program& program) {
  cli::Verb verb =
      program.verb("attach", "add a signature made elsewhere, or an attachment, to a bundle");
  const auto options = std::make_shared<Options>();
  verb.option("BUNDLE", options->bundle, "folder, tar file or manifest.dsse.json").required();
  cli::Option signature =
      verb.option("--signature", options->signature, "signature over the output of payload --pae");
  cli::Option key = verb.option("--key", options->key, "public key that the signature is by");
  cli::Option file = verb.option("--file", options->file, "file to attach, unsigned");
  cli::Option as = verb.option("--as", options->as, "its name below attachments/");
  signature.needs(key);
  key.needs(signature);
  file.needs(as).excludes(signature);
  as.needs(file);
  verb.option("-o,--output", options->output, "write there and leave BUNDLE as it is");
  verb.json();
  verb.runs([options](cli::Io& io) { return run(*options, io); });
}

}  // namespace etalon::build
