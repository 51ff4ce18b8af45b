// SPDX-License-Identifier: Apache-2.0
#include "references/measure/tdx/mrtd.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "references/measure/tdx/tdvf.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure::tdx {
namespace {

// PAGE.ADD hashes one 128-byte record; MR.EXTEND a 128-byte record and the 256 bytes of content.
//   0..11 (0..8)  ASCII "MEM.PAGE.ADD" ("MR.EXTEND"), then zero
//   16..23        guest physical address, u64 little-endian, then zero
constexpr std::size_t record_size = 128;
constexpr std::size_t chunk_size = 256;
constexpr std::size_t address_at = 16;
constexpr std::size_t chunks_per_page = page_size / chunk_size;
constexpr std::string_view page_add = "MEM.PAGE.ADD";
constexpr std::string_view mr_extend = "MR.EXTEND";

void set_address(std::span<std::byte> record, std::uint64_t gpa) {
  for (std::size_t i = 0; i < sizeof(gpa); ++i)
    record[address_at + i] = static_cast<std::byte>(gpa >> (8 * i));
}

// The records of one page in one buffer, so that the hash sees few and long updates.
class Stream {
 public:
  Stream() {
    const ByteView add_name = as_bytes(page_add);
    std::ranges::copy(add_name, add_.begin());
    const ByteView extend_name = as_bytes(mr_extend);
    for (std::size_t i = 0; i < chunks_per_page; ++i)
      std::ranges::copy(extend_name, chunk(i).begin());
  }

  void add(std::uint64_t gpa) {
    set_address(add_, gpa);
    hasher_.update(add_);
  }

  // `content` is the page's part of the image; what it lacks of a page is zero.
  void extend(std::uint64_t gpa, ByteView content) {
    for (std::size_t i = 0; i < chunks_per_page; ++i) {
      set_address(chunk(i), gpa + i * chunk_size);
      const auto to = chunk(i).subspan(record_size);
      const std::size_t from = std::min(content.size(), i * chunk_size);
      const ByteView part = content.subspan(from, std::min(chunk_size, content.size() - from));
      std::ranges::fill(std::ranges::copy(part, to.begin()).out, to.end(), std::byte{0});
    }
    hasher_.update(extends_);
  }

  Result<Sha384> finish() { return Sha384::from_bytes(hasher_.finish().view()); }

 private:
  std::span<std::byte> chunk(std::size_t index) {
    constexpr std::size_t size = record_size + chunk_size;
    return std::span(extends_).subspan(index * size, size);
  }

  Hasher hasher_{HashAlg::sha384};
  std::array<std::byte, record_size> add_{};
  std::array<std::byte, chunks_per_page*(record_size + chunk_size)> extends_{};
};

ByteView page_content(ByteView content, std::uint64_t at) {
  const std::uint64_t from = std::min<std::uint64_t>(content.size(), at);
  return content.subspan(from, std::min<std::uint64_t>(page_size, content.size() - from));
}

// The section's bytes of the image; validate_metadata has judged the window of those that have any.
ByteView content_of(const Section& section, ByteView firmware) {
  if (section.raw_size == 0) return {};
  return firmware.subspan(section.data_offset, section.raw_size);
}

void measure_section(Stream& stream, const Section& section, ByteView content,
                     MrtdOrdering ordering) {
  const bool interleaved = section.extended() && ordering == MrtdOrdering::page;
  for (std::uint64_t at = 0; at < section.mem_size; at += page_size) {
    stream.add(section.gpa + at);
    if (interleaved) stream.extend(section.gpa + at, page_content(content, at));
  }
  if (!section.extended() || interleaved) return;
  for (std::uint64_t at = 0; at < section.mem_size; at += page_size)
    stream.extend(section.gpa + at, page_content(content, at));
}

}  // namespace

std::string_view name(MrtdOrdering ordering) {
  return ordering == MrtdOrdering::page ? "kvm-page" : "kvm-section";
}

Result<Sha384> predict_mrtd(ByteView firmware, const Metadata& metadata, MrtdOrdering ordering) {
  TRY(validate_metadata(metadata, firmware.size()));
  Stream stream;
  for (const Section& section : metadata.sections) {
    if (!section.added()) continue;
    measure_section(stream, section, content_of(section, firmware), ordering);
  }
  return stream.finish();
}

}  // namespace etalon::measure::tdx
