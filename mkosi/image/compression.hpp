// SPDX-License-Identifier: Apache-2.0
// The compressions an initramfs segment may have, told apart as the kernel does: by the first two
// bytes (Linux 6.12, lib/decompress.c). A longer magic is checked only by the decoder itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "tools/base/bytes.hpp"

namespace etalon::image {

enum class Compression : std::uint8_t { none, gzip, bzip2, lzma, xz, lzo, lz4, zstd };

// "none", "gzip", …
std::string_view name(Compression compression);

// What the first two bytes announce; nothing when they announce no compression.
std::optional<Compression> detect_compression(ByteView data);

}  // namespace etalon::image
