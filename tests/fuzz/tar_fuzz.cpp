// SPDX-License-Identifier: Apache-2.0
// decoder: mkosi/image/walk_tar.cpp
// decoder: mkosi/image/tar_source.cpp
// Whatever the bytes are: one thread gives the same tree, findings and error as two; a plain tar
// stays one with NULs behind it, and is none once something else follows.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "mkosi/image/compression.hpp"
#include "mkosi/image/tree.hpp"
#include "mkosi/image/walk.hpp"
#include "tools/base/assert.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace image = etalon::image;

constexpr std::uint64_t max_unpacked = std::uint64_t{1} << 20U;

std::string walk(etalon::ByteView bytes, unsigned jobs, std::uint64_t cap = max_unpacked) {
  const auto walked =
      image::walk_tar(bytes, {.algs = {etalon::HashAlg::sha1}, .jobs = jobs, .max_unpacked = cap});
  if (!walked) return "refused: " + walked.error().text();
  std::string text;
  for (const image::Entry& entry : walked->tree.entries()) {
    text += entry.path + '\0' + entry.target + '\0' + std::to_string(entry.size);
    for (const auto& [alg, digest] : entry.digests)
      text += digest.hex();
    (void)walked->tree.resolve(entry.path).has_value();
  }
  for (const image::Finding& finding : walked->findings)
    text += finding.id + finding.message;
  return text;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const etalon::ByteView bytes = std::as_bytes(std::span(data, size));
  const std::string one = walk(bytes, 1);
  ETALON_ASSERT(one == walk(bytes, 2));
  if (one.starts_with("refused: ") || image::detect_compression(bytes)) return 0;
  etalon::Bytes padded = etalon::to_bytes(bytes);
  padded.resize((size + 511) / 512 * 512 + 1024);
  ETALON_ASSERT(walk(padded, 1, 2 * max_unpacked) == one);
  padded.push_back(std::byte{1});
  ETALON_ASSERT(walk(padded, 1, 2 * max_unpacked).starts_with("refused: "));
  return 0;
}
