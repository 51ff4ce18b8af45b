// SPDX-License-Identifier: Apache-2.0
#include "tools/base/file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <tl/expected.hpp>
#include <unistd.h>

#include "tools/base/bytes.hpp"
#include "tools/base/file_stream.hpp"
#include "tools/base/result.hpp"

namespace etalon {
namespace {

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Status sync_folder(const std::string& folder) {
  const FileHandle handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!handle || ::fsync(handle.get()) != 0) return io_error(folder, "sync folder", errno);
  return {};
}

Result<FileHandle> not_regular(const std::string& path) {
  return in_file(Result<FileHandle>(fail(ErrorCode::io, "not a regular file")), path);
}

Status too_large(const std::string& path, std::uint64_t max_size) {
  return in_file(
      Status(fail(ErrorCode::limit, "larger than " + std::to_string(max_size) + " bytes")), path);
}

Status write_all(int fd, ByteView content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return io_error(path, "write", errno);
    content = content.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

// Wiped at the end: the file may have been a private key.
struct Buffer {
  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  Buffer(Buffer&&) = delete;
  Buffer& operator=(Buffer&&) = delete;

  ~Buffer() { ::explicit_bzero(bytes.data(), used); }

  std::array<std::byte, 65536> bytes{};
  std::size_t used = 0;
};

enum class Existing : std::uint8_t { replace, exchange, refuse };

unsigned rename_flags(Existing existing) {
  switch (existing) {
    case Existing::replace:
      return 0;
    case Existing::exchange:
      return RENAME_EXCHANGE;
    case Existing::refuse:
      break;
  }
  return RENAME_NOREPLACE;
}

Status put_in_place(const std::string& temporary, const std::string& path, Existing existing) {
  if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), rename_flags(existing)) !=
      0) {
    return io_error(path, existing == Existing::refuse ? "create" : "replace", errno);
  }
  return sync_folder(folder_of(path));
}

std::string without_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/')
    path.pop_back();
  return path;
}

struct Target {
  std::string path{};
  bool exists = false;
  mode_t mode = 0;  // type and permissions, where it exists
};

// Where writing to `path` ends up, behind all links.
Result<Target> find_target(const std::string& path) {
  Target target{.path = without_slashes(path)};

  struct stat info {};

  if (::lstat(target.path.c_str(), &info) == 0 && S_ISLNK(info.st_mode)) {
    std::error_code error;
    target.path = std::filesystem::canonical(target.path, error).string();
    if (error) return io_error(path, "follow", error.value());
  }
  if (::lstat(target.path.c_str(), &info) == 0) {
    target.exists = true;
    target.mode = info.st_mode;
  } else if (errno != ENOENT) {
    return io_error(path, "replace", errno);
  }
  return target;
}

Result<Target> find_file_target(const std::string& path) {
  TRY_ASSIGN(Target target, find_target(path));
  if (!target.exists || S_ISREG(target.mode)) return target;
  if (S_ISDIR(target.mode)) return io_error(path, "replace", EISDIR);
  return in_file(Result<Target>(fail(ErrorCode::io, "cannot replace: not a regular file")), path);
}

Status fill_atomic(const std::string& path,
                   const std::function<Status(const WritePiece& write)>& fill, mode_t mode,
                   Existing existing) {
  std::string temporary = path + ".XXXXXX";
  const FileHandle handle(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!handle) return io_error(path, "create a temporary file beside", errno);
  Status done = fill([&](ByteView piece) { return write_all(handle.get(), piece, path); });
  if (done && (::fchmod(handle.get(), mode) != 0 || ::fsync(handle.get()) != 0)) {
    done = io_error(path, "write", errno);
  }
  if (done) done = put_in_place(temporary, path, existing);
  if (!done) (void)::unlink(temporary.c_str());
  return done;
}

Status write_atomic(const std::string& path, ByteView content, mode_t mode, Existing existing) {
  return fill_atomic(
      path, [content](const WritePiece& write) { return write(content); }, mode, existing);
}

void remove_tree(const std::string& folder) {
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

}  // namespace

FileHandle& FileHandle::operator=(FileHandle&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) (void)::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

FileHandle::~FileHandle() {
  if (fd_ >= 0) (void)::close(fd_);
}

