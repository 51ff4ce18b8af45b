// SPDX-License-Identifier: Apache-2.0
#include "tools/base/folder.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <tl/expected.hpp>

#include "tools/base/bytes.hpp"
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

Result<Folder> Folder::open(const std::string& path) {
  FileHandle handle(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!handle) return io_error(path, "open folder", errno);
  return Folder(path, std::move(handle));
}

Result<std::vector<FolderEntry>> Folder::entries() const {
  FileHandle own(::openat(handle_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!own) return io_error(path_, "open folder", errno);
  const std::unique_ptr<DIR, CloseFolder> folder(::fdopendir(own.get()));
  if (folder == nullptr) return io_error(path_, "open folder", errno);
  (void)own.release();
  std::vector<FolderEntry> entries;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(folder.get());  // NOLINT(concurrency-mt-unsafe): own DIR
    if (entry == nullptr && errno != 0) return io_error(path_, "read folder", errno);
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;

    struct stat info {};

    if (::fstatat(handle_.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return io_error(path_ + "/" + name, "stat", errno);
    }
    entries.push_back({.name = name, .kind = kind_of(info.st_mode)});
  }
  std::ranges::sort(entries, {}, &FolderEntry::name);
  return entries;
}

Result<Folder> Folder::folder(const std::string& name) const {
  const std::string path = path_ + "/" + name;
  FileHandle handle(
      ::openat(handle_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!handle) return io_error(path, "open folder", errno);
  return Folder(path, std::move(handle));
}

Result<Bytes> Folder::read_file(const std::string& name, std::uint64_t max_size) const {
  const std::string path = path_ + "/" + name;
  const FileHandle handle(::openat(handle_.get(), name.c_str(),
                                   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!handle) return io_error(path, "open", errno);

  struct stat info {};

  if (::fstat(handle.get(), &info) != 0) return io_error(path, "stat", errno);
  if (!S_ISREG(info.st_mode)) {
    return in_file(Result<Bytes>(fail(ErrorCode::io, "not a regular file")), path);
  }
  Bytes content;
  TRY(stream_file(handle, path, max_size, [&](ByteView piece) { append(content, piece); }));
  return content;
}

Result<bool> is_folder(const std::string& path) {
  struct stat info {};

  if (::stat(path.c_str(), &info) != 0) return io_error(path, "open", errno);
  return S_ISDIR(info.st_mode);
}

bool is_there(const std::string& path) {
  struct stat info {};

  return ::lstat(path.c_str(), &info) == 0;
}

Status make_link(const std::string& path, const std::string& target) {
  struct stat info {};

  if (::lstat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return io_error(path, "replace", EISDIR);
    if (::unlink(path.c_str()) != 0) return io_error(path, "replace", errno);
  }
  if (::symlink(target.c_str(), path.c_str()) != 0) return io_error(path, "create link", errno);
  return {};
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
