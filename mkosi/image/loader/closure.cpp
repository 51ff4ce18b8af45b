// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/loader/closure.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "mkosi/image/elf/elf.hpp"
#include "mkosi/image/elf/facts.hpp"
#include "mkosi/image/loader/load_map.hpp"
#include "mkosi/image/loader/search.hpp"
#include "mkosi/image/tree.hpp"
#include "tools/base/result.hpp"

namespace etalon::loader {
namespace {

class Closing {
 public:
  Closing(Files& files, Search& search, const image::Entry& program, const elf::ElfFile& elf,
          const image::Entry& loader)
      : files_(files), search_(search), program_(program) {
    objects_.push_back({.path = program.path, .file = files.index(program), .elf = &elf});
    inodes_ = {program.inode, loader.inode};
  }

  Result<Closure> run() {
    for (std::size_t by = 0; by < objects_.size(); ++by) {
      const elf::ElfFile& elf = *objects_[by].elf;  // of the tree: it stays while objects are added
      for (const std::string& name : elf.needed)
        TRY(need(name, by));
    }
    return std::move(closure_);
  }

 private:
  Status need(const std::string& name, std::size_t by) {
    TRY(files_.count());
    if (search_.is_loader(name) || !names_.insert(name).second) return {};
    TRY_ASSIGN(const Found found, search_.find(name, objects_, by));
    for (const Candidate& candidate : found.candidates)
      load(name, candidate, by);
    if (!found.relative.empty()) {
      report("relative-path", "'" + printable(found.relative) + "' in the search for '" +
                                  printable(name) + "' hangs on the working directory");
    }
    if (found.complete()) return {};
    if (!found.bad.empty()) {
      report("bad-library", "the search for '" + printable(name) + "' ends at '" +
                                printable(found.bad) + "', which is no shared object");
    } else {
      report("missing-library", "'" + printable(name) + "', needed by '" +
                                    printable(objects_[by].path) + "', is not found");
    }
    return {};
  }

  // A file that is there already, by any of its names, is not mapped again.
  void load(const std::string& name, const Candidate& candidate, std::size_t by) {
    const image::Entry& entry = files_.tree().entries()[candidate.file];
    if (!inodes_.insert(entry.inode).second) return;
    const elf::ElfFile* elf = entry.facts->elf();
    if (search_.knows_soname() && elf->soname) names_.insert(*elf->soname);
    closure_.libraries.push_back(
        {.name = name, .file = candidate.file, .hwcaps = candidate.hwcaps});
    objects_.push_back({.path = candidate.path, .file = candidate.file, .elf = elf, .loader = by});
  }

  void report(std::string_view id, std::string message) {
    closure_.findings.push_back(
        {.id = std::string(id), .path = program_.path, .message = std::move(message)});
  }

  Files& files_;
  Search& search_;
  const image::Entry& program_;
  std::vector<Object> objects_;  // the first is the program
  std::unordered_set<std::string> names_;
  std::unordered_set<std::uint32_t> inodes_;
  Closure closure_;
};

}  // namespace

Result<Closure> close_over(Files& files, Search& search, const image::Entry& program,
                           const elf::ElfFile& elf, const image::Entry& loader) {
  return Closing(files, search, program, elf, loader).run();
}

}  // namespace etalon::loader
