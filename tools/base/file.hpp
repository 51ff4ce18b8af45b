// SPDX-License-Identifier: Apache-2.0
// The one place of the libraries, beside the image walkers, that touches the file system: reading a
// whole file under a cap, mapping a large one, and replacing a file so that a reader sees either
// the old or the new one whole, also after a power cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon {

// Owns a file descriptor.
class FileHandle {
 public:
  FileHandle() = default;

  explicit FileHandle(int fd) : fd_(fd) {}

  FileHandle(const FileHandle&) = delete;
  FileHandle& operator=(const FileHandle&) = delete;

  FileHandle(FileHandle&& other) noexcept : fd_(other.release()) {}

  FileHandle& operator=(FileHandle&& other) noexcept;
  ~FileHandle();

  int get() const { return fd_; }

  explicit operator bool() const { return fd_ >= 0; }

  int release();

 private:
  int fd_ = -1;
};

// "cannot VERB: strerror(errno)" as an io error naming the file.
tl::unexpected<Error> io_error(const std::string& path, std::string_view verb, int error_number);

// Opens a regular file for reading. FIFOs and devices are refused without being opened.
Result<FileHandle> open_regular(const std::string& path);

// The whole content of a regular file; limit error beyond max_size bytes.
Result<Bytes> read_file(const std::string& path, std::uint64_t max_size);

// Hands a regular file over piece by piece, in order, for what needs no whole content; the same
// refusals and the same cap as read_file.
Status stream_file(const std::string& path, std::uint64_t max_size,
                   const std::function<void(ByteView piece)>& take);

// The same of a file that is open; `path` is for messages.
Status stream_file(const FileHandle& handle, const std::string& path, std::uint64_t max_size,
                   const std::function<void(ByteView piece)>& take);

// A read-only mapping of a regular file. The file's size, modification time and inode are kept;
// check_unchanged() tells whether they still hold, and must be asked after the last use.
class MappedFile {
 public:
  static Result<MappedFile> open(const std::string& path);
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  ByteView view() const { return {data_, size_}; }

  const std::string& path() const { return path_; }

  Status check_unchanged() const;

 private:
  struct Identity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;
    std::int64_t mtime_seconds = 0;
    std::int64_t mtime_nanoseconds = 0;
    bool operator==(const Identity&) const = default;
  };

  static Result<Identity> identify(int fd, const std::string& path);

  MappedFile() = default;

  std::string path_;
  FileHandle file_;
  Identity identity_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// Writing goes through a temporary beside the target: write, fsync, rename, fsync of the folder. A
// failure before the rename leaves the target untouched; one after it, when the folder cannot be
// made durable, is an error although the new content is in place. The temporary is removed either
// way. Slashes at the end of a path are dropped. A symbolic link is written through: what it points
// to is replaced, and a link to nothing is refused. What is neither a regular file nor, for a
// folder, a folder is never replaced: "-o /dev/null" must not put a file in the place of a device.

// `mode` is exact (no umask), also where a file of another mode was there.
Status write_file_atomic(const std::string& path, ByteView content, mode_t mode = 0644);
// The same, but the mode of a file that is there is kept.
Status update_file_atomic(const std::string& path, ByteView content);
// The same with the exact mode, but an existing target of any kind is an io error and stays.
Status create_file_atomic(const std::string& path, ByteView content, mode_t mode = 0644);

// Lets `fill` populate a new folder beside `path`, then puts it in place of `path` in one step. An
// existing folder is exchanged and removed with all it holds; asking whether it may go is the
// caller's.
Status write_directory_atomic(const std::string& path,
                              const std::function<Status(const std::string& folder)>& fill);

}  // namespace etalon
