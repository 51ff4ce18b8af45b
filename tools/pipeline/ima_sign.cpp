// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/ima_sign.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/ima/fsverity.hpp"
#include "kernel/ima/hash_algo.hpp"
#include "kernel/ima/xattr.hpp"
#include "mkosi/image/tar_xattr.hpp"
#include "mkosi/image/tree.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/file_stream.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"

namespace etalon::pipeline {
namespace {

std::uint8_t number_of(HashAlg alg) {
  const auto algos = ima::hash_algos();
  const auto found = std::ranges::find(algos, name(alg), &ima::HashAlgo::name);
  return static_cast<std::uint8_t>(found - algos.begin());
}

class SignedContent final : public image::ContentSum {
 public:
  SignedContent(const ImaSigning& signing, std::optional<ima::VerityHasher> verity)
      : signing_(signing), hasher_(signing.alg), verity_(std::move(verity)) {}

  void update(ByteView piece) override {
    if (verity_)
      verity_->update(piece);
    else
      hasher_.update(piece);
  }

  Result<Bytes> value() override {
    return ima_signature(signing_, verity_ ? verity_->finish() : hasher_.finish());
  }

 private:
  const ImaSigning& signing_;
  Hasher hasher_;
  std::optional<ima::VerityHasher> verity_;
};

std::string escaped(std::string_view path) {
  std::string text;
  for (const char c : path) {
    const auto code = static_cast<unsigned char>(c);
    if (code >= 0x20 && c != '\\' && code != 0x7f) {
      text += c;
      continue;
    }
    text += '\\';
    for (const unsigned shift : {6U, 3U, 0U})
      text += static_cast<char>('0' + ((code >> shift) & 7U));
  }
  return text;
}

}  // namespace

Result<Bytes> ima_signature(const ImaSigning& signing, const AnyDigest& digest) {
  ima::Xattr value{.type = ima::XattrType::signature,
                   .version = 2,
                   .algorithm = number_of(digest.alg()),
                   .key_id = signing.key_id};
  if (signing.over == SignedDigest::verity) {
    value.type = ima::XattrType::verity_signature;
    value.version = 3;
  }
  TRY_ASSIGN(const Bytes signature, signing.key.sign(ima::signed_digest(value, digest)));
  value.value = signature;
  return ima::encode_xattr(value);
}

Result<std::uint64_t> sign_tar(ByteView image, std::uint64_t max_unpacked,
                               const ImaSigning& signing, const WritePiece& write) {
  std::optional<ima::VerityHasher> verity;
  if (signing.over == SignedDigest::verity) {
    TRY_ASSIGN(verity, ima::VerityHasher::make({.alg = signing.alg}));
  }
  SignedContent sum(signing, std::move(verity));
  return copy_tar_with_xattr(image, {.name = "security.ima", .max_unpacked = max_unpacked}, sum,
                             write);
}

Result<std::string> signature_list(const image::ImageTree& tree, const ImaSigning& signing) {
  std::vector<std::pair<std::string, std::string>> lines;
  for (const image::Entry& entry : tree.entries()) {
    if (entry.type != image::EntryType::file) continue;
    const AnyDigest* digest = entry.digests.find(signing.alg);
    if (digest == nullptr) return fail(ErrorCode::usage, "the tree was walked without digests");
    TRY_ASSIGN(const Bytes value, ima_signature(signing, *digest));
    lines.emplace_back(entry.path, to_hex(value));
  }
  std::ranges::sort(lines);
  std::string text;
  for (const auto& [path, hex] : lines)
    text += hex + "  " + escaped(path) + "\n";
  return text;
}

std::string_view signature_setter() {
  return "#!/bin/sh\n"
         "# SPDX-License-Identifier: Apache-2.0\n"
         "#\n"
         "# Sets security.ima of the files in the list beside it (or $1), below / (or $2). To be "
         "run\n"
         "# as root before a policy with appraise is loaded. Needs setfattr, of the package attr, "
         "and a\n"
         "# root that keeps such attributes: tmpfs does with CONFIG_TMPFS_XATTR, ramfs does not.\n"
         "set -eu\n"
         "list=${1:-$(dirname \"$0\")/ima-signatures}\n"
         "root=${2:-}\n"
         "while IFS= read -r line; do\n"
         "  path=$(printf '%b_' \"$(printf '%s' \"${line#*  }\" | sed 's/\\\\/\\\\0/g')\")\n"
         "  setfattr -n security.ima -v \"0x${line%%  *}\" -- \"$root${path%_}\"\n"
         "done < \"$list\"\n";
}

std::string keyring_fragment(std::string_view certificate) {
  return "# The certificate is built in, and its key is good for signatures of files.\n"
         "CONFIG_KEYS=y\n"
         "CONFIG_SYSTEM_TRUSTED_KEYRING=y\n"
         "CONFIG_SYSTEM_TRUSTED_KEYS=\"" +
         std::string(certificate) +
         "\"\n"
         "CONFIG_INTEGRITY_TRUSTED_KEYRING=y\n"
         "CONFIG_IMA_KEYRINGS_PERMIT_SIGNED_BY_BUILTIN_OR_SECONDARY=y\n"
         "# IMA loads the same one, or another that it has signed, into its own keyring at boot.\n"
         "CONFIG_IMA_LOAD_X509=y\n"
         "CONFIG_IMA_X509_PATH=\"/etc/keys/x509_ima.der\"\n";
}

}  // namespace etalon::pipeline
