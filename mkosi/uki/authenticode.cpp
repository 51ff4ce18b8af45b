// SPDX-License-Identifier: Apache-2.0
#include "mkosi/uki/authenticode.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "mkosi/uki/pe.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"

namespace etalon::uki {
namespace {

constexpr std::uint64_t checksum_size = 4;
constexpr std::uint64_t directory_entry_size = 8;

class Stream {
 public:
  Stream(ByteView file, std::span<const HashAlg> algs) : file_(file), hasher_(algs) {}

  // [from, to) of the file; decode_pe has checked that the windows lie inside it.
  void feed(std::uint64_t from, std::uint64_t to) {
    hasher_.update(file_.subspan(from, to - from));
  }

  DigestSet finish() { return hasher_.finish(); }

 private:
  ByteView file_;
  MultiHasher hasher_;
};

void feed_headers(const Pe& pe, Stream& stream) {
  stream.feed(0, pe.checksum_offset);
  std::uint64_t at = pe.checksum_offset + checksum_size;
  if (pe.security_entry_offset) {
    stream.feed(at, *pe.security_entry_offset);
    at = *pe.security_entry_offset + directory_entry_size;
  }
  stream.feed(at, pe.headers_size);
}

}  // namespace

Result<DigestSet> authenticode(const Pe& pe, std::span<const HashAlg> algs) {
  Stream stream(pe.file, algs);
  feed_headers(pe, stream);
  // EDK2 finds the bytes behind the sections by the sum of sizes, not by the last section's end.
  std::uint64_t sum = pe.headers_size;
  for (const Section* each : pe.by_raw_offset()) {
    stream.feed(each->raw_offset, std::uint64_t{each->raw_offset} + each->raw_size);
    sum += each->raw_size;
  }
  const std::uint64_t size = pe.file.size();
  if (size - sum < pe.certificates.size) {
    return in(Result<DigestSet>(fail(
                  ErrorCode::malformed,
                  "certificate table of " + std::to_string(pe.certificates.size) +
                      " bytes, but only " + std::to_string(size - sum) + " follow the sections")),
              "PE");
  }
  stream.feed(sum, size - pe.certificates.size);
  return stream.finish();
}

}  // namespace etalon::uki
