// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <ostream>
#include <string>
#include <system_error>

#include <sys/types.h>

#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"
#include "tools/cli/program.hpp"
#include "tools/codec/json.hpp"
#include "tools/crypto/keys.hpp"
#include "tools/etalon/verbs.hpp"

namespace etalon::build {
namespace {

struct Options {
  std::string type = "p256";
  std::string base;
};

constexpr mode_t private_mode = 0600;

// Both files or none; an existing file of either name stays as it is.
Status write_pair(const std::string& base, const crypto::PrivateKey& key) {
  TRY_ASSIGN(const crypto::SecretBytes pem, key.pem());
  TRY(create_file_atomic(base + ".key", pem.view(), private_mode));
  Status written = create_file_atomic(base + ".pub", as_bytes(key.public_key().pem()));
  if (written) return {};
  std::error_code ignored;
  std::filesystem::remove(base + ".key", ignored);
  return written;
}

Result<cli::ExitCode> run(const Options& options, cli::Io& io) {
  TRY_ASSIGN(const crypto::KeyType type, crypto::parse_key_type(options.type));
  TRY_ASSIGN(const crypto::PrivateKey key, crypto::PrivateKey::generate(type));
  TRY(write_pair(options.base, key));
  const std::string keyid = key.public_key().keyid();
  if (io.json) {
    io.out << Json(Json::Object{{"keyid", keyid},
                                {"type", name(type)},
                                {"private_key", printable(options.base + ".key")},
                                {"public_key", printable(options.base + ".pub")}})
                  .pretty();
  } else {
    io.out << keyid << '\n';
  }
  return cli::ExitCode::done;
}

}  // namespace

void add_keygen(cli::Program& program) {
  cli::Verb verb = program.verb("keygen", "make a key pair for signing bundles");
  const auto options = std::make_shared<Options>();
  verb.option("--type", options->type, "p256 (the default), ed25519 or p384");
  verb.option("-o,--output", options->base, "write BASE.key and BASE.pub").required();
  verb.json();
  verb.runs([options](cli::Io& io) { return run(*options, io); });
}

}  // namespace etalon::build
