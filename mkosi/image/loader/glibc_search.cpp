// SPDX-License-Identifier: Apache-2.0
// glibc 2.36, elf/dl-load.c, _dl_map_object(): a name with a '/' is a path. Any other is looked for
// in DT_RPATH of the object that needs it, of the one that brought that, and so on up to the
// program (each only if it has no DT_RUNPATH; all of them only if the first has none), in
// DT_RUNPATH of the object that needs it, in ld.so.cache, and in the folders glibc was built with.
// In every folder glibc-hwcaps/NAME comes first. A file of another machine or word size is passed
// over, any other that is no shared object ends the search.
#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mkosi/image/elf/elf.hpp"
#include "mkosi/image/elf/facts.hpp"
#include "mkosi/image/elf/ld_cache.hpp"
#include "mkosi/image/loader/machine.hpp"
#include "mkosi/image/loader/search.hpp"
#include "mkosi/image/tree.hpp"
#include "tools/base/result.hpp"

namespace etalon::loader {
namespace {

enum class Step : std::uint8_t { go_on, done };

class GlibcSearch final : public Search {
 public:
  GlibcSearch(Files& files, const Machine& machine, std::string interpreter,
              const image::Entry& loader, const CacheIndex* cache)
      : files_(files),
        machine_(machine),
        interpreter_(std::move(interpreter)),
        defaults_(defaults_of(machine, loader.path)),
        cache_(cache) {
    if (const elf::ElfFile* elf = loader.facts->elf()) soname_ = elf->soname;
  }

  Result<Found> find(std::string_view name, std::span<const Object> objects,
                     std::size_t by) override {
    Found found;
    const Object& needing = objects[by];
    const elf::ElfFile& program = *objects.front().elf;
    if (name.find('/') != std::string_view::npos) {
      TRY_ASSIGN(const Step step, try_path(expand(name, needing), {}, program, found));
      (void)step;
      return found;
    }
    TRY_ASSIGN(Step step, search_rpaths(name, objects, by, found));
    if (step == Step::go_on && needing.elf->runpath) {
      TRY_ASSIGN(step, search_path(*needing.elf->runpath, name, needing, program, found));
    }
    if (step == Step::go_on) {
      TRY_ASSIGN(step, search_cache(name, needing, program, found));
    }
    if (step == Step::go_on && !needing.elf->no_default_libraries) {
      TRY_ASSIGN(step, search_folders(defaults_.folders, name, program, found));
    }
    return found;
  }

  bool is_loader(std::string_view name) const override {
    return name == interpreter_ || name == soname_;
  }

  bool knows_soname() const override { return true; }

 private:
  // One file; `hwcaps` says for which CPUs. Relative ones hang on the working directory.
  Result<Step> try_path(const std::string& path, std::string_view hwcaps,
                        const elf::ElfFile& program, Found& found) {
    TRY(files_.count());
    if (!path.starts_with('/')) {
      found.relative = path;
      return Step::go_on;
    }
    const image::Entry* entry = files_.at(path);
    switch (fit(entry, program)) {
      case Fit::absent:
      case Fit::other_machine:
        return Step::go_on;
      case Fit::bad:
        found.bad = path;
        return Step::done;
      case Fit::fits:
        break;
    }
    found.candidates.push_back(
        {.path = path, .file = files_.index(*entry), .hwcaps = std::string(hwcaps)});
    return hwcaps.empty() ? Step::done : Step::go_on;
  }

  Result<Step> try_folder(const std::string& folder, std::string_view name,
                          const elf::ElfFile& program, Found& found) {
    const std::string base = folder + "/";
    if (!machine_.hwcaps.empty() && files_.at(base + "glibc-hwcaps") != nullptr) {
      for (const std::string_view hwcaps : machine_.hwcaps) {
        const std::string path = base + "glibc-hwcaps/" + std::string(hwcaps) + "/";
        TRY_ASSIGN(const Step step, try_path(path + std::string(name), hwcaps, program, found));
        if (step == Step::done) return step;
      }
    }
    return try_path(base + std::string(name), {}, program, found);
  }

  Result<Step> search_folders(std::span<const std::string> folders, std::string_view name,
                              const elf::ElfFile& program, Found& found) {
    for (const std::string& folder : folders) {
      TRY_ASSIGN(const Step step, try_folder(folder, name, program, found));
      if (step == Step::done) return step;
    }
    return Step::go_on;
  }

