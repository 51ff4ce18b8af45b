// SPDX-License-Identifier: Apache-2.0
// A header block, offsets decimal; numbers are octal digits and a NUL, checksum as noted:
//   0 name 100 | 100 mode 8 | 108 uid 8 | 116 gid 8 | 124 size 12 | 136 mtime 12
//   148 checksum 8: six octal digits, NUL, space; the sum of all bytes with this field as spaces
//   156 type '0' | 157 link name 100 | 257 "ustar" NUL | 263 "00" | 265 user name 32
//   297 group name 32 | 329 device major 8 | 337 device minor 8 | 345 prefix 155 | 500 zero 12
#include "tools/codec/ustar.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "tools/base/bytes.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/result.hpp"

namespace etalon {
namespace {

constexpr std::size_t block_size = 512;
constexpr std::size_t size_at = 124;
constexpr std::size_t size_digits = 11;
constexpr std::size_t checksum_at = 148;

using Header = std::array<std::byte, block_size>;

void put(Header& header, std::size_t at, std::string_view text) {
  const ByteView bytes = as_bytes(text);
  std::ranges::copy(bytes, header.begin() + static_cast<std::ptrdiff_t>(at));
}

std::string octal(std::uint64_t value, std::size_t digits) {
  std::string text(digits, '0');
  for (std::size_t i = digits; i > 0 && value != 0; --i, value >>= 3U) {
    text[i - 1] = static_cast<char>('0' + (value & 7U));
  }
  return text;
}

Header make_header(std::string_view name, std::uint64_t size) {
  Header header{};
  put(header, 0, name);
  put(header, 100, "0000644");
  put(header, 108, "0000000");
  put(header, 116, "0000000");
  put(header, size_at, octal(size, size_digits));
  put(header, 136, octal(0, 11));
  put(header, checksum_at, "        ");
  put(header, 156, "0");
  put(header, 257, "ustar");
  put(header, 263, "00");
  put(header, 329, "0000000");
  put(header, 337, "0000000");
  std::uint64_t sum = 0;
  for (const std::byte each : header)
    sum += std::to_integer<std::uint64_t>(each);
  put(header, checksum_at, octal(sum, 6));
  header[checksum_at + 6] = std::byte{0};
  return header;
}

std::size_t padding(std::uint64_t size) {
  return (block_size - size % block_size) % block_size;
}

bool is_zero(ByteView bytes) {
  return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

std::string_view name_in(ByteView block) {
  const std::string_view field = as_text(block.first(max_ustar_name));
  return field.substr(0, field.find('\0'));
}

// The size field, or nothing where it is not eleven octal digits.
std::uint64_t size_in(ByteView block) {
  const std::string_view digits = as_text(block.subspan(size_at, size_digits));
  std::uint64_t size = 0;
  // A field that is no number gives a size that the comparison of whole headers refuses.
  (void)std::from_chars(digits.data(), digits.data() + digits.size(), size, 8);
  return size;
}

Status check_end(ByteReader& reader) {
  if (!is_zero(reader.bytes(block_size, "second end block"))) {
    reader.reject(ErrorCode::malformed, "end", "second end block is not zero");
  }
  reader.expect_end("ustar");
  return reader.status();
}

Result<UstarEntry> read_entry(ByteReader& reader, ByteView block, std::uint64_t offset) {
  UstarEntry entry{.name = std::string(name_in(block)), .content = {}, .offset = offset};
  const std::uint64_t size = size_in(block);
  if (entry.name.empty() || !equal(make_header(entry.name, size), block)) {
    return fail_at(ErrorCode::malformed, "header", offset, "not in the canonical form");
  }
  entry.content = reader.bytes(size, "content");
  if (!is_zero(reader.bytes(padding(size), "padding"))) {
    reader.reject(ErrorCode::malformed, "padding", "not zero");
  }
  TRY(reader.status());
  return entry;
}

Result<std::vector<UstarEntry>> decode(ByteView tar, std::size_t max_entries) {
  ByteReader reader(tar);
  std::vector<UstarEntry> entries;
  while (true) {  // each turn takes a block, and the reader fails where there is none
    const std::uint64_t offset = reader.offset();
    const ByteView block = reader.bytes(block_size, "header");
    TRY(reader.status());
    if (is_zero(block)) {
      TRY(check_end(reader));
      return entries;
    }
    if (entries.size() == max_entries) {
      return fail(ErrorCode::limit, "more than " + std::to_string(max_entries) + " entries");
    }
    TRY_ASSIGN(UstarEntry entry, read_entry(reader, block, offset));
    entries.push_back(std::move(entry));
  }
}

}  // namespace

Result<Bytes> encode_ustar(std::span<const UstarEntry> entries) {
  Bytes tar;
  for (const UstarEntry& entry : entries) {
    if (entry.name.empty() || entry.name.size() > max_ustar_name ||
        entry.name.find('\0') != std::string::npos) {
      return fail(ErrorCode::usage, "'" + printable(entry.name) + "' does not fit a ustar name");
    }
    if (entry.content.size() > max_ustar_size) {
      return fail(ErrorCode::usage, "'" + printable(entry.name) + "' is too large for ustar");
    }
    append(tar, make_header(entry.name, entry.content.size()));
    append(tar, entry.content);
    tar.resize(tar.size() + padding(entry.content.size()));
  }
  tar.resize(tar.size() + 2 * block_size);
  return tar;
}

Result<std::vector<UstarEntry>> decode_ustar(ByteView tar, std::size_t max_entries) {
  return in(decode(tar, max_entries), "ustar");
}

}  // namespace etalon
