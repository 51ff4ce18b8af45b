// SPDX-License-Identifier: Apache-2.0
// The segments of an initramfs image: any mixture of uncompressed cpio archives, compressed streams
// that hold cpio archives, and NUL padding, as the kernel's unpack_to_rootfs() accepts them (Linux
// 6.12, init/initramfs.c). libarchive and cpio stop behind the first archive; the kernel does not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "mkosi/image/compression.hpp"
#include "mkosi/image/newc.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {

// Unpacked bytes of one image; --max-unpacked overrides it.
inline constexpr std::uint64_t default_max_unpacked = std::uint64_t{8} << 30U;

enum class SegmentKind : std::uint8_t { microcode, cpio };

// "microcode", "cpio"
std::string_view name(SegmentKind kind);

struct Segment {
  // microcode: uncompressed and before anything compressed, with kernel/x86/microcode/
  SegmentKind kind = SegmentKind::cpio;
  Compression compression = Compression::none;
  std::uint64_t offset = 0;    // in the image
  std::uint64_t size = 0;      // in the image, without padding behind it
  std::uint64_t unpacked = 0;  // bytes of cpio

  bool operator==(const Segment&) const = default;
};

// What the unpacker needs beside the entries: somewhere to decompress into. Views given to data()
// point into the last buffer(), into what flush() says how to keep, or into the image itself.
class InitramfsSink : public NewcSink {
 public:
  // Where the next decompressed bytes go; not empty. Stays valid until flush().
  virtual std::span<std::byte> buffer() = 0;
  // No view given since the last flush is used any more by the unpacker. Those that do not point
  // into buffer() stay while `keep` is kept, of which there is a bounded number
  // (ZstdRing::slack).
  virtual void flush(std::shared_ptr<const void> keep) = 0;

  // The unpacker stands at this offset of the image; asked for by nobody, of use to show progress.
  virtual void reached(std::uint64_t /*position*/) {}
};

// Hands every entry of `image` to `sink`, in order, and returns the segments. Refuses what stops
// the kernel, an archive that ends inside an entry, and more than max_unpacked bytes (limit).
// `jobs` above 1 lets a decoder use a second thread, which changes nothing but the time.
Result<std::vector<Segment>> unpack_initramfs(ByteView image, InitramfsSink& sink,
                                              std::uint64_t max_unpacked = default_max_unpacked,
                                              unsigned jobs = 1);

}  // namespace etalon::image
