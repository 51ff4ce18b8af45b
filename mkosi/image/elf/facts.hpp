// SPDX-License-Identifier: Apache-2.0
// What a file's content says about running it: an ELF file, a script, the loader's cache, a list
// of paths or of a package's files, told apart by their first bytes, read by the functions beside
// this one. An Inspector takes a file in pieces while something else reads it: of a file that is
// none of those it keeps nothing, of a script 256 bytes, of the others the content up to a cap, in
// one buffer for all files.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "mkosi/image/elf/elf.hpp"
#include "mkosi/image/elf/ld_cache.hpp"
#include "mkosi/image/elf/shebang.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::elf {

// Content looked at of an ELF file; the largest programs seen (browsers) have some 250 MiB.
inline constexpr std::uint64_t max_elf_size = std::uint64_t{512} << 20U;
// Of a file that begins with '/', as ld-musl-*.path and ld.so.preload do; a longer one is no list.
inline constexpr std::uint64_t max_path_list_size = 4096;
// Of dpkg's list of a package's files (dpkg, lib/dpkg/db-fsys-files.c): every one begins with "/.",
// newline. The longest seen has 1.3 MiB.
inline constexpr std::uint64_t max_package_list_size = std::uint64_t{16} << 20U;
// Memory for the facts of all files of one walk.
inline constexpr std::uint64_t max_facts_size = std::uint64_t{256} << 20U;

enum class FileKind : std::uint8_t { other, elf, script, ld_cache, path_list, package_list };

// "other", "elf", "script", "ld-cache", "path-list", "package-list"
std::string_view name(FileKind kind);

// The paths of a list, which stand between any of newline, colon, blank and tab.
struct PathList {
  std::vector<std::string> paths{};

  bool operator==(const PathList&) const = default;
};

// Absolute paths, a line each.
struct PackageList {
  std::string text{};

  bool operator==(const PackageList&) const = default;
};

struct FileFacts {
  FileKind kind = FileKind::other;
  bool too_large = false;  // larger than the cap for its kind: nothing below is known
  std::string fault{};     // why the content is not what its first bytes announce, or empty
  std::variant<std::monostate, ElfFile, Shebang, LdCache, PathList, PackageList> content{};

  const ElfFile* elf() const { return std::get_if<ElfFile>(&content); }

  const Shebang* shebang() const { return std::get_if<Shebang>(&content); }

  const LdCache* ld_cache() const { return std::get_if<LdCache>(&content); }

  const PathList* path_list() const { return std::get_if<PathList>(&content); }

  const PackageList* package_list() const { return std::get_if<PackageList>(&content); }

  bool operator==(const FileFacts&) const = default;
};

// Names of one inode share the facts; files of kind `other` share one object.
using FactsPtr = std::shared_ptr<const FileFacts>;

// Of a file of which nothing need be known, an empty one among them.
FactsPtr no_facts();

// The facts of one whole file.
FactsPtr read_facts(ByteView file);

// Counts the memory of facts over the inspectors of one walk.
class FactsBudget {
 public:
  explicit FactsBudget(std::uint64_t limit = max_facts_size) : limit_(limit) {}

  // False once they need more than the limit together.
  bool take(const FileFacts& facts);
  // limit error when take() has said no. Which files it hit may depend on threads; this does not.
  Status status() const;

 private:
  std::uint64_t limit_;
  std::atomic<std::uint64_t> used_ = 0;
};

// Whether who reads files inspects them.
enum class Inspect : std::uint8_t { no, yes };

// One thread's inspection of files, one after the other: begin, add, …, end.
class Inspector {
 public:
  // `max_elf` is max_elf_size but in tests.
  explicit Inspector(FactsBudget& budget, std::uint64_t max_elf = max_elf_size)
      : budget_(budget), max_elf_(max_elf) {}

  void begin();
  void add(ByteView piece);
  void add_zeros(std::uint64_t size);

  // Whether more of this file can change what is said of it.
  bool wants_more() const { return size_ <= wanted_; }

  FactsPtr end();

 private:
  // The longest magic, "glibc-ld.so.cache".
  static constexpr std::uint64_t magic_size = 17;

  void look_at_magic();

  std::uint64_t room() const { return wanted_ - buffer_.size(); }

  FactsBudget& budget_;
  std::uint64_t max_elf_;
  Bytes buffer_;
  FileKind kind_ = FileKind::other;
  bool known_ = false;                 // kind_ is the file's
  std::uint64_t wanted_ = magic_size;  // bytes of the file to gather
  std::uint64_t size_ = 0;             // of what was added
};

}  // namespace etalon::elf
