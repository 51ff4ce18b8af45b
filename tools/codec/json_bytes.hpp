// SPDX-License-Identifier: Apache-2.0
// Text of unknown encoding as members of a JSON object, so that no byte is lost: names of files
// and the like are bytes, JSON text is UTF-8.
#pragma once

#include <string_view>

#include "tools/codec/json.hpp"

namespace etalon {

// The bytes as member `name`. Those that are not UTF-8 get a readable stand-in there, with \xNN for
// what is outside printable ASCII, and in `name`_b64 themselves.
void put_bytes(Json::Object& object, std::string_view name, std::string_view bytes);

}  // namespace etalon
