// SPDX-License-Identifier: Apache-2.0
// Signs the files of an image for a kernel that appraises them, or lists who signed what it ran:
// the value of security.ima for each regular file. A tar archive can carry such attributes; the
// newc archives of an initramfs cannot (Linux, Documentation/driver-api/early-userspace/
// buffer-format.rst), so for those, and for folders, the values are a list, with a script that sets
// them at boot.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mkosi/image/tar_xattr.hpp"
#include "mkosi/image/tree.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/file_stream.hpp"
#include "tools/base/result.hpp"
#include "tools/crypto/kernel_key.hpp"

namespace etalon::pipeline {

enum class SignedDigest : std::uint8_t {
  content,  // version 2: over the digest of the content
  verity,   // version 3: over the digest of fs-verity
};

struct ImaSigning {
  const crypto::KernelSigner& key;
  HashAlg alg = HashAlg::sha256;
  SignedDigest over = SignedDigest::content;
  std::uint32_t key_id = 0;  // that the signatures name
};

// The value of security.ima for a file with this digest (of its content, or of fs-verity).
Result<Bytes> ima_signature(const ImaSigning& signing, const AnyDigest& digest);

// The same archive as pax with security.ima on each regular file; how many there are.
Result<std::uint64_t> sign_tar(ByteView image, std::uint64_t max_unpacked,
                               const ImaSigning& signing, const WritePiece& write);

// The list of a tree whose files have digests in the algorithm: lines "HEX  PATH", sorted by path,
// a backslash, line break or other control character in a path as \NNN, octal.
Result<std::string> signature_list(const image::ImageTree& tree, const ImaSigning& signing);

// The script that sets them, for a guest with setfattr(1).
std::string_view signature_setter();

// The options of a kernel that trusts the certificate, which is a file its build can read.
std::string keyring_fragment(std::string_view certificate);

}  // namespace etalon::pipeline
