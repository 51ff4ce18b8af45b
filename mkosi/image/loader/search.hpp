// SPDX-License-Identifier: Apache-2.0
// One library name, looked for by the rules of one dynamic loader. Both loaders answer with the
// files that may be taken, in the order of preference: those of glibc-hwcaps, each for CPUs that
// have it, then one for all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "mkosi/image/elf/elf.hpp"
#include "mkosi/image/elf/ld_cache.hpp"
#include "mkosi/image/loader/load_map.hpp"
#include "mkosi/image/loader/machine.hpp"
#include "mkosi/image/tree.hpp"
#include "tools/base/result.hpp"

namespace etalon::loader {

// A file in memory, or about to be.
struct Object {
  std::string path{};  // as it was found, symlinks and all: $ORIGIN is its folder
  EntryIndex file = 0;
  const elf::ElfFile* elf = nullptr;
  std::optional<std::size_t> loader{};  // the object whose need brought it; none for the program
  std::string hwcaps{};                 // as in Library
};

// The tree, asked for the same paths again and again; and the count of all work.
class Files {
 public:
  Files(const image::ImageTree& tree, std::uint64_t cap) : tree_(tree), cap_(cap) {}

  const image::ImageTree& tree() const { return tree_; }

  // What `path` leads to; nullptr when it leads nowhere.
  const image::Entry* at(const std::string& path);
  EntryIndex index(const image::Entry& entry) const;
  // One more lookup; limit error when there are too many.
  Status count();

 private:
  const image::ImageTree& tree_;
  std::unordered_map<std::string, const image::Entry*> known_;
  std::uint64_t cap_;
  std::uint64_t lookups_ = 0;
};

struct Candidate {
  std::string path{};
  EntryIndex file = 0;
  std::string hwcaps{};
};

struct Found {
  std::vector<Candidate> candidates{};  // at most one without hwcaps, the last
  std::string bad{};                    // a file the loader stops at, and why; else empty
  std::string relative{};  // a folder or path passed over that hangs on the working directory

  bool complete() const { return !candidates.empty() && candidates.back().hwcaps.empty(); }
};

// What a search does with the file at `path`.
enum class Fit : std::uint8_t { absent, other_machine, fits, bad };
Fit fit(const image::Entry* entry, const elf::ElfFile& program);

class Search {
 public:
  Search() = default;
  Search(const Search&) = delete;
  Search& operator=(const Search&) = delete;
  Search(Search&&) = delete;
  Search& operator=(Search&&) = delete;
  virtual ~Search() = default;

  // Where `name` leads, needed by objects[by]; objects[0] is the program.
  virtual Result<Found> find(std::string_view name, std::span<const Object> objects,
                             std::size_t by) = 0;
  // The loader itself has this name.
  virtual bool is_loader(std::string_view name) const = 0;
  // Once loaded, a library has its DT_SONAME for a name too.
  virtual bool knows_soname() const = 0;
};

// ld.so.cache of one image, by name; of each name in the order of the file.
class CacheIndex {
 public:
  explicit CacheIndex(const elf::LdCache& cache);

  std::span<const elf::CachedLibrary* const> find(std::string_view soname) const;

 private:
  std::unordered_map<std::string_view, std::vector<const elf::CachedLibrary*>> by_name_;
};

// `machine` is the program's; `interpreter` its PT_INTERP; `cache` may be nullptr.
std::unique_ptr<Search> glibc_search(Files& files, const Machine& machine,
                                     const std::string& interpreter, const image::Entry& loader,
                                     const CacheIndex* cache);
std::unique_ptr<Search> musl_search(Files& files, const std::string& interpreter);

// The file of search folders that the musl loader with this path reads; it need not be there.
std::string musl_path_file(std::string_view interpreter);

// The parts of a search path between any of `separators`, empty ones among them.
std::vector<std::string_view> split(std::string_view path, std::string_view separators);
// The folder of a path; "/" of one right below the root.
std::string folder_of(std::string_view path);

}  // namespace etalon::loader
