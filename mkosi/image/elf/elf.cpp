// SPDX-License-Identifier: Apache-2.0
// Grammar (widths of 32- and 64-bit files differ, the names are those of <elf.h>; byte order by
// EI_DATA, offsets from the start of the file, addresses as the file asks to be loaded):
//   file     e_ident[16] header  program-header * e_phnum at e_phoff
//   e_ident  7f 'E' 'L' 'F'  EI_CLASS(1|2)  EI_DATA(1|2)  rest not looked at
//   PT_INTERP   path NUL, 2..4096 bytes at p_offset; the first one counts
//   PT_LOAD     p_filesz bytes at p_offset come to p_vaddr
//   PT_DYNAMIC  (d_tag d_val) * n DT_NULL at p_vaddr; the last one counts
//   string      bytes NUL at DT_STRTAB (an address) + value, inside DT_STRSZ
#include "mkosi/image/elf/elf.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <elf.h>
#include <libelf.h>
#include <tl/expected.hpp>

#include "tools/base/bytes.hpp"
#include "tools/base/checked.hpp"
#include "tools/base/result.hpp"

namespace etalon::elf {
namespace {

// The structures of one word size and how libelf translates them.
struct Layout32 {
  using Header = Elf32_Ehdr;
  using Segment = Elf32_Phdr;
  using Dynamic = Elf32_Dyn;
  static constexpr auto translate = &elf32_xlatetom;
};

struct Layout64 {
  using Header = Elf64_Ehdr;
  using Segment = Elf64_Phdr;
  using Dynamic = Elf64_Dyn;
  static constexpr auto translate = &elf64_xlatetom;
};

template <class Layout>
class Reader {
 public:
  Reader(ByteView file, ByteOrder order) : file_(file) { elf_.byte_order = order; }

  Result<ElfFile> read(Class file_class) {
    elf_.file_class = file_class;
    TRY_ASSIGN(const auto headers, table<typename Layout::Header>(ELF_T_EHDR, 0, 1, "header"));
    const auto& header = headers.front();
    elf_.type = header.e_type;
    elf_.machine = header.e_machine;
    elf_.has_entry = header.e_entry != 0;
    if (elf_.type != ET_EXEC && elf_.type != ET_DYN) return std::move(elf_);
    TRY(read_segments(header));
    if (dynamic_ != nullptr) TRY(read_dynamic());
    return std::move(elf_);
  }

 private:
  using Segment = typename Layout::Segment;
  using Dynamic = typename Layout::Dynamic;

  // `count` structures at `offset`, in this machine's byte order.
  template <class T>
  Result<std::vector<T>> table(Elf_Type type, std::uint64_t offset, std::size_t count,
                               std::string_view field) const {
    const std::size_t size = count * sizeof(T);
    if (!window_fits(offset, size, file_.size())) {
      return fail_at(ErrorCode::truncated, field, offset, "lies outside the file");
    }
    std::vector<T> out(count);
    if (count == 0) return out;
    std::memcpy(out.data(), file_.data() + offset, size);
    Elf_Data data{};
    data.d_buf = out.data();
    data.d_type = type;
    data.d_version = EV_CURRENT;
    data.d_size = size;
    const auto encoding = static_cast<unsigned>(elf_.byte_order);
    if (Layout::translate(&data, &data, encoding) == nullptr) {
      return fail_at(ErrorCode::malformed, field, offset, "libelf cannot translate it");
    }
    return out;
  }

