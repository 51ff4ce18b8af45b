// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_elf.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <elf.h>

#include "tools/base/bytes.hpp"

namespace etalon::test {
namespace {

class Out {
 public:
  explicit Out(bool big_endian) : big_(big_endian) {}

  Out& number(std::uint64_t value, unsigned width) {
    for (unsigned i = 0; i < width; ++i) {
      const unsigned shift = 8 * (big_ ? width - 1 - i : i);
      bytes.push_back(static_cast<std::byte>(shift < 64 ? value >> shift & 0xffU : 0));
    }
    return *this;
  }

  Out& text(std::string_view text) {
    append(bytes, as_bytes(text));
    return *this;
  }

  Out& raw(const Bytes& more) {
    append(bytes, more);
    return *this;
  }

  Bytes bytes;

 private:
  bool big_;
};

struct Segment {
  std::uint32_t type = 0;
  std::uint32_t flags = 0;
  std::uint64_t offset = 0;
  std::uint64_t address = 0;
  std::uint64_t size = 0;
};

constexpr std::uint64_t base_address = 0x10000;

}  // namespace

Bytes FakeElf::build() const {
  const unsigned word = bits / 8;
  const std::uint64_t header = bits == 64 ? 64 : 52;
  const std::uint64_t segment_size = bits == 64 ? 56 : 32;

  std::string strings(1, '\0');
  const auto index = [&strings](const std::string& text) {
    const std::size_t at = strings.size();
    strings += text + '\0';
    return at;
  };
  std::vector<std::pair<std::uint64_t, std::uint64_t>> entries;
  for (const std::string& name : needed)
    entries.emplace_back(DT_NEEDED, needed_index.value_or(index(name)));
  if (!soname.empty()) entries.emplace_back(DT_SONAME, index(soname));
  if (!rpath.empty()) entries.emplace_back(DT_RPATH, index(rpath));
  if (!runpath.empty()) entries.emplace_back(DT_RUNPATH, index(runpath));
  if (flags_1 != 0) entries.emplace_back(DT_FLAGS_1, flags_1);

  const std::uint64_t count = 1U + (interpreter.empty() ? 0U : 1U) + (dynamic ? 1U : 0U);
  const std::uint64_t interpreter_at = header + count * segment_size;
  const std::uint64_t interpreter_length = interpreter.empty() ? 0 : interpreter.size() + 1;
  const std::uint64_t strings_at = interpreter_at + interpreter_length;
  const std::uint64_t dynamic_at = strings_at + strings.size();
  entries.emplace_back(DT_STRTAB, string_address.value_or(base_address + strings_at));
  entries.emplace_back(DT_STRSZ, string_size.value_or(strings.size()));
  if (ends_dynamic) entries.emplace_back(DT_NULL, 0);
  const std::uint64_t dynamic_length = dynamic ? entries.size() * 2 * word : 0;
  const std::uint64_t total = dynamic_at + dynamic_length;

  std::vector<Segment> segments;
  if (!interpreter.empty()) {
    segments.push_back({PT_INTERP, PF_R, interpreter_offset.value_or(interpreter_at),
                        base_address + interpreter_at,
                        interpreter_size.value_or(interpreter_length)});
  }
  segments.push_back({PT_LOAD, load_flags, 0, base_address, total});
  if (dynamic) {
    segments.push_back({PT_DYNAMIC, PF_R, dynamic_at,
                        dynamic_address.value_or(base_address + dynamic_at),
                        dynamic_size.value_or(dynamic_length)});
  }

  Out out(big_endian);
  out.text(
         "\x7f"
         "ELF")
      .number(bits / 32, 1)
      .number(big_endian ? 2 : 1, 1)
      .number(1, 1);
  out.number(0, 9).number(type, 2).number(machine, 2).number(1, 4).number(entry, word);
  out.number(phoff.value_or(header), word).number(0, word).number(0, 4).number(header, 2);
  out.number(phentsize.value_or(static_cast<std::uint16_t>(segment_size)), 2);
  out.number(phnum.value_or(static_cast<std::uint16_t>(count)), 2).number(0, 6);
  for (const Segment& each : segments) {
    out.number(each.type, 4);
    if (bits == 64) out.number(each.flags, 4);
    out.number(each.offset, word).number(each.address, word).number(0, word);
    out.number(each.size, word).number(each.size, word);
    if (bits == 32) out.number(each.flags, 4);
    out.number(1, word);
  }
  if (!interpreter.empty()) out.text(interpreter).number(0, 1);
  out.text(strings);
  if (dynamic) {
    for (const auto& [tag, value] : entries)
      out.number(tag, word).number(value, word);
  }
  return std::move(out.bytes);
}

std::string FakeElf::text() const {
  return std::string(as_text(build()));
}

FakeElf fake_program(std::vector<std::string> needed, std::string interpreter) {
  return {.interpreter = std::move(interpreter), .needed = std::move(needed), .flags_1 = DF_1_PIE};
}

FakeElf fake_library(std::string soname, std::vector<std::string> needed) {
  return {.entry = 0, .needed = std::move(needed), .soname = std::move(soname)};
}

Bytes FakeLdCache::build() const {
  const std::size_t table = 48 + libraries.size() * 24;
  std::string strings;
  const auto offset = [&](const std::string& text) {
    const std::size_t at = table + strings.size();
    strings += text + '\0';
    return at;
  };
  Out rows(big_endian);
  for (const FakeCachedLibrary& each : libraries) {
    const std::size_t name = offset(each.name);
    rows.number(each.flags, 4).number(key.value_or(static_cast<std::uint32_t>(name)), 4);
    rows.number(offset(each.path), 4).number(0, 4).number(each.hwcap, 8);
  }
  Out names(big_endian);
  for (const std::string& name : hwcaps)
    names.number(offset(name), 4);
  const std::size_t extension = table + strings.size();
  const std::size_t generator_at = extension + 8 + 32;
  const std::size_t names_at = generator_at + generator.size();

  Out out(big_endian);
  if (old_table) {
    out.text("ld.so-1.7.0").number(0, 1).number(1, 4).number(3, 4).number(0, 8);
    out.number(0, (8 - out.bytes.size() % 8) % 8);
  }
  out.text("glibc-ld.so.cache").text(version);
  out.number(count.value_or(static_cast<std::uint32_t>(libraries.size())), 4);
  out.number(strings.size(), 4).number(big_endian ? 3 : order_flag, 1).number(0, 3);
  out.number(extension_offset.value_or(static_cast<std::uint32_t>(extension)), 4).number(0, 12);
  out.raw(rows.bytes).text(strings);
  out.number(extension_magic, 4).number(extension_count, 4);
  out.number(0, 4).number(0, 4).number(generator_at, 4).number(generator.size(), 4);
  out.number(1, 4).number(0, 4).number(names_at, 4);
  out.number(hwcaps_size.value_or(static_cast<std::uint32_t>(names.bytes.size())), 4);
  out.text(generator).raw(names.bytes);
  return std::move(out.bytes);
}

}  // namespace etalon::test
