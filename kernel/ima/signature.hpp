// SPDX-License-Identifier: Apache-2.0
// Signatures in a measurement list: templates with a `sig` field carry security.ima of the file, so
// the list tells who signed what was used, not only what it was.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "kernel/ima/record.hpp"
#include "tools/base/bytes.hpp"
#include "tools/crypto/kernel_key.hpp"

namespace etalon::ima {

enum class SignatureState : std::uint8_t {
  none,         // the template has no such field, or it is empty
  good,         // over the digest in the list, by one of the keys
  bad,          // a key with the signature's key id is known, and it is not over this digest
  unknown_key,  // no key with that key id is known
  unreadable,   // no signature of a known form, or over a hash we cannot compute
};

// "good", "unknown-key", …
std::string_view name(SignatureState state);

struct SignatureVerdict {
  SignatureState state = SignatureState::none;
  std::uint32_t key_id = 0;
  std::string why{};  // of unreadable
};

SignatureVerdict check_signature(const Record& record, const Entry& entry,
                                 std::span<const crypto::KernelKey> keys);

}  // namespace etalon::ima
