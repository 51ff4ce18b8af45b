// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/compression.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "tools/base/bytes.hpp"

namespace etalon::image {
namespace {

struct Magic {
  std::uint8_t first = 0;
  std::uint8_t second = 0;
  Compression compression = Compression::none;
};

// Linux 6.12, lib/decompress.c, compressed_formats[]; gzip has two.
constexpr std::array magics = {
    Magic{.first = 0x1f, .second = 0x8b, .compression = Compression::gzip},
    Magic{.first = 0x1f, .second = 0x9e, .compression = Compression::gzip},
    Magic{.first = 0x42, .second = 0x5a, .compression = Compression::bzip2},
    Magic{.first = 0x5d, .second = 0x00, .compression = Compression::lzma},
    Magic{.first = 0xfd, .second = 0x37, .compression = Compression::xz},
    Magic{.first = 0x89, .second = 0x4c, .compression = Compression::lzo},
    Magic{.first = 0x02, .second = 0x21, .compression = Compression::lz4},
    Magic{.first = 0x28, .second = 0xb5, .compression = Compression::zstd},
};

}  // namespace

std::string_view name(Compression compression) {
  switch (compression) {
    case Compression::none:
      return "none";
    case Compression::gzip:
      return "gzip";
    case Compression::bzip2:
      return "bzip2";
    case Compression::lzma:
      return "lzma";
    case Compression::xz:
      return "xz";
    case Compression::lzo:
      return "lzo";
    case Compression::lz4:
      return "lz4";
    case Compression::zstd:
      return "zstd";
  }
  return "";
}

std::optional<Compression> detect_compression(ByteView data) {
  if (data.size() < 2) return std::nullopt;
  const auto first = std::to_integer<std::uint8_t>(data[0]);
  const auto second = std::to_integer<std::uint8_t>(data[1]);
  for (const Magic& magic : magics) {
    if (magic.first == first && magic.second == second) return magic.compression;
  }
  return std::nullopt;
}

}  // namespace etalon::image
