// SPDX-License-Identifier: Apache-2.0
// A streaming reader of cpio archives in the "newc" form (070701, and 070702 with checksums), with
// the rules of the kernel's initramfs unpacker (Linux 6.12, init/initramfs.c) and not those of a
// cpio program: NUL bytes may stand between any two entries, an entry the kernel passes over in
// silence is passed over and reported, and what stops the kernel is an error here. It holds one
// header and name; file bodies are handed on as views into what was pushed. It knows nothing of
// the tree the entries build. One thing is stricter than the kernel: a header field that is not
// hexadecimal is an error, where simple_strntoul() takes the digits before what is none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {

inline constexpr std::size_t newc_header_size = 110;
// PATH_MAX: a longer name or symlink target makes the kernel skip the entry.
inline constexpr std::uint32_t max_newc_name = 4096;

struct NewcHeader {
  std::uint64_t offset = 0;  // of the header in its archive stream
  bool has_checksum = false;
  std::uint32_t ino = 0;
  std::uint32_t mode = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t nlink = 0;
  std::uint32_t mtime = 0;
  std::uint32_t filesize = 0;
  std::uint32_t devmajor = 0;
  std::uint32_t devminor = 0;
  std::uint32_t rdevmajor = 0;
  std::uint32_t rdevminor = 0;
  std::uint32_t namesize = 0;  // with the final NUL
  std::uint32_t check = 0;
};

// Receives the entries in archive order. A failure returned stops the reader.
class NewcSink {
 public:
  NewcSink() = default;
  NewcSink(const NewcSink&) = delete;
  NewcSink& operator=(const NewcSink&) = delete;
  NewcSink(NewcSink&&) = delete;
  NewcSink& operator=(NewcSink&&) = delete;
  virtual ~NewcSink() = default;

  // An entry other than the trailer. `target` is a symlink's. A regular file's body follows by
  // data() and end_of_file(), also when it is empty.
  virtual Status entry(const NewcHeader& header, std::string_view name,
                       std::string_view target) = 0;
  virtual Status data(ByteView part) = 0;
  virtual Status end_of_file() = 0;
  // TRAILER!!!: the kernel forgets hard links here; more entries may follow.
  virtual Status trailer() = 0;
  // An entry the kernel passes over without a word.
  virtual Status skipped(const NewcHeader& header, std::string_view reason) = 0;
};

enum class AtTrailer : std::uint8_t { go_on, stop };

class NewcReader {
 public:
  // `position` is the offset of the first byte pushed; alignment is relative to offset 0.
  NewcReader(NewcSink& sink, std::uint64_t position, AtTrailer at_trailer)
      : sink_(sink), position_(position), at_trailer_(at_trailer) {}

  // Reads `chunk` and returns how much of it was consumed: all, unless the reader stands between
  // two entries and stops at a trailer or before a byte that can start no entry.
  Result<std::size_t> push(ByteView chunk);

  // Between two entries: only here may an archive stream end.
  bool at_boundary() const { return state_ == State::boundary; }

  // Offset of the next byte.
  std::uint64_t position() const { return position_; }

 private:
  enum class State : std::uint8_t { boundary, header, name, target, body, skip, padding };

  Status step(ByteView& rest);
  Status start_entry(ByteView& rest);
  bool pass_padding(ByteView& rest);
  Status gather(ByteView& rest);
  void pass_skipped(ByteView& rest);
  void pass_alignment(ByteView& rest);
  // The next `size` bytes in one piece, or nothing until more is pushed.
  std::optional<ByteView> collect(ByteView& rest, std::size_t size);
  ByteView take(ByteView& rest, std::size_t size);
  Status read_header(ByteView bytes);
  Status read_name(ByteView bytes);
  Status read_target(ByteView bytes);
  Status pass_body(ByteView& rest);
  Status finish_body();
  Status skip_entry(std::string_view reason, std::uint64_t size);

  void to_padding() { state_ = State::padding; }

  NewcSink& sink_;
  std::uint64_t position_;
  AtTrailer at_trailer_;
  State state_ = State::boundary;
  bool stopped_ = false;
  Bytes carry_;  // a header, name or target that straddles two chunks
  NewcHeader header_;
  std::string name_;
  std::uint64_t left_ = 0;  // of the body, or of what is skipped
  std::uint32_t sum_ = 0;
};

}  // namespace etalon::image
