// SPDX-License-Identifier: Apache-2.0
// musl 1.2.3, ldso/dynlink.c, load_library(): the loader is the C library and answers to the names
// of all its parts. A name with a '/' is a path. Any other is looked for in the search path of the
// object that needs it, of the one that brought that, and so on (DT_RUNPATH before DT_RPATH, which
// mean the same), then in the folders /etc/ld-musl-ARCH.path lists, or if there is no such file in
// /lib, /usr/local/lib and /usr/lib. The file has the prefix of the loader's path before "/lib".
// The first file that can be opened is taken; if it is no ELF file, there is no other.
#include <algorithm>
#include <array>
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
#include "mkosi/image/loader/search.hpp"
#include "mkosi/image/tree.hpp"
#include "tools/base/result.hpp"

namespace etalon::loader {
namespace {

// "libNAME.": parts of the C library.
constexpr std::array<std::string_view, 7> parts = {"c.",  "pthread.", "rt.",  "m.",
                                                   "dl.", "util.",    "xnet."};

class MuslSearch final : public Search {
 public:
  MuslSearch(Files& files, const std::string& interpreter) : files_(files), loader_(interpreter) {
    const image::Entry* file = files.at(musl_path_file(interpreter));
    if (file == nullptr || !file->facts) {
      folders_ = {"/lib", "/usr/local/lib", "/usr/lib"};
    } else if (const elf::PathList* list = file->facts->path_list()) {
      folders_ = list->paths;
    }
  }

  Result<Found> find(std::string_view name, std::span<const Object> objects,
                     std::size_t by) override {
    Found found;
    const elf::ElfFile& program = *objects.front().elf;
    if (name.find('/') != std::string_view::npos) {
      TRY(open(std::string(name), program, found));
      return found;
    }
    for (std::optional<std::size_t> at = by; at; at = objects[*at].loader) {
      TRY(files_.count());
      TRY_ASSIGN(const bool opened, open_in(search_path(objects[*at]), name, program, found));
      if (opened) return found;
    }
    TRY(open_in(folders_, name, program, found));
    return found;
  }

  bool is_loader(std::string_view name) const override {
    if (name == loader_) return true;
    return name.starts_with("lib") && std::ranges::any_of(parts, [name](std::string_view part) {
             return name.substr(3).starts_with(part);
           });
  }

  bool knows_soname() const override { return false; }

 private:
  // Whether one of the folders had the library.
  Result<bool> open_in(std::span<const std::string> folders, std::string_view name,
                       const elf::ElfFile& program, Found& found) {
    for (const std::string& folder : folders) {
      TRY_ASSIGN(const bool opened, open(folder + "/" + std::string(name), program, found));
      if (opened) return true;
    }
    return false;
  }

  Result<bool> open(const std::string& path, const elf::ElfFile& program, Found& found) {
    TRY(files_.count());
    if (!path.starts_with('/')) {
      found.relative = path;
      return false;
    }
    const image::Entry* entry = files_.at(path);
    const Fit fits = fit(entry, program);
    if (fits == Fit::absent) return false;
    if (fits == Fit::fits)
      found.candidates.push_back({.path = path, .file = files_.index(*entry)});
    else
      found.bad = path;
    return true;
  }

  // With any '$' but $ORIGIN in it the whole path is left out (fixup_rpath()).
  static std::vector<std::string> search_path(const Object& owner) {
    const auto& path = owner.elf->runpath ? owner.elf->runpath : owner.elf->rpath;
    std::vector<std::string> folders;
    if (!path) return folders;
    for (const std::string_view part : split(*path, ":\n")) {
      std::string folder(part);
      for (std::size_t at = folder.find('$'); at != std::string::npos; at = folder.find('$', at)) {
        const std::string_view rest = std::string_view(folder).substr(at);
        std::size_t size = 0;
        for (const std::string_view token : {"$ORIGIN", "${ORIGIN}"}) {
          if (rest.starts_with(token)) size = token.size();
        }
        if (size == 0) return {};
        const std::string origin = folder_of(owner.path);
        folder.replace(at, size, origin);
        at += origin.size();
      }
      if (!folder.empty()) folders.push_back(std::move(folder));
    }
    return folders;
  }

  Files& files_;
  std::string loader_;
  std::vector<std::string> folders_;
};

}  // namespace

// /lib/ld-musl-x86_64.so.1 gives /etc/ld-musl-x86_64.path; /opt/lib/… gives /opt/etc/….
std::string musl_path_file(std::string_view interpreter) {
  const std::size_t slash = interpreter.rfind('/');
  const std::string_view folder = interpreter.substr(0, std::min(slash, interpreter.size()));
  const std::size_t before = folder.rfind('/');
  const std::string_view prefix =
      before == std::string_view::npos ? std::string_view() : folder.substr(0, before);
  const std::string_view name = interpreter.substr(slash + 1);
  return std::string(prefix) + "/etc/" + std::string(name.substr(0, name.find(".so"))) + ".path";
}

std::unique_ptr<Search> musl_search(Files& files, const std::string& interpreter) {
  return std::make_unique<MuslSearch>(files, interpreter);
}

}  // namespace etalon::loader
