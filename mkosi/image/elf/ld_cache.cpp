// SPDX-License-Identifier: Apache-2.0
// Grammar (numbers in the byte order of the machine it is for; offsets from the start of `new`):
//   file       (old pad)? new
//   old        "ld.so-1.7.0" pad(1) nlibs:u32 (flags:u32 key:u32 value:u32) * nlibs
//   pad        to a multiple of 8
//   new        "glibc-ld.so.cache" "1.1" nlibs:u32 len_strings:u32 order:u8 0(3)
//              extensions:u32 0(12) library * nlibs, strings and extensions by offset
//   order      low two bits 2 little, 3 big, 0 not said (before 2.33, taken as little); 1 is
//   invalid library    flags:u32 key:u32 value:u32 osversion:u32 hwcap:u64; key and value are
//   offsets of
//              NUL-terminated strings, the name and the path
//   hwcap      0 | 1<<62 | index of a name in extension 1 | bits of a CPU (before 2.37)
//   extensions 0xeaa42174:u32 count:u32 (tag:u32 flags:u32 offset:u32 size:u32) * count
//              tag 0: text, who wrote it; tag 1: offset:u32 * (size/4) of glibc-hwcaps names
// What no offset leads to is not looked at; so glibc does.
#include "mkosi/image/elf/ld_cache.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/checked.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/result.hpp"

namespace etalon::elf {
namespace {

constexpr std::string_view old_magic = "ld.so-1.7.0";
constexpr std::string_view new_magic = "glibc-ld.so.cache";
constexpr std::string_view version = "1.1";
constexpr std::uint64_t library_size = 24;
constexpr std::uint64_t old_library_size = 12;
constexpr std::uint32_t extension_magic = 0xeaa42174;
constexpr std::size_t max_extensions = 64;
constexpr std::size_t max_hwcaps = 256;
constexpr std::uint64_t hwcap_is_name = std::uint64_t{1} << 62U;
constexpr std::uint64_t hwcap_name_index = 0xffffffff;

enum class Order : std::uint8_t { little, big };

// Where the new table begins behind an old one, whose byte order nothing says.
Result<std::size_t> new_table(ByteView file) {
  if (as_text(file).starts_with(new_magic)) return 0;
  ByteReader reader(file);
  reader.skip(old_magic.size() + 1, "magic");
  const std::uint64_t count = reader.u32("nlibs");
  TRY(reader.status());
  if (count > max_cache_entries) {
    return fail_at(ErrorCode::limit, "nlibs", old_magic.size() + 1,
                   "more than " + std::to_string(max_cache_entries) + " libraries");
  }
  const std::uint64_t end = reader.offset() + count * old_library_size;
  TRY_ASSIGN(const std::uint64_t start, checked_align_up(end, 8, "old table"));
  if (start > file.size() ||
      !as_text(file.subspan(static_cast<std::size_t>(start))).starts_with(new_magic)) {
    return fail_at(ErrorCode::unsupported, "magic", start, "only the old table");
  }
  return static_cast<std::size_t>(start);
}

class CacheReader {
 public:
  explicit CacheReader(ByteView table) : table_(table), reader_(table) {}

  Result<LdCache> read() {
    TRY_ASSIGN(const Header header, read_header());
    if (header.extensions != 0) TRY(read_extensions(header.extensions));
    cache_.libraries.reserve(header.count);
    for (std::uint32_t i = 0; i < header.count; ++i)
      TRY(read_library());
    return std::move(cache_);
  }

 private:
  struct Header {
    std::uint32_t count = 0;
    std::uint32_t extensions = 0;
  };

  std::uint32_t u32(ByteReader& from, std::string_view field) const {
    return order_ == Order::big ? from.u32_be(field) : from.u32(field);
  }

  // The order stands behind the first numbers.
  Status read_order() {
    constexpr std::size_t at = new_magic.size() + version.size() + 8;
    if (table_.size() <= at) return fail_at(ErrorCode::truncated, "flags", at, "ends before it");
    const auto flags = std::to_integer<unsigned>(table_[at]) & 3U;
    if (flags == 1) return fail_at(ErrorCode::malformed, "flags", at, "marked as invalid");
    order_ = flags == 3 ? Order::big : Order::little;
    return {};
  }

  Result<Header> read_header() {
    reader_.skip(new_magic.size(), "magic");
    const auto found = as_text(reader_.bytes(version.size(), "version"));
    TRY(reader_.status());
    if (found != version) {
      return fail_at(ErrorCode::unsupported, "version", new_magic.size(),
                     "version '" + printable(found) + "'");
    }
    TRY(read_order());
    const Header header{.count = u32(reader_, "nlibs"), .extensions = read_offset()};
    TRY(reader_.status());
    if (header.count > max_cache_entries) {
      return fail_at(ErrorCode::limit, "nlibs", new_magic.size() + version.size(),
                     "more than " + std::to_string(max_cache_entries) + " libraries");
    }
    if (reader_.remaining() < header.count * library_size) {
      return fail_at(ErrorCode::truncated, "nlibs", new_magic.size() + version.size(),
                     std::to_string(header.count) + " libraries in " +
                         std::to_string(reader_.remaining()) + " bytes");
    }
    return header;
  }

