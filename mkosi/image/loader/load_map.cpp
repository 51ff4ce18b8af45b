// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/loader/load_map.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <elf.h>

#include "mkosi/image/elf/elf.hpp"
#include "mkosi/image/elf/facts.hpp"
#include "mkosi/image/elf/shebang.hpp"
#include "mkosi/image/loader/closure.hpp"
#include "mkosi/image/loader/machine.hpp"
#include "mkosi/image/loader/search.hpp"
#include "mkosi/image/tree.hpp"
#include "tools/base/result.hpp"

namespace etalon::loader {
namespace {

using elf::FileKind;
using image::Entry;
using image::EntryType;

constexpr std::string_view cache_path = "/etc/ld.so.cache";
constexpr std::string_view preload_path = "/etc/ld.so.preload";

// What the kernel asks of a file that is to be executed, its type and mode.
bool may_execute(const Entry& entry) {
  return entry.type == EntryType::file && (entry.mode & 0111U) != 0;
}

bool is_program(const elf::ElfFile& elf) {
  return (elf.type == ET_EXEC || elf.type == ET_DYN) && elf.has_entry;
}

// A shared object says that it is one by a name, or by not saying how it could be run.
bool is_library(const elf::ElfFile& elf) {
  return elf.type == ET_DYN && !elf.pie && elf.has_dynamic && (elf.soname || !elf.interpreter);
}

enum class Loader : std::uint8_t { glibc, musl, unknown };

// By the name of the file that PT_INTERP spells: those loaders have no other.
Loader loader_of(std::string_view interpreter) {
  const std::string_view name = interpreter.substr(interpreter.rfind('/') + 1);
  if (name.starts_with("ld-musl-")) return Loader::musl;
  for (const std::string_view glibc : {"ld-linux", "ld.so.1", "ld64.so."}) {
    if (name.starts_with(glibc)) return Loader::glibc;
  }
  return Loader::unknown;
}

class Mapper {
 public:
  Mapper(const image::ImageTree& tree, std::uint64_t lookups) : tree_(tree), files_(tree, lookups) {
    map_.roles.resize(tree.entries().size());
  }

  Result<LoadMap> run() {
    TRY(check_inspected());
    open_cache();
    const Entry* preload = files_.at(std::string(preload_path));
    if (preload != nullptr && preload->size > 0) {
      add("ld-so-preload", *preload,
          "glibc maps the libraries of this list into every program, before all others; they are "
          "not looked at");
    }
    for (const Entry& entry : tree_.entries())
      TRY(visit(entry));
    count_roles();
    return std::move(map_);
  }

 private:
  Status check_inspected() const {
    const auto entries = tree_.entries();
    const bool inspected = std::ranges::all_of(
        entries, [](const Entry& e) { return e.type != EntryType::file || e.facts != nullptr; });
    if (inspected) return {};
    return fail(ErrorCode::usage, "the walk did not inspect the files");
  }

  void add(std::string_view id, const Entry& entry, std::string message) {
    map_.findings.push_back(
        {.id = std::string(id), .path = entry.path, .message = std::move(message)});
  }

  void open_cache() {
    const Entry* file = files_.at(std::string(cache_path));
    if (file == nullptr || file->type != EntryType::file) return;
    if (const elf::LdCache* cache = file->facts->ld_cache())
      cache_.emplace(*cache);
    else
      add("bad-ld-cache", *file,
          "glibc passes over this cache: " +
              (file->facts->fault.empty() ? std::string("it is none") : file->facts->fault));
  }

  Status visit(const Entry& entry) {
    if (entry.type != EntryType::file) return {};
    const elf::FileFacts& facts = *entry.facts;
    Roles& roles = map_.roles[files_.index(entry)];
    if (const elf::ElfFile* elf = facts.elf()) {
      roles.library = is_library(*elf);
      roles.program = may_execute(entry) && is_program(*elf);
      return roles.program ? program(entry, *elf) : Status{};
    }
    if (!may_execute(entry)) return {};
    if (facts.too_large) {
      add("unknown-content", entry, "too large to be looked into");
    } else if (facts.kind == FileKind::elf) {
      add("bad-elf", entry, "cannot be run: " + facts.fault);
    } else if (facts.kind == FileKind::script) {
      roles.script = facts.shebang() != nullptr;
      if (roles.script)
        script(entry);
      else
        add("bad-script", entry, "the kernel does not run it, a shell may: " + facts.fault);
    }
    return {};
  }

  // What `path` leads to if the kernel takes it for an interpreter; a finding of `user` otherwise.
  const Entry* interpreter(const Entry& user, const std::string& path) {
    if (!path.starts_with('/')) {
      add("relative-path", user,
          "its interpreter '" + printable(path) + "' hangs on the working directory");
      return nullptr;
    }
    const Entry* found = files_.at(path);
    if (found != nullptr && may_execute(*found)) return found;
    add("missing-interpreter", user,
        "its interpreter '" + printable(path) +
            (found == nullptr ? "' is not there" : "' is no file that may be executed"));
    return nullptr;
  }

