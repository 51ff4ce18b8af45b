// SPDX-License-Identifier: Apache-2.0
#include "tools/codec/json_bytes.hpp"

#include <string>
#include <string_view>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"
#include "tools/base/utf16.hpp"
#include "tools/codec/base64.hpp"
#include "tools/codec/json.hpp"

namespace etalon {

void put_bytes(Json::Object& object, std::string_view name, std::string_view bytes) {
  const std::string member(name);
  if (decode_utf8(bytes)) {
    object.emplace(member, bytes);
    return;
  }
  object.emplace(member, printable(bytes));
  object.emplace(member + "_b64", encode_base64(as_bytes(bytes)));
}

}  // namespace etalon