  Status read_segments(const typename Layout::Header& header) {
    const std::uint64_t at = header.e_phoff;
    if (header.e_phentsize != sizeof(Segment)) {
      return fail_at(ErrorCode::malformed, "e_phentsize", at,
                     "program headers of " + std::to_string(header.e_phentsize) + " bytes");
    }
    const std::size_t count = header.e_phnum;
    if (count == 0) return fail_at(ErrorCode::malformed, "e_phnum", at, "no program headers");
    if (count * sizeof(Segment) > max_program_headers) {
      return fail_at(
          ErrorCode::limit, "e_phnum", at,
          "program headers of more than " + std::to_string(max_program_headers) + " bytes");
    }
    TRY_ASSIGN(segments_, table<Segment>(ELF_T_PHDR, at, count, "program headers"));
    for (const Segment& segment : segments_) {
      if (segment.p_type == PT_INTERP && !elf_.interpreter) TRY(read_interpreter(segment));
      if (segment.p_type == PT_DYNAMIC) dynamic_ = &segment;
      if (segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0) elf_.has_code = true;
    }
    elf_.has_dynamic = dynamic_ != nullptr;
    return {};
  }

  Status read_interpreter(const Segment& segment) {
    const std::uint64_t offset = segment.p_offset;
    if (segment.p_filesz < 2 || segment.p_filesz > max_name) {
      return fail_at(ErrorCode::malformed, "PT_INTERP", offset,
                     "a path of " + std::to_string(segment.p_filesz) + " bytes");
    }
    if (!window_fits(offset, segment.p_filesz, file_.size())) {
      return fail_at(ErrorCode::truncated, "PT_INTERP", offset, "lies outside the file");
    }
    const auto text = as_text(file_.subspan(offset, segment.p_filesz));
    if (text.back() != '\0') {
      return fail_at(ErrorCode::malformed, "PT_INTERP", offset, "no NUL at its end");
    }
    elf_.interpreter = text.substr(0, text.find('\0'));
    return {};
  }

  // A place in the file and how many bytes from there on come to memory with it.
  struct Place {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
  };

  std::optional<Place> place(std::uint64_t address) const {
    for (const Segment& segment : segments_) {
      if (segment.p_type != PT_LOAD || address < segment.p_vaddr) continue;
      const std::uint64_t into = address - segment.p_vaddr;
      const std::uint64_t file_size = file_.size();
      if (into >= segment.p_filesz || segment.p_offset > file_size) continue;
      const std::uint64_t stored =
          std::min<std::uint64_t>(segment.p_filesz, file_size - segment.p_offset);
      if (into >= stored) continue;
      return Place{.offset = segment.p_offset + into, .size = stored - into};
    }
    return std::nullopt;
  }

  Status read_dynamic() {
    const auto at = place(dynamic_->p_vaddr);
    if (!at) {
      return fail_at(ErrorCode::malformed, "PT_DYNAMIC", dynamic_->p_offset,
                     "its address lies in no loaded part of the file");
    }
    const std::uint64_t count =
        std::min<std::uint64_t>(dynamic_->p_filesz, at->size) / sizeof(Dynamic);
    if (count > max_dynamic_entries) {
      return fail_at(ErrorCode::limit, "PT_DYNAMIC", at->offset,
                     "more than " + std::to_string(max_dynamic_entries) + " entries");
    }
    TRY_ASSIGN(auto entries, table<Dynamic>(ELF_T_DYN, at->offset, static_cast<std::size_t>(count),
                                            "PT_DYNAMIC"));
    const auto end = std::ranges::find(entries, DT_NULL, &Dynamic::d_tag);
    if (end == entries.end()) {
      return fail_at(ErrorCode::malformed, "PT_DYNAMIC", at->offset, "no DT_NULL ends it");
    }
    entries.erase(end, entries.end());
    for (const Dynamic& entry : entries)
      note_numbers(entry);
    for (const Dynamic& entry : entries)
      TRY(note_string(entry));
    return {};
  }

  void note_numbers(const Dynamic& entry) {
    if (entry.d_tag == DT_STRTAB) string_table_ = entry.d_un.d_ptr;
    if (entry.d_tag == DT_STRSZ) string_size_ = entry.d_un.d_val;
    if (entry.d_tag != DT_FLAGS_1) return;
    elf_.pie = (entry.d_un.d_val & DF_1_PIE) != 0;
    elf_.no_default_libraries = (entry.d_un.d_val & DF_1_NODEFLIB) != 0;
  }

