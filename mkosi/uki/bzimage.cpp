// SPDX-License-Identifier: Apache-2.0
// Offsets in the file: 0x1f1 u8 setup sectors (0 means 4), 0x1fe 55 aa, 0x202 "HdrS", 0x206 u16
// protocol, 0x20e u16 version text minus 0x200, 0x236 u16 xloadflags, 0x248 u32 payload offset and
// 0x24c u32 payload length, counted from the protected-mode kernel at (setup sectors + 1) * 512.
#include "mkosi/uki/bzimage.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tools/base/bytes.hpp"
#include "tools/base/checked.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/result.hpp"

namespace etalon::uki {
namespace {

constexpr std::uint16_t first_protocol = 0x208;  // payload_offset appeared in 2.08
constexpr std::size_t max_version_text = 4096;
constexpr std::uint64_t sector = 512;

// A reader at an offset; a failure when the file is shorter.
ByteReader at(ByteView file, std::uint64_t offset) {
  ByteReader in(file);
  in.skip(offset, "setup header");
  return in;
}

Result<std::string> version_text(ByteView file, std::uint16_t pointer) {
  if (pointer == 0) return std::string();
  const std::uint64_t start = std::uint64_t{pointer} + 0x200;
  const ByteReader in = at(file, start);
  TRY(in.status());
  const std::string_view rest = as_text(in.rest()).substr(0, max_version_text);
  const std::size_t end = rest.find('\0');
  if (end == std::string_view::npos) {
    return fail_at(ErrorCode::malformed, "kernel_version", start, "text without a NUL");
  }
  return std::string(rest.substr(0, end));
}

Result<BzImage> decode(ByteView file) {
  ByteReader sectors = at(file, 0x1f1);
  std::uint64_t setup_sectors = sectors.u8("setup_sects");
  ByteReader in = at(file, 0x1fe);
  const std::uint16_t boot_flag = in.u16("boot_flag");
  in.skip(2, "jump");
  const ByteView magic = in.bytes(4, "header magic");
  BzImage image;
  image.protocol = in.u16("version");
  in.skip(6, "realmode_swtch, start_sys_seg");
  const std::uint16_t text_pointer = in.u16("kernel_version");
  TRY(in.status());
  if (boot_flag != 0xaa55 || as_text(magic) != "HdrS") {
    return fail_at(ErrorCode::unsupported, "header magic", 0x202, "no Linux setup header");
  }
  if (image.protocol < first_protocol) {
    return fail_at(ErrorCode::unsupported, "version", 0x206, "boot protocol older than 2.08");
  }
  ByteReader late = at(file, 0x236);
  image.xloadflags = late.u16("xloadflags");
  late.skip(16, "cmdline_size, hardware");
  const std::uint32_t offset = late.u32("payload_offset");
  const std::uint32_t length = late.u32("payload_length");
  TRY(late.status());
  TRY_ASSIGN(image.version_text, version_text(file, text_pointer));
  if (setup_sectors == 0) setup_sectors = 4;
  image.payload_offset = (setup_sectors + 1) * sector + offset;
  if (!window_fits(image.payload_offset, length, file.size())) {
    return fail_at(ErrorCode::truncated, "payload", image.payload_offset,
                   std::to_string(length) + " bytes are past the end of the file at " +
                       std::to_string(file.size()));
  }
  image.payload = file.subspan(image.payload_offset, length);
  return image;
}

}  // namespace

std::string BzImage::release() const {
  return version_text.substr(0, version_text.find(' '));
}

Result<BzImage> decode_bzimage(ByteView file) {
  return in(decode(file), "bzImage");
}

}  // namespace etalon::uki
