// SPDX-License-Identifier: Apache-2.0
// Grammar of a path list: path (separator+ path)* separator*
//   path       '/' and bytes from 0x21 up but ':' and 0x7f
//   separator  newline | ':' | blank | tab
// Both readers of such lists split at more or fewer of these: musl's ld-musl-ARCH.path at newline
// and colon, glibc's ld.so.preload at blanks, tabs, newlines and colons. A path with a blank is in
// neither kind of list that anybody ships; such a file is of kind `other`, so that nobody is told
// half a path.
#include "mkosi/image/elf/facts.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "mkosi/image/elf/elf.hpp"
#include "mkosi/image/elf/ld_cache.hpp"
#include "mkosi/image/elf/shebang.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::elf {
namespace {

FileKind kind_of(ByteView head) {
  if (is_elf(head)) return FileKind::elf;
  if (is_script(head)) return FileKind::script;
  if (is_ld_cache(head)) return FileKind::ld_cache;
  if (as_text(head).starts_with("/.\n")) return FileKind::package_list;
  if (as_text(head).starts_with('/')) return FileKind::path_list;
  return FileKind::other;
}

std::optional<PathList> read_path_list(ByteView file) {
  constexpr std::string_view separators = "\n: \t";
  PathList list;
  std::string_view left = as_text(file);
  while (!left.empty()) {
    const std::size_t size = std::min(left.find_first_of(separators), left.size());
    const std::string_view path = left.substr(0, size);
    left.remove_prefix(std::min(size + 1, left.size()));
    if (path.empty()) continue;
    const bool plain = std::ranges::all_of(path, [](char c) {
      const auto byte = static_cast<unsigned char>(c);
      return byte > 0x20 && byte != 0x7f;
    });
    if (!plain || !path.starts_with('/')) return std::nullopt;
    list.paths.emplace_back(path);
  }
  return list;
}

template <class T>
void fill(FileFacts& facts, Result<T> read) {
  if (read)
    facts.content = *std::move(read);
  else
    facts.fault = read.error().text();
}

FactsPtr facts_of(FileKind kind, ByteView content) {
  FileFacts facts{.kind = kind};
  switch (kind) {
    case FileKind::other:
      return no_facts();
    case FileKind::elf:
      fill(facts, read_elf(content));
      break;
    case FileKind::script:
      fill(facts, read_shebang(content));
      break;
    case FileKind::ld_cache:
      fill(facts, decode_ld_cache(content));
      break;
    case FileKind::path_list: {
      auto list = read_path_list(content);
      if (!list) return no_facts();
      facts.content = *std::move(list);
      break;
    }
    case FileKind::package_list:
      facts.content = PackageList{.text = std::string(as_text(content))};
      break;
  }
  return std::make_shared<const FileFacts>(std::move(facts));
}

// Memory of the strings, about.
struct TextSize {
  // NOLINTNEXTLINE(bugprone-sizeof-container): the string object is memory as well
  static std::uint64_t of(const std::string& text) { return sizeof(text) + text.size(); }

  template <class T>
  std::uint64_t of(const std::optional<T>& value) const {
    return value ? of(*value) : 0;
  }

  template <class T>
  std::uint64_t of(const std::vector<T>& values) const {
    std::uint64_t size = 0;
    for (const T& value : values)
      size += of(value);
    return size;
  }

  static std::uint64_t of(const CachedLibrary& library) {
    return sizeof(library) + library.soname.size() + library.path.size() + library.hwcaps.size();
  }

  std::uint64_t operator()(const std::monostate& /*nothing*/) const { return 0; }

  std::uint64_t operator()(const ElfFile& elf) const {
    return of(elf.interpreter) + of(elf.needed) + of(elf.soname) + of(elf.rpath) + of(elf.runpath);
  }

  std::uint64_t operator()(const Shebang& line) const {
    return of(line.interpreter) + of(line.argument);
  }

  std::uint64_t operator()(const LdCache& cache) const {
    return of(cache.libraries) + of(cache.generator);
  }

  std::uint64_t operator()(const PathList& list) const { return of(list.paths); }

  std::uint64_t operator()(const PackageList& list) const { return of(list.text); }
};

}  // namespace

std::string_view name(FileKind kind) {
  switch (kind) {
    case FileKind::other:
      return "other";
    case FileKind::elf:
      return "elf";
    case FileKind::script:
      return "script";
    case FileKind::ld_cache:
      return "ld-cache";
    case FileKind::path_list:
      return "path-list";
    case FileKind::package_list:
      return "package-list";
  }
  return "";
}

FactsPtr no_facts() {
  static const FactsPtr none = std::make_shared<const FileFacts>();
  return none;
}

FactsPtr read_facts(ByteView file) {
  FactsBudget budget;
  Inspector inspector(budget);
  inspector.begin();
  inspector.add(file);
  return inspector.end();
}

bool FactsBudget::take(const FileFacts& facts) {
  const std::uint64_t size =
      sizeof(FileFacts) + facts.fault.size() + std::visit(TextSize{}, facts.content);
  return used_.fetch_add(size, std::memory_order_relaxed) + size <= limit_;
}

Status FactsBudget::status() const {
  if (used_.load(std::memory_order_relaxed) <= limit_) return {};
  return fail(ErrorCode::limit,
              "what programs and libraries say about themselves takes more than " +
                  std::to_string(limit_) + " bytes");
}

void Inspector::begin() {
  buffer_.clear();
  kind_ = FileKind::other;
  known_ = false;
  wanted_ = magic_size;
  size_ = 0;
}

void Inspector::look_at_magic() {
  known_ = true;
  kind_ = kind_of(buffer_);
  switch (kind_) {
    case FileKind::other:
      wanted_ = 0;
      break;
    case FileKind::elf:
      wanted_ = max_elf_;
      break;
    case FileKind::script:
      wanted_ = script_head_size;
      break;
    case FileKind::ld_cache:
      wanted_ = max_cache_size;
      break;
    case FileKind::path_list:
      wanted_ = max_path_list_size;
      break;
    case FileKind::package_list:
      wanted_ = max_package_list_size;
      break;
  }
  if (buffer_.size() > wanted_) buffer_.resize(wanted_);
}

void Inspector::add(ByteView piece) {
  size_ += piece.size();
  while (!piece.empty() && room() > 0) {
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), room()));
    append(buffer_, piece.first(part));
    piece = piece.subspan(part);
    if (!known_ && room() == 0) look_at_magic();
  }
}

void Inspector::add_zeros(std::uint64_t size) {
  size_ += size;
  while (size > 0 && room() > 0) {
    const std::uint64_t part = std::min(size, room());
    buffer_.resize(buffer_.size() + static_cast<std::size_t>(part));
    size -= part;
    if (!known_ && room() == 0) look_at_magic();
  }
}

FactsPtr Inspector::end() {
  if (!known_) look_at_magic();
  if (kind_ == FileKind::other) return no_facts();
  FactsPtr facts;
  if (size_ <= wanted_ || kind_ == FileKind::script)
    facts = facts_of(kind_, buffer_);
  else if (kind_ == FileKind::path_list)
    facts = no_facts();
  else
    facts = std::make_shared<const FileFacts>(FileFacts{.kind = kind_, .too_large = true});
  return facts == no_facts() || budget_.take(*facts) ? facts : no_facts();
}

}  // namespace etalon::elf