  std::uint32_t read_offset() {
    reader_.skip(4, "len_strings");
    reader_.skip(4, "flags");
    const std::uint32_t offset = u32(reader_, "extension_offset");
    reader_.skip(12, "unused");
    return offset;
  }

  Status read_extensions(std::uint32_t offset) {
    if (offset > table_.size()) {
      return fail_at(ErrorCode::truncated, "extension_offset", offset, "lies outside the file");
    }
    ByteReader reader(table_.subspan(offset), offset);
    const std::uint32_t found = u32(reader, "extension magic");
    const std::uint32_t count = u32(reader, "extension count");
    TRY(reader.status());
    if (found != extension_magic) {
      return fail_at(ErrorCode::malformed, "extension magic", offset, hex_number(found));
    }
    if (count > max_extensions) {
      return fail_at(ErrorCode::limit, "extension count", offset,
                     "more than " + std::to_string(max_extensions));
    }
    for (std::uint32_t i = 0; i < count; ++i)
      TRY(read_extension(reader));
    return {};
  }

  Status read_extension(ByteReader& reader) {
    const std::uint32_t tag = u32(reader, "extension tag");
    reader.skip(4, "extension flags");
    const std::uint32_t offset = u32(reader, "extension offset");
    const std::uint32_t size = u32(reader, "extension size");
    TRY(reader.status());
    if (!window_fits(offset, size, table_.size())) {
      return fail_at(ErrorCode::truncated, "extension", offset, "lies outside the file");
    }
    const ByteView content = table_.subspan(offset, size);
    if (tag == 0 && size <= max_cache_string) cache_.generator = as_text(content);
    return tag == 1 ? read_hwcaps(content, offset) : Status{};
  }

  Status read_hwcaps(ByteView content, std::uint32_t offset) {
    if (content.size() % 4 != 0 || content.size() / 4 > max_hwcaps) {
      return fail_at(ErrorCode::malformed, "glibc-hwcaps", offset,
                     "names in " + std::to_string(content.size()) + " bytes");
    }
    ByteReader reader(content, offset);
    while (reader.remaining() > 0) {
      TRY_ASSIGN(auto name, string(u32(reader, "glibc-hwcaps"), "glibc-hwcaps"));
      hwcaps_.push_back(std::move(name));
    }
    return reader.status();
  }

  Status read_library() {
    CachedLibrary library;
    library.flags = static_cast<std::int32_t>(u32(reader_, "flags"));
    const std::uint32_t key = u32(reader_, "key");
    const std::uint32_t value = u32(reader_, "value");
    reader_.skip(4, "osversion");
    library.hwcap = order_ == Order::big ? reader_.u64_be("hwcap") : reader_.u64("hwcap");
    TRY(reader_.status());
    TRY_ASSIGN(library.soname, string(key, "key"));
    TRY_ASSIGN(library.path, string(value, "value"));
    if ((library.hwcap & ~hwcap_name_index) == hwcap_is_name) {
      const std::uint64_t index = library.hwcap & hwcap_name_index;
      if (index >= hwcaps_.size()) {
        return fail_at(ErrorCode::malformed, "hwcap", reader_.offset() - 8,
                       "name " + std::to_string(index) + " of " + std::to_string(hwcaps_.size()));
      }
      library.hwcaps = hwcaps_[static_cast<std::size_t>(index)];
    }
    cache_.libraries.push_back(std::move(library));
    return {};
  }

  Result<std::string> string(std::uint32_t offset, std::string_view field) {
    if (offset >= table_.size()) {
      return fail_at(ErrorCode::truncated, field, offset, "lies outside the file");
    }
    const auto text = as_text(table_.subspan(offset)).substr(0, max_cache_string);
    const std::size_t length = text.find('\0');
    if (length == std::string_view::npos) {
      return fail_at(ErrorCode::malformed, field, offset,
                     "no NUL in " + std::to_string(text.size()) + " bytes");
    }
    text_ += length;
    if (text_ > max_cache_text) {
      return fail_at(ErrorCode::limit, field, offset,
                     "strings of more than " + std::to_string(max_cache_text) + " bytes together");
    }
    return std::string(text.substr(0, length));
  }

  ByteView table_;
  ByteReader reader_;
  Order order_ = Order::little;
  std::vector<std::string> hwcaps_;
  std::size_t text_ = 0;
  LdCache cache_;
};

}  // namespace

bool is_ld_cache(ByteView file) {
  const auto text = as_text(file);
  return text.starts_with(new_magic) || text.starts_with(old_magic);
}

Result<LdCache> decode_ld_cache(ByteView file) {
  if (!is_ld_cache(file)) return fail_at(ErrorCode::malformed, "magic", 0, "no ld.so.cache");
  if (file.size() > max_cache_size) {
    return fail(ErrorCode::limit, "larger than " + std::to_string(max_cache_size) + " bytes");
  }
  TRY_ASSIGN(const std::size_t start, new_table(file));
  return CacheReader(file.subspan(start)).read();
}

}  // namespace etalon::elf
