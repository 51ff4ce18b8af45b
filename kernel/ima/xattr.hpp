// SPDX-License-Identifier: Apache-2.0
// Values of the extended attributes security.ima and security.evm. Source: Linux 6.12,
// security/integrity/integrity.h (evm_ima_xattr_type, signature_v2_hdr).
//
//   value     = 01 digest                       hash of the oldest form: SHA-1, or MD5
//             | 02 digest                       HMAC-SHA1 of security.evm, 20 bytes
//             | 03 header                       signature over a digest, version 2 or 3
//             | 04 algorithm digest             hash
//             | 05 header                       portable signature of security.evm
//             | 06 header                       signature over an fs-verity digest, version 3
//   header    = version algorithm keyid[4] size[2] signature[size]         size is big-endian
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"

namespace etalon::ima {

enum class XattrType : std::uint8_t {
  digest = 1,
  evm_hmac = 2,
  signature = 3,
  digest_ng = 4,
  evm_portable = 5,
  verity_signature = 6,
};

std::string_view name(XattrType type);

// No attribute value is larger (XATTR_SIZE_MAX).
inline constexpr std::size_t max_xattr = 65536;

struct Xattr {
  XattrType type = XattrType::digest;
  std::uint8_t version = 0;    // of a signature: 2 or 3
  std::uint8_t algorithm = 0;  // hash_algo_at(): of a digest_ng and of a signature
  std::uint32_t key_id = 0;    // of a signature
  ByteView value{};            // the digest, HMAC or signature

  bool is_signature() const {
    return type == XattrType::signature || type == XattrType::evm_portable ||
           type == XattrType::verity_signature;
  }
};

// Malformed, truncated, or unsupported for types and versions that are not known; the digest of a
// known algorithm must have its size.
Result<Xattr> decode_xattr(ByteView value);

Bytes encode_xattr(const Xattr& value);

// What a signature is over, of a file with this digest: version 2 the digest itself, version 3 the
// digest of { type, algorithm, digest }, which is `struct ima_file_id`.
AnyDigest signed_digest(const Xattr& signature, const AnyDigest& file);

}  // namespace etalon::ima
