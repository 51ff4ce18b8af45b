// SPDX-License-Identifier: Apache-2.0
// Every step is relative to an open folder (openat, fstatat, readlinkat) and never through a
// symlink, so that nobody who can rename things in the tree can lead the walk out of it.
#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <unistd.h>

#include "mkosi/image/file_hashers.hpp"
#include "mkosi/image/path.hpp"
#include "mkosi/image/tree.hpp"
#include "mkosi/image/tree_builder.hpp"
#include "mkosi/image/walk.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {
namespace {

// One folder is open per level.
constexpr std::size_t max_depth = 400;
constexpr std::size_t max_target = 4096;

using Folder = std::shared_ptr<FileHandle>;

struct CloseDir {
  void operator()(DIR* stream) const { (void)::closedir(stream); }
};

// All names in a folder, sorted, so that the first failure does not depend on the file system.
Result<std::vector<std::string>> read_names(const Folder& folder, const std::string& path) {
  const int copy = ::fcntl(folder->get(), F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return io_error(path, "open folder", errno);
  const std::unique_ptr<DIR, CloseDir> stream(::fdopendir(copy));
  if (!stream) {
    (void)::close(copy);
    return io_error(path, "open folder", errno);
  }
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());  // NOLINT(concurrency-mt-unsafe): own DIR
    if (entry == nullptr && errno != 0) return io_error(path, "read folder", errno);
    if (entry == nullptr) break;
    std::string name = static_cast<const char*>(entry->d_name);
    if (name == "." || name == "..") continue;
    names.push_back(std::move(name));
    if (names.size() > max_tree_nodes) {
      return in_file(
          Result<std::vector<std::string>>(
              fail(ErrorCode::limit, "more than " + std::to_string(max_tree_nodes) + " entries")),
          path);
    }
  }
  std::ranges::sort(names);
  return names;
}

Result<std::string> read_target(const Folder& folder, const std::string& name,
                                const std::string& path) {
  std::string target(max_target + 1, '\0');
  const ssize_t size = ::readlinkat(folder->get(), name.c_str(), target.data(), target.size());
  if (size < 0) return io_error(path, "read symlink", errno);
  target.resize(static_cast<std::size_t>(size));
  return target;
}

class DirectoryWalk {
 public:
  DirectoryWalk(std::string root, const WalkOptions& options)
      : root_(std::move(root)),
        reading_(!options.algs.empty() || options.inspect),
        hashers_(options.algs, reading_ ? options.jobs : 1, options.progress,
                 options.inspect ? elf::Inspect::yes : elf::Inspect::no) {}

  Result<std::vector<Entry>> run() {
    const int fd = ::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return io_error(root_, "open folder", errno);
    TRY(folder({.parent = nullptr, .handle = std::make_shared<FileHandle>(fd), .depth = 0}));
    while (!left_.empty()) {
      Visit visit = std::move(left_.back());
      left_.pop_back();
      TRY(enter(std::move(visit)));
    }
    TRY_ASSIGN(auto digested, hashers_.finish());
    for (auto& [entry, digests, head, facts] : digested) {
      entries_[entry].digests = std::move(digests);
      entries_[entry].head = head;
      entries_[entry].facts = std::move(facts);
    }
    for (const auto& [entry, same] : further_links_) {
      entries_[entry].digests = entries_[same].digests;
      entries_[entry].head = entries_[same].head;
      entries_[entry].facts = entries_[same].facts;
    }
    return std::move(entries_);
  }

 private:
  struct Visit {
    Folder parent{};
    std::string name{};
    Folder handle{};
    ImagePath path{};
    std::size_t depth = 0;

    struct stat expected {};
  };

  std::string on_disk(const ImagePath& path) const {
    return path.is_root() ? root_ : root_ + path.text();
  }

  Status enter(Visit visit) {
    const std::string path = on_disk(visit.path);
    if (visit.depth > max_depth) {
      return in_file(
          Status(fail(ErrorCode::limit, "folders nested deeper than " + std::to_string(max_depth))),
          path);
    }
    visit.handle = std::make_shared<FileHandle>(::openat(
        visit.parent->get(), visit.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!*visit.handle) return io_error(path, "open folder", errno);
    visit.parent.reset();
    return folder(visit);
  }

  // Lists a folder: its folders wait on a stack, so that only those of one branch are open.
  Status folder(const Visit& visit) {
    TRY_ASSIGN(const auto names, read_names(visit.handle, on_disk(visit.path)));
    const std::size_t first = left_.size();
    for (const std::string& name : names)
      TRY(entry(visit, name));
    std::reverse(left_.begin() + static_cast<std::ptrdiff_t>(first), left_.end());
    return {};
  }

  Status entry(const Visit& visit, const std::string& name) {
    const ImagePath path = visit.path.child(name);

    struct stat info {};

    if (::fstatat(visit.handle->get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return io_error(on_disk(path), "stat", errno);
    }
    const auto type = type_of_mode(info.st_mode);
    if (!type) return in_file(Status(fail(ErrorCode::io, "unknown file type")), on_disk(path));
    if (entries_.size() >= max_tree_nodes) {
      return in_file(Status(fail(ErrorCode::limit,
                                 "more than " + std::to_string(max_tree_nodes) + " entries")),
                     root_);
    }
    const std::size_t index = entries_.size();
    entries_.push_back({.path = path.text(),
                        .type = *type,
                        .mode = info.st_mode & 07777U,
                        .uid = info.st_uid,
                        .gid = info.st_gid,
                        .inode = static_cast<std::uint32_t>(index)});
    Entry& made = entries_.back();
    if (type == EntryType::directory) {
      left_.push_back(
          {.parent = visit.handle, .name = name, .path = path, .depth = visit.depth + 1});
      return {};
    }
    if (type == EntryType::symlink) {
      TRY_ASSIGN(made.target, read_target(visit.handle, name, on_disk(path)));
    }
    if (type == EntryType::character || type == EntryType::block) {
      made.device = {.major = major(info.st_rdev), .minor = minor(info.st_rdev)};
    }
    if (type == EntryType::file) made.size = static_cast<std::uint64_t>(info.st_size);
    if (info.st_nlink > 1 && is_further_link(index, info)) return {};
    if (type != EntryType::file || !reading_) return {};
    hashers_.push({.folder = visit.handle,
                   .name = name,
                   .path = on_disk(path),
                   .entry = index,
                   .expected = info});
    return {};
  }

  bool is_further_link(std::size_t index, const struct stat& info) {
    const auto [first, fresh] =
        links_.try_emplace({std::uint64_t{info.st_dev}, std::uint64_t{info.st_ino}}, index);
    if (fresh) return false;
    entries_[index].inode = static_cast<std::uint32_t>(first->second);
    further_links_.emplace_back(index, first->second);
    return true;
  }

  std::string root_;
  bool reading_;  // files' contents
  FileHashers hashers_;
  std::vector<Visit> left_;
  std::vector<Entry> entries_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::size_t> links_;  // (device, inode)
  std::vector<std::pair<std::size_t, std::size_t>> further_links_;
};

}  // namespace

Result<Walked> walk_directory(const std::string& path, const WalkOptions& options) {
  TRY_ASSIGN(auto entries, DirectoryWalk(path, options).run());
  return Walked{.format = Format::directory, .tree = ImageTree(std::move(entries))};
}

}  // namespace etalon::image
