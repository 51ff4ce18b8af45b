// SPDX-License-Identifier: Apache-2.0
// Base64 with padding (RFC 4648, section 4). Decoding is strict: no white space, no missing
// padding, and unused bits zero, so that a text has exactly one decoding and back.
#pragma once

#include <string>
#include <string_view>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon {

std::string encode_base64(ByteView bytes);
Result<Bytes> decode_base64(std::string_view text);

}  // namespace etalon
