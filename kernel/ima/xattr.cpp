// SPDX-License-Identifier: Apache-2.0
#include "kernel/ima/xattr.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "kernel/ima/hash_algo.hpp"
#include "tools/base/assert.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/result.hpp"
#include "tools/base/writer.hpp"

namespace etalon::ima {
namespace {

constexpr std::size_t hmac_size = 20;
constexpr std::size_t md5_size = 16;
constexpr std::uint8_t signature_v2 = 2;
constexpr std::uint8_t signature_v3 = 3;

void read_digest(ByteReader& reader, Xattr& out) {
  if (out.type == XattrType::digest_ng) {
    out.algorithm = reader.u8("algorithm");
    const HashAlgo* algo = hash_algo_at(out.algorithm);
    if (algo != nullptr && reader.ok() && reader.remaining() != algo->size) {
      reader.reject(ErrorCode::malformed, "digest",
                    std::to_string(reader.remaining()) + " bytes, but " + std::string(algo->name) +
                        " has " + std::to_string(algo->size));
    }
  } else if (reader.remaining() != hmac_size &&
             (out.type != XattrType::digest || reader.remaining() != md5_size)) {
    reader.reject(ErrorCode::malformed, "digest",
                  std::to_string(reader.remaining()) + " bytes, which is no digest of this type");
  }
  out.value = reader.bytes(reader.remaining(), "digest");
}

void read_signature(ByteReader& reader, Xattr& out) {
  out.version = reader.u8("version");
  if (reader.ok() && out.version != signature_v3 &&
      (out.version != signature_v2 || out.type == XattrType::verity_signature)) {
    reader.reject(
        ErrorCode::unsupported, "version",
        std::to_string(out.version) + " is no version of a " + std::string(name(out.type)));
  }
  out.algorithm = reader.u8("algorithm");
  out.key_id = reader.u32_be("key id");
  const auto size = reader.u16_be("signature size");
  out.value = reader.bytes(size, "signature");
  reader.expect_end("signature");
}

}  // namespace

std::string_view name(XattrType type) {
  switch (type) {
    case XattrType::digest:
      return "digest";
    case XattrType::evm_hmac:
      return "EVM HMAC";
    case XattrType::signature:
      return "signature";
    case XattrType::digest_ng:
      return "digest with algorithm";
    case XattrType::evm_portable:
      return "portable EVM signature";
    case XattrType::verity_signature:
      return "fs-verity signature";
  }
  return "";
}

Result<Xattr> decode_xattr(ByteView value) {
  if (value.size() > max_xattr) {
    return fail(ErrorCode::limit, "more than " + std::to_string(max_xattr) + " bytes");
  }
  ByteReader reader(value);
  const std::uint8_t type = reader.u8("type");
  TRY(reader.status());
  if (type < 1 || type > static_cast<std::uint8_t>(XattrType::verity_signature)) {
    return fail_at(ErrorCode::unsupported, "type", 0, std::to_string(type) + " is not known");
  }
  Xattr out{.type = static_cast<XattrType>(type)};
  if (out.is_signature())
    read_signature(reader, out);
  else
    read_digest(reader, out);
  TRY(reader.status());
  return out;
}

Bytes encode_xattr(const Xattr& value) {
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(value.type));
  if (value.is_signature()) {
    out.u8(value.version).u8(value.algorithm).u32_be(value.key_id);
    out.u16_be(static_cast<std::uint16_t>(value.value.size()));
  } else if (value.type == XattrType::digest_ng) {
    out.u8(value.algorithm);
  }
  return out.bytes(value.value).take();
}

AnyDigest signed_digest(const Xattr& signature, const AnyDigest& file) {
  ETALON_ASSERT(signature.is_signature());
  if (signature.version == signature_v2) return file;
  const std::array head = {static_cast<std::byte>(signature.type),
                           static_cast<std::byte>(signature.algorithm)};
  return hash(file.alg(), {head, file.view()});
}

}  // namespace etalon::ima
