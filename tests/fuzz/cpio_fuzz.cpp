// SPDX-License-Identifier: Apache-2.0
// decoder: mkosi/image/initramfs.cpp
// decoder: mkosi/image/newc.cpp
// decoder: mkosi/image/decompress.cpp
// decoder: mkosi/image/decompress_lz4.cpp
// decoder: mkosi/image/walk_initramfs.cpp
// decoder: mkosi/image/tree_builder.cpp
// Whatever the bytes are: unpacking through a small buffer hands on the same entries and ends the
// same way as through a large one, and walking with one thread gives the same tree as with two.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "mkosi/image/initramfs.hpp"
#include "mkosi/image/tree.hpp"
#include "mkosi/image/walk.hpp"
#include "tests/support/recording_sink.hpp"
#include "tools/base/assert.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace image = etalon::image;

constexpr std::uint64_t max_unpacked = std::uint64_t{1} << 20U;

std::string unpack(etalon::ByteView bytes, std::size_t buffer_size) {
  etalon::test::RecordingSink sink(buffer_size);
  const auto segments = image::unpack_initramfs(bytes, sink, max_unpacked);
  // Of several faults, which one is met first depends on the buffer.
  if (!segments) return "refused";
  std::uint64_t end = 0;
  for (const image::Segment& segment : *segments) {
    ETALON_ASSERT(segment.size > 0 && segment.offset >= end);
    end = segment.offset + segment.size;
  }
  ETALON_ASSERT(end <= bytes.size());
  return sink.text();
}

std::string walk(etalon::ByteView bytes, unsigned jobs) {
  const auto walked = image::walk_initramfs(
      bytes, {.algs = {etalon::HashAlg::sha1}, .jobs = jobs, .max_unpacked = max_unpacked});
  if (!walked) return walked.error().text();
  std::string text;
  for (const image::Entry& entry : walked->tree.entries()) {
    text += entry.path + '\0' + entry.target + '\0';
    for (const auto& [alg, digest] : entry.digests)
      text += digest.hex();
    (void)walked->tree.resolve(entry.path).has_value();
  }
  return text;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  ETALON_ASSERT(unpack(bytes, 7) == unpack(bytes, 65536));
  ETALON_ASSERT(walk(bytes, 1) == walk(bytes, 2));
  return 0;
}