  Status program(const Entry& entry, const elf::ElfFile& elf) {
    Program made{.file = files_.index(entry)};
    if (elf.interpreter) {
      const Entry* loader = interpreter(entry, *elf.interpreter);
      if (loader != nullptr && elf_interpreter(entry, *elf.interpreter, elf, *loader)) {
        made.interpreter = files_.index(*loader);
        TRY(libraries(entry, elf, *loader, made));
      }
    }
    map_.programs.push_back(std::move(made));
    return {};
  }

  bool elf_interpreter(const Entry& entry, const std::string& path, const elf::ElfFile& elf,
                       const Entry& loader) {
    const elf::ElfFile* own = loader.facts->elf();
    if (own != nullptr && own->same_machine(elf)) return true;
    add("missing-interpreter", entry,
        "its interpreter '" + printable(path) +
            (own == nullptr ? "' is no ELF file" : "' is for another machine"));
    return false;
  }

  // One per interpreter and machine, made when it is first needed.
  Search* search_for(const Entry& entry, const elf::ElfFile& elf, const Entry& loader) {
    const std::string key = elf.interpreter.value_or("");
    const auto [place, fresh] = searches_.try_emplace(key);
    if (!fresh) return place->second.get();
    const Machine* machine = find_machine(elf);
    switch (loader_of(key)) {
      case Loader::musl:
        place->second = musl_search(files_, key);
        check_path_file(key);
        break;
      case Loader::glibc:
        if (machine != nullptr) {
          place->second = glibc_search(files_, *machine, key, loader, cache_ ? &*cache_ : nullptr);
        }
        break;
      case Loader::unknown:
        break;
    }
    if (!place->second) {
      add("unknown-loader", entry,
          "how '" + printable(key) +
              "' looks for libraries is not known: none are listed for the "
              "programs that it loads");
    }
    return place->second.get();
  }

  void check_path_file(const std::string& loader) {
    const Entry* file = files_.at(musl_path_file(loader));
    if (file == nullptr || file->size == 0) return;
    if (file->facts == nullptr || file->facts->path_list() == nullptr)
      add("unknown-content", *file,
          "not read as a list of absolute paths: no folders are taken from it");
  }

  Status libraries(const Entry& entry, const elf::ElfFile& elf, const Entry& loader,
                   Program& made) {
    Search* search = search_for(entry, elf, loader);
    if (search == nullptr) return {};
    TRY_ASSIGN(Closure closure, close_over(files_, *search, entry, elf, loader));
    made.libraries = std::move(closure.libraries);
    std::ranges::move(closure.findings, std::back_inserter(map_.findings));
    return {};
  }

  void script(const Entry& entry) {
    Script made{.file = files_.index(entry)};
    const Entry* at = &entry;
    for (std::size_t depth = 0; at != nullptr; ++depth) {
      if (depth == max_scripts) {
        add("interpreter-loop", entry,
            "more than " + std::to_string(max_scripts) + " scripts in a row");
        break;
      }
      at = interpreter(entry, at->facts->shebang()->interpreter);
      if (at == nullptr) break;
      made.interpreters.push_back(files_.index(*at));
      if (at->facts->shebang() == nullptr) {
        check_last(entry, *at);
        break;
      }
    }
    map_.scripts.push_back(std::move(made));
  }

  void check_last(const Entry& user, const Entry& interpreter) {
    const elf::ElfFile* elf = interpreter.facts->elf();
    if (interpreter.facts->too_large || (elf != nullptr && is_program(*elf))) return;
    add("missing-interpreter", user,
        "its interpreter '" + printable(interpreter.path) + "' is no program");
  }

  void count_roles() {
    for (const Program& program : map_.programs) {
      if (program.interpreter) ++map_.roles[*program.interpreter].elf_interpreter_of;
      for (const Library& library : program.libraries)
        ++map_.roles[library.file].needed_by;
    }
    for (const Script& script : map_.scripts) {
      std::vector<EntryIndex> once = script.interpreters;
      std::ranges::sort(once);
      once.erase(std::ranges::unique(once).begin(), once.end());
      for (const EntryIndex interpreter : once)
        ++map_.roles[interpreter].script_interpreter_of;
    }
  }

  const image::ImageTree& tree_;
  Files files_;
  std::optional<CacheIndex> cache_;
  std::unordered_map<std::string, std::unique_ptr<Search>> searches_;
  LoadMap map_;
};

}  // namespace

Result<LoadMap> map_loads(const image::ImageTree& tree, std::uint64_t lookups) {
  return Mapper(tree, lookups).run();
}

}  // namespace etalon::loader
