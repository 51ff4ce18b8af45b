// SPDX-License-Identifier: Apache-2.0
#include "kernel/ima/signature.hpp"

#include <span>
#include <string>
#include <string_view>

#include "kernel/ima/hash_algo.hpp"
#include "kernel/ima/record.hpp"
#include "kernel/ima/template.hpp"
#include "kernel/ima/xattr.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"
#include "tools/crypto/kernel_key.hpp"

namespace etalon::ima {
namespace {

// The digest of the entry in the algorithm that the signature is over. A file is measured with the
// hash of its signature, so they are the same; another says that the two do not belong together.
Result<AnyDigest> digest_of(const Entry& entry, const Xattr& signature) {
  const HashAlgo* algo = hash_algo_at(signature.algorithm);
  if (algo == nullptr) {
    return fail(ErrorCode::unsupported,
                "hash algorithm " + std::to_string(signature.algorithm) + " is not known");
  }
  if (algo->name != entry.digest.algorithm) {
    return fail(ErrorCode::mismatch, "it is over " + std::string(algo->name) +
                                         ", and the entry's digest is " +
                                         printable(entry.digest.algorithm));
  }
  const auto alg = parse_hash_alg(algo->name);
  if (!alg) {
    return fail(ErrorCode::unsupported,
                "signatures over " + std::string(algo->name) + " cannot be checked");
  }
  return AnyDigest::from_bytes(*alg, entry.digest.value);
}

}  // namespace

std::string_view name(SignatureState state) {
  switch (state) {
    case SignatureState::none:
      return "none";
    case SignatureState::good:
      return "good";
    case SignatureState::bad:
      return "bad";
    case SignatureState::unknown_key:
      return "unknown-key";
    case SignatureState::unreadable:
      return "unreadable";
  }
  return "";
}

SignatureVerdict check_signature(const Record& record, const Entry& entry,
                                 std::span<const crypto::KernelKey> keys) {
  const ByteView* field = find_field(record, entry.fields, FieldKind::sig);
  if (field == nullptr || field->empty()) return {};
  const auto value = decode_xattr(*field);
  if (!value) return {.state = SignatureState::unreadable, .why = value.error().text()};
  // A file without its own signature has the portable one of its metadata here, which is not over
  // the content alone.
  if (!value->is_signature() || value->type == XattrType::evm_portable) {
    return {.state = SignatureState::unreadable,
            .why = "a " + std::string(name(value->type)) + " is no signature of the content"};
  }
  const auto digest = digest_of(entry, *value);
  if (!digest) {
    return {.state = SignatureState::unreadable,
            .key_id = value->key_id,
            .why = digest.error().message};
  }
  const AnyDigest over = signed_digest(*value, *digest);
  SignatureVerdict verdict{.state = SignatureState::unknown_key, .key_id = value->key_id};
  for (const crypto::KernelKey& key : keys) {
    if (key.key_id() != value->key_id) continue;
    verdict.state = SignatureState::bad;
    if (key.verifies(over, value->value))
      return {.state = SignatureState::good, .key_id = value->key_id};
  }
  return verdict;
}

}  // namespace etalon::ima
