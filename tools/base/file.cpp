// SPDX-License-Identifier: Apache-2.0
#include "tools/base/file.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
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

Status write_all(int fd, ByteView content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return io_error(path, "write", errno);
    content = content.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

enum class Existing : std::uint8_t { replace, refuse };

Status put_in_place(const std::string& temporary, const std::string& path, Existing existing) {
  const unsigned flags = existing == Existing::refuse ? RENAME_NOREPLACE : 0U;
  if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), flags) != 0) {
    return io_error(path, existing == Existing::refuse ? "create" : "replace", errno);
  }
  return sync_folder(folder_of(path));
}

Status write_atomic(const std::string& path, ByteView content, mode_t mode, Existing existing) {
  std::string temporary = path + ".XXXXXX";
  const FileHandle handle(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!handle) return io_error(path, "create a temporary file beside", errno);
  Status done = write_all(handle.get(), content, path);
  if (done && (::fchmod(handle.get(), mode) != 0 || ::fsync(handle.get()) != 0)) {
    done = io_error(path, "write", errno);
  }
  if (done) done = put_in_place(temporary, path, existing);
  if (!done) (void)::unlink(temporary.c_str());
  return done;
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

Status stream_file(const std::string& path, std::uint64_t max_size,
                   const std::function<void(ByteView piece)>& take) {
  TRY_ASSIGN(const FileHandle handle, open_regular(path));
  std::array<std::byte, 65536> buffer{};
  std::uint64_t left = max_size;
  while (true) {
    const ssize_t got = ::read(handle.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_error(path, "read", errno);
    if (got == 0) return {};
    const auto size = static_cast<std::size_t>(got);
    if (size > left) {
      return in_file(
          Status(fail(ErrorCode::limit, "larger than " + std::to_string(max_size) + " bytes")),
          path);
    }
    left -= size;
    take(std::span(buffer).first(size));
  }
}

Result<Bytes> read_file(const std::string& path, std::uint64_t max_size) {
  Bytes content;
  TRY(stream_file(path, max_size, [&](ByteView piece) { append(content, piece); }));
  return content;
}

Status write_file_atomic(const std::string& path, ByteView content, mode_t mode) {
  return write_atomic(path, content, mode, Existing::replace);
}

Status create_file_atomic(const std::string& path, ByteView content, mode_t mode) {
  return write_atomic(path, content, mode, Existing::refuse);
}

Status write_directory_atomic(const std::string& path,
                              const std::function<Status(const std::string& folder)>& fill) {
  std::string temporary = path + ".XXXXXX";
  if (::mkdtemp(temporary.data()) == nullptr) {
    return io_error(path, "create a temporary folder beside", errno);
  }
  Status done = ::chmod(temporary.c_str(), 0755) == 0
                    ? fill(temporary)
                    : Status(io_error(path, "set mode of", errno));
  if (done) done = sync_folder(temporary);
  if (!done) {
    remove_tree(temporary);
    return done;
  }
  if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE) == 0) {
    remove_tree(temporary);
    return sync_folder(folder_of(path));
  }
  if (errno == ENOENT)
    done = put_in_place(temporary, path, Existing::refuse);
  else
    done = io_error(path, "replace", errno);
  if (!done) remove_tree(temporary);
  return done;
}

}  // namespace etalon