  Status note_string(const Dynamic& entry) {
    switch (entry.d_tag) {
      case DT_NEEDED: {
        if (elf_.needed.size() == max_needed) {
          return fail(ErrorCode::limit,
                      "more than " + std::to_string(max_needed) + " DT_NEEDED entries");
        }
        TRY_ASSIGN(auto name, string(entry.d_un.d_val, max_name, "DT_NEEDED"));
        elf_.needed.push_back(std::move(name));
        return {};
      }
      case DT_SONAME: {
        TRY_ASSIGN(elf_.soname, string(entry.d_un.d_val, max_name, "DT_SONAME"));
        return {};
      }
      case DT_RPATH: {
        TRY_ASSIGN(elf_.rpath, string(entry.d_un.d_val, max_search_path, "DT_RPATH"));
        return {};
      }
      case DT_RUNPATH: {
        TRY_ASSIGN(elf_.runpath, string(entry.d_un.d_val, max_search_path, "DT_RUNPATH"));
        return {};
      }
      default:
        return {};
    }
  }

  // The string at `index` of the string table; `cap` counts its NUL.
  Result<std::string> string(std::uint64_t index, std::size_t cap, std::string_view field) const {
    const auto at = string_table_ ? place(*string_table_) : std::nullopt;
    if (!at) {
      return fail(ErrorCode::malformed,
                  std::string(field) + ": DT_STRTAB lies in no loaded part of the file");
    }
    const std::uint64_t size = std::min(at->size, string_size_);
    if (index >= size) {
      return fail_at(ErrorCode::malformed, field, at->offset,
                     "string " + std::to_string(index) + " outside a string table of " +
                         std::to_string(size) + " bytes");
    }
    const auto text = as_text(file_.subspan(at->offset + index, size - index));
    const std::size_t length = text.substr(0, cap).find('\0');
    if (length != std::string_view::npos) return std::string(text.substr(0, length));
    const bool too_long = text.size() >= cap;
    return fail_at(
        too_long ? ErrorCode::limit : ErrorCode::malformed, field, at->offset + index,
        too_long ? "longer than " + std::to_string(cap - 1) + " bytes" : "no NUL ends the string");
  }

  ByteView file_;
  ElfFile elf_;
  std::vector<Segment> segments_;
  const Segment* dynamic_ = nullptr;
  std::optional<std::uint64_t> string_table_;
  std::uint64_t string_size_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace

bool is_elf(ByteView file) {
  return as_text(file).starts_with(ELFMAG);
}

Result<ElfFile> read_elf(ByteView file) {
  if (!is_elf(file)) return fail_at(ErrorCode::malformed, "e_ident", 0, "no ELF magic");
  if (file.size() < EI_NIDENT) {
    return fail_at(ErrorCode::truncated, "e_ident", 0, "lies outside the file");
  }
  const auto file_class = std::to_integer<unsigned>(file[EI_CLASS]);
  const auto order = std::to_integer<unsigned>(file[EI_DATA]);
  if (order != ELFDATA2LSB && order != ELFDATA2MSB) {
    return fail_at(ErrorCode::malformed, "EI_DATA", EI_DATA, "byte order " + std::to_string(order));
  }
  const auto byte_order = order == ELFDATA2LSB ? ByteOrder::little : ByteOrder::big;
  switch (file_class) {
    case ELFCLASS32:
      return Reader<Layout32>(file, byte_order).read(Class::elf32);
    case ELFCLASS64:
      return Reader<Layout64>(file, byte_order).read(Class::elf64);
    default:
      return fail_at(ErrorCode::malformed, "EI_CLASS", EI_CLASS,
                     "class " + std::to_string(file_class));
  }
}

}  // namespace etalon::elf
