// SPDX-License-Identifier: Apache-2.0
// The lz4 legacy frame, the only one the kernel knows (Linux 6.12, lib/decompress_unlz4.c).
#pragma once

#include <memory>

#include "mkosi/image/decompress.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {

Result<std::unique_ptr<Decompressor>> make_lz4_decompressor(ByteView input);

}  // namespace etalon::image
