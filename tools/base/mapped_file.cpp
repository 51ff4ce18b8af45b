// SPDX-License-Identifier: Apache-2.0
// The part of file.hpp that maps. An object file of its own, so that a program that maps nothing
// does not even hold the call.
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <tl/expected.hpp>

#include "tools/base/file.hpp"
#include "tools/base/result.hpp"

namespace etalon {

Result<MappedFile::Identity> MappedFile::identify(int fd, const std::string& path) {
  struct stat info {};

  if (::fstat(fd, &info) != 0) return io_error(path, "stat", errno);
  return Identity{.device = info.st_dev,
                  .inode = info.st_ino,
                  .size = static_cast<std::uint64_t>(info.st_size),
                  .mtime_seconds = info.st_mtim.tv_sec,
                  .mtime_nanoseconds = info.st_mtim.tv_nsec};
}

Result<MappedFile> MappedFile::open(const std::string& path) {
  MappedFile mapped;
  mapped.path_ = path;
  TRY_ASSIGN(mapped.file_, open_regular(path));
  TRY_ASSIGN(mapped.identity_, identify(mapped.file_.get(), path));
  mapped.size_ = mapped.identity_.size;
  if (mapped.size_ == 0) return mapped;
  void* data = ::mmap(nullptr, mapped.size_, PROT_READ, MAP_PRIVATE, mapped.file_.get(), 0);
  if (data == MAP_FAILED) return io_error(path, "map", errno);
  mapped.data_ = static_cast<const std::byte*>(data);
  (void)::madvise(data, mapped.size_, MADV_SEQUENTIAL);
  return mapped;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)),
      file_(std::move(other.file_)),
      identity_(other.identity_),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(file_, other.file_);
  std::swap(identity_, other.identity_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): munmap takes what mmap returned
  if (data_ != nullptr) (void)::munmap(const_cast<std::byte*>(data_), size_);
}

Status MappedFile::check_unchanged() const {
  TRY_ASSIGN(const Identity now, identify(file_.get(), path_));
  if (now == identity_) return {};
  return in_file(Status(fail(ErrorCode::io, "the file changed while it was read")), path_);
}

}  // namespace etalon