int FileHandle::release() {
  return std::exchange(fd_, -1);
}

tl::unexpected<Error> io_error(const std::string& path, std::string_view verb, int error_number) {
  Error error;
  error.code = ErrorCode::io;
  error.message =
      "cannot " + std::string(verb) + ": " + std::generic_category().message(error_number);
  error.file = path;
  return tl::unexpected(std::move(error));
}

Result<FileHandle> open_regular(const std::string& path) {
  struct stat info {};

  // Asked before the open, so that a FIFO or device is never opened; asked again after it, because
  // the name may point elsewhere by then (O_NONBLOCK: a FIFO put there must not block).
  if (::stat(path.c_str(), &info) != 0) return io_error(path, "open", errno);
  if (!S_ISREG(info.st_mode)) return not_regular(path);
  FileHandle handle(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!handle) return io_error(path, "open", errno);
  if (::fstat(handle.get(), &info) != 0) return io_error(path, "stat", errno);
  if (!S_ISREG(info.st_mode)) return not_regular(path);
  return handle;
}

Status stream_file(const FileHandle& handle, const std::string& path, std::uint64_t max_size,
                   const std::function<void(ByteView piece)>& take) {
  struct stat info {};

  if (::fstat(handle.get(), &info) != 0) return io_error(path, "stat", errno);
  if (static_cast<std::uint64_t>(info.st_size) > max_size) return too_large(path, max_size);
  Buffer buffer;
  std::uint64_t left = max_size;
  while (true) {
    const ssize_t got = ::read(handle.get(), buffer.bytes.data(), buffer.bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_error(path, "read", errno);
    if (got == 0) return {};
    const auto size = static_cast<std::size_t>(got);
    buffer.used = std::max(buffer.used, size);
    if (size > left) return too_large(path, max_size);
    left -= size;
    take(std::span(buffer.bytes).first(size));
  }
}

Status stream_file(const std::string& path, std::uint64_t max_size,
                   const std::function<void(ByteView piece)>& take) {
  TRY_ASSIGN(const FileHandle handle, open_regular(path));
  return stream_file(handle, path, max_size, take);
}

Result<Bytes> read_file(const std::string& path, std::uint64_t max_size) {
  Bytes content;
  TRY(stream_file(path, max_size, [&](ByteView piece) { append(content, piece); }));
  return content;
}

Status write_file_atomic(const std::string& path, ByteView content, mode_t mode) {
  TRY_ASSIGN(const Target target, find_file_target(path));
  return write_atomic(target.path, content, mode, Existing::replace);
}

Status stream_file_atomic(const std::string& path,
                          const std::function<Status(const WritePiece& write)>& fill, mode_t mode) {
  TRY_ASSIGN(const Target target, find_file_target(path));
  return fill_atomic(target.path, fill, mode, Existing::replace);
}

Status update_file_atomic(const std::string& path, ByteView content) {
  TRY_ASSIGN(const Target target, find_file_target(path));
  const mode_t mode = target.exists ? target.mode & 0777U : 0644U;
  return write_atomic(target.path, content, mode, Existing::replace);
}

Status create_file_atomic(const std::string& path, ByteView content, mode_t mode) {
  return write_atomic(path, content, mode, Existing::refuse);
}

Status write_directory_atomic(const std::string& path,
                              const std::function<Status(const std::string& folder)>& fill) {
  TRY_ASSIGN(const Target target, find_target(path));
  if (target.exists && !S_ISDIR(target.mode)) return io_error(path, "replace", ENOTDIR);
  std::string temporary = target.path + ".XXXXXX";
  if (::mkdtemp(temporary.data()) == nullptr) {
    return io_error(path, "create a temporary folder beside", errno);
  }
  Status done = ::chmod(temporary.c_str(), 0755) == 0
                    ? fill(temporary)
                    : Status(io_error(path, "set mode of", errno));
  if (done) done = sync_folder(temporary);
  if (done) {
    done =
        put_in_place(temporary, target.path, target.exists ? Existing::exchange : Existing::refuse);
  }
  // By now this is the old folder, a new one that did not get its place, or nothing.
  remove_tree(temporary);
  return done;
}

}  // namespace etalon
