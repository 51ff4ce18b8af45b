// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include "mkosi/image/walk.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/file.hpp"
#include "tools/base/file_stream.hpp"
#include "tools/base/folder.hpp"
#include "tools/base/result.hpp"
#include "tools/cli/program.hpp"
#include "tools/crypto/kernel_key.hpp"
#include "tools/crypto/keys.hpp"
#include "tools/etalon/image_output.hpp"
#include "tools/etalon/verbs.hpp"
#include "tools/pipeline/ima_sign.hpp"

namespace etalon::build {
namespace {

struct Options {
  ImageOptions image{};
  std::string key;
  std::string certificate;
  std::string alg = "sha256";
  std::string output;
  std::string fragment;
  bool verity = false;
};

Result<crypto::KernelSigner> load_signer(const std::string& path) {
  TRY_ASSIGN(Bytes content, read_file(path, crypto::max_key_file));
  const crypto::SecretBytes pem(std::move(content));
  return in_file(in(crypto::KernelSigner::from_pem(pem.view()), "private key"), path);
}

// The certificate must be of the key: its identifier is what the signatures name.
Result<std::uint32_t> key_id(const Options& options, const crypto::KernelSigner& signer) {
  if (options.certificate.empty()) return signer.key_id();
  TRY_ASSIGN(const Bytes file, read_file(options.certificate, crypto::max_key_file));
  TRY_ASSIGN(const crypto::KernelKey key,
             in_file(in(crypto::KernelKey::parse(file), "certificate"), options.certificate));
  const AnyDigest probe = AnyDigest::zero(HashAlg::sha256);
  TRY_ASSIGN(const Bytes signature, signer.sign(probe));
  if (key.verifies(probe, signature)) return key.key_id();
  return in_file(Result<std::uint32_t>(fail(ErrorCode::mismatch, "is not of the private key")),
                 options.certificate);
}

Result<std::uint64_t> sign_archive(const Options& options, const pipeline::ImaSigning& signing,
                                   const MappedFile& file) {
  std::uint64_t files = 0;
  const auto sign_all = [&](const WritePiece& write) -> Status {
    TRY_ASSIGN(files, in_file(sign_tar(file.view(), options.image.max_unpacked, signing, write),
                              options.image.image));
    return file.check_unchanged();
  };
  TRY(stream_file_atomic(options.output, sign_all));
  return files;
}

Status write_list(const Options& options, const pipeline::ImaSigning& signing, cli::Io& io) {
  if (options.verity) {
    return fail(ErrorCode::usage,
                "--verity: only of a tar archive; an initramfs has no files with fs-verity");
  }
  TRY_ASSIGN(const image::Walked walked, walk_image(options.image, {signing.alg}, io));
  print_findings(options.image.image, walked.findings, io.err);
  TRY_ASSIGN(const std::string list, signature_list(walked.tree, signing));
  const auto fill = [&list](const std::string& folder) -> Status {
    TRY(write_file_atomic(folder + "/ima-signatures", as_bytes(list)));
    return write_file_atomic(folder + "/ima-set-signatures", as_bytes(pipeline::signature_setter()),
                             0755);
  };
  TRY(write_directory_atomic(options.output, fill));
  io.err << "etalon: note: this kind of image cannot carry attributes: run ima-set-signatures at "
            "boot, "
            "before a policy appraises\n";
  return {};
}

Result<bool> is_tar(const std::string& path) {
  TRY_ASSIGN(const bool folder, is_folder(path));
  if (folder) return false;
  TRY_ASSIGN(const MappedFile file, MappedFile::open(path));
  TRY_ASSIGN(const image::Format format, in_file(image::detect_format(file.view()), path));
  return format == image::Format::tar;
}

Status write_output(const Options& options, const pipeline::ImaSigning& signing, cli::Io& io) {
  TRY_ASSIGN(const bool tar, is_tar(options.image.image));
  if (!tar) return write_list(options, signing, io);
  TRY_ASSIGN(const MappedFile file, MappedFile::open(options.image.image));
  TRY_ASSIGN(const std::uint64_t files, sign_archive(options, signing, file));
  io.out << "signed   " << files << " files\n";
  return {};
}

Result<cli::ExitCode> run(const Options& options, cli::Io& io) {
  if (!options.fragment.empty() && options.certificate.empty()) {
    return fail(ErrorCode::usage, "--fragment: needs --cert");
  }
  TRY_ASSIGN(const HashAlg alg, parse_hash_alg(options.alg));
  TRY_ASSIGN(const crypto::KernelSigner signer, load_signer(options.key));
  TRY_ASSIGN(const std::uint32_t id, key_id(options, signer));
  const pipeline::ImaSigning signing{
      .key = signer,
      .alg = alg,
      .over = options.verity ? pipeline::SignedDigest::verity : pipeline::SignedDigest::content,
      .key_id = id};
  TRY(write_output(options, signing, io));
  if (!options.fragment.empty()) {
    TRY(write_file_atomic(options.fragment,
                          as_bytes(pipeline::keyring_fragment(options.certificate))));
  }
  return cli::ExitCode::done;
}

}  // namespace

void add_ima_sign(cli::Verb& group) {
  cli::Verb verb = group.verb("sign", "sign the files of an image for IMA");
  const auto options = std::make_shared<Options>();
  add_image_options(verb, options->image);
  verb.option("--key", options->key, "private key, RSA or ECDSA, PEM without a passphrase")
      .required();
  verb.option("--cert", options->certificate, "its certificate, whose identifier signatures name");
  verb.option("--alg", options->alg, "hash of files").one_of({"sha256", "sha384", "sha512"});
  verb.flag("--verity", options->verity, "sign fs-verity digests (version 3)");
  verb.option("-o,--output", options->output, "archive to write, or folder").required();
  verb.option("--fragment", options->fragment, "also write the kernel options of the certificate");
  verb.runs([options](cli::Io& io) { return run(*options, io); });
}

}  // namespace etalon::build