  // An empty part is the working directory.
  Result<Step> search_path(std::string_view path, std::string_view name, const Object& owner,
                           const elf::ElfFile& program, Found& found) {
    for (const std::string_view part : split(path, ":")) {
      const std::string folder = part.empty() ? "." : expand(part, owner);
      TRY_ASSIGN(const Step step, try_folder(folder, name, program, found));
      if (step == Step::done) return step;
    }
    return Step::go_on;
  }

  Result<Step> search_rpaths(std::string_view name, std::span<const Object> objects, std::size_t by,
                             Found& found) {
    if (objects[by].elf->runpath) return Step::go_on;
    for (std::optional<std::size_t> at = by; at; at = objects[*at].loader) {
      TRY(files_.count());
      const Object& owner = objects[*at];
      if (owner.elf->runpath || !owner.elf->rpath) continue;
      TRY_ASSIGN(const Step step,
                 search_path(*owner.elf->rpath, name, owner, *objects.front().elf, found));
      if (step == Step::done) return step;
    }
    return Step::go_on;
  }

  std::size_t rank(std::string_view hwcaps) const {
    if (hwcaps.empty()) return machine_.hwcaps.size() + 1;
    const auto found = std::ranges::find(machine_.hwcaps, hwcaps);
    return static_cast<std::size_t>(found - machine_.hwcaps.begin());
  }

  // The entries for this machine, best CPU first. DF_1_NODEFLIB bars files in the default folders.
  std::vector<const elf::CachedLibrary*> cached(std::string_view name,
                                                const Object& needing) const {
    std::vector<const elf::CachedLibrary*> libraries;
    for (const elf::CachedLibrary* library : cache_->find(name)) {
      const bool for_cpu = library->hwcap == 0 || !library->hwcaps.empty();
      const bool barred = needing.elf->no_default_libraries &&
                          std::ranges::any_of(defaults_.folders, [library](const auto& folder) {
                            return library->path.starts_with(folder + "/");
                          });
      if (library->flags == machine_.cache_flags && for_cpu && !barred)
        libraries.push_back(library);
    }
    std::ranges::stable_sort(
        libraries, {}, [this](const elf::CachedLibrary* library) { return rank(library->hwcaps); });
    return libraries;
  }

  Result<Step> search_cache(std::string_view name, const Object& needing,
                            const elf::ElfFile& program, Found& found) {
    if (cache_ == nullptr) return Step::go_on;
    for (const elf::CachedLibrary* library : cached(name, needing)) {
      TRY_ASSIGN(const Step step, try_path(library->path, library->hwcaps, program, found));
      if (step == Step::done) return step;
    }
    return Step::go_on;
  }

  // $ORIGIN, $LIB and $PLATFORM, with or without braces; any other $ stays (_dl_dst_count()).
  std::string expand(std::string_view text, const Object& owner) const {
    std::string out;
    while (!text.empty()) {
      const std::size_t plain = std::min(text.find('$'), text.size());
      out += text.substr(0, plain);
      text.remove_prefix(plain);
      if (text.empty()) break;
      out += token(text, owner);
    }
    return out;
  }

  // Takes the token, or the '$' alone, off the text.
  std::string token(std::string_view& text, const Object& owner) const {
    const std::pair<std::string_view, std::string> tokens[] = {
        {"ORIGIN", folder_of(owner.path)},
        {"LIB", defaults_.library},
        {"PLATFORM", std::string(machine_.platform)}};
    for (const auto& [name, value] : tokens) {
      const std::string braced = "${" + std::string(name) + "}";
      if (text.starts_with(braced)) {
        text.remove_prefix(braced.size());
        return value;
      }
      if (text.substr(1).starts_with(name) && ends_token(text.substr(1 + name.size()))) {
        text.remove_prefix(1 + name.size());
        return value;
      }
    }
    text.remove_prefix(1);
    return "$";
  }

  static bool ends_token(std::string_view rest) {
    if (rest.empty()) return true;
    const char c = rest.front();
    return (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_';
  }

  Files& files_;
  const Machine& machine_;
  std::string interpreter_;
  std::optional<std::string> soname_;
  Defaults defaults_;
  const CacheIndex* cache_;
};

}  // namespace

std::unique_ptr<Search> glibc_search(Files& files, const Machine& machine,
                                     const std::string& interpreter, const image::Entry& loader,
                                     const CacheIndex* cache) {
  return std::make_unique<GlibcSearch>(files, machine, interpreter, loader, cache);
}

}  // namespace etalon::loader
