// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/loader/search.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <elf.h>

#include "mkosi/image/elf/elf.hpp"
#include "mkosi/image/elf/facts.hpp"
#include "mkosi/image/elf/ld_cache.hpp"
#include "mkosi/image/tree.hpp"
#include "tools/base/result.hpp"

namespace etalon::loader {

const image::Entry* Files::at(const std::string& path) {
  const auto [known, fresh] = known_.try_emplace(path, nullptr);
  if (fresh) {
    if (const auto found = tree_.resolve(path)) known->second = *found;
  }
  return known->second;
}

EntryIndex Files::index(const image::Entry& entry) const {
  return static_cast<EntryIndex>(&entry - tree_.entries().data());
}

Status Files::count() {
  if (++lookups_ <= cap_) return {};
  return fail(ErrorCode::limit,
              "the libraries of all programs need more than " + std::to_string(cap_) + " lookups");
}

Fit fit(const image::Entry* entry, const elf::ElfFile& program) {
  if (entry == nullptr || entry->type != image::EntryType::file) return Fit::absent;
  const elf::ElfFile* elf = entry->facts ? entry->facts->elf() : nullptr;
  if (elf == nullptr) return Fit::bad;
  if (!elf->same_machine(program)) return Fit::other_machine;
  return elf->type == ET_DYN && !elf->pie ? Fit::fits : Fit::bad;
}

CacheIndex::CacheIndex(const elf::LdCache& cache) {
  for (const elf::CachedLibrary& library : cache.libraries)
    by_name_[library.soname].push_back(&library);
}

std::span<const elf::CachedLibrary* const> CacheIndex::find(std::string_view soname) const {
  const auto found = by_name_.find(soname);
  if (found == by_name_.end()) return {};
  return found->second;
}

std::vector<std::string_view> split(std::string_view path, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t size = std::min(path.find_first_of(separators), path.size());
    parts.push_back(path.substr(0, size));
    if (size == path.size()) return parts;
    path.remove_prefix(size + 1);
  }
}

std::string folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string_view::npos ? "/" : std::string(path.substr(0, slash));
}

}  // namespace etalon::loader
