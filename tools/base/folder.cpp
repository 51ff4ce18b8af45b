// SPDX-License-Identifier: Apache-2.0
// The part of file.hpp that is about folders.
#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <tl/expected.hpp>

#include "tools/base/file.hpp"
#include "tools/base/result.hpp"

namespace etalon {
namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { (void)::closedir(folder); }
};

FolderEntry::Kind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return FolderEntry::Kind::file;
  return S_ISDIR(mode) ? FolderEntry::Kind::folder : FolderEntry::Kind::other;
}

}  // namespace

Result<std::vector<FolderEntry>> list_folder(const std::string& path) {
  const std::unique_ptr<DIR, CloseFolder> folder(::opendir(path.c_str()));
  if (folder == nullptr) return io_error(path, "open folder", errno);
  std::vector<FolderEntry> entries;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(folder.get());  // NOLINT(concurrency-mt-unsafe): own DIR
    if (entry == nullptr && errno != 0) return io_error(path, "read folder", errno);
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;

    struct stat info {};

    // NOLINTNEXTLINE(clang-analyzer-unix.StdCLibraryFunctions): an open DIR has a descriptor
    if (::fstatat(::dirfd(folder.get()), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return io_error(path + "/" + name, "stat", errno);
    }
    entries.push_back({.name = name, .kind = kind_of(info.st_mode)});
  }
  std::ranges::sort(entries, {}, &FolderEntry::name);
  return entries;
}

Result<bool> is_folder(const std::string& path) {
  struct stat info {};

  if (::stat(path.c_str(), &info) != 0) return io_error(path, "open", errno);
  return S_ISDIR(info.st_mode);
}

Status make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) != 0) {
    if (errno == EEXIST) return {};
    return io_error(path, "create folder", errno);
  }
  if (::chmod(path.c_str(), 0755) != 0) return io_error(path, "set mode of", errno);
  return {};
}

}  // namespace etalon
