// SPDX-License-Identifier: Apache-2.0
// Grammar: header = "070701" | "070702", then 13 fields of 8 hexadecimal digits: ino mode uid gid
// nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check. Then the name with
// its NUL (namesize bytes), NULs up to a multiple of 4, filesize bytes of body, NULs up to a
// multiple of 4. `check` is the 32-bit sum of the body's bytes in 070702 and unused in 070701.
#include "mkosi/image/newc.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <sys/stat.h>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {
namespace {

constexpr std::string_view trailer_name = "TRAILER!!!";
constexpr std::size_t magic_size = 6;
constexpr std::size_t field_digits = 8;

// Header and name together end on a multiple of 4 (N_ALIGN of the kernel).
constexpr std::size_t padded_name(std::uint32_t namesize) {
  return ((std::size_t{namesize} + 1) & ~std::size_t{3}) + 2;
}

std::optional<std::uint32_t> hex_field(ByteView digits) {
  std::uint32_t value = 0;
  for (const std::byte digit : digits) {
    const auto c = std::to_integer<unsigned>(digit);
    unsigned nibble = 0;
    if (c >= '0' && c <= '9')
      nibble = c - '0';
    else if (c >= 'A' && c <= 'F')
      nibble = c - 'A' + 10;
    else if (c >= 'a' && c <= 'f')
      nibble = c - 'a' + 10;
    else
      return std::nullopt;
    value = value << 4U | nibble;
  }
  return value;
}

using Field = std::pair<std::string_view, std::uint32_t NewcHeader::*>;

constexpr std::array fields = {
    Field{"ino", &NewcHeader::ino},
    Field{"mode", &NewcHeader::mode},
    Field{"uid", &NewcHeader::uid},
    Field{"gid", &NewcHeader::gid},
    Field{"nlink", &NewcHeader::nlink},
    Field{"mtime", &NewcHeader::mtime},
    Field{"filesize", &NewcHeader::filesize},
    Field{"devmajor", &NewcHeader::devmajor},
    Field{"devminor", &NewcHeader::devminor},
    Field{"rdevmajor", &NewcHeader::rdevmajor},
    Field{"rdevminor", &NewcHeader::rdevminor},
    Field{"namesize", &NewcHeader::namesize},
    Field{"check", &NewcHeader::check},
};
static_assert(magic_size + fields.size() * field_digits == newc_header_size);

Result<bool> checksum_of_magic(ByteView magic, std::uint64_t offset) {
  const std::string_view text = as_text(magic);
  if (text == "070701") return false;
  if (text == "070702") return true;
  if (text == "070707") {
    return fail_at(ErrorCode::unsupported, "magic", offset,
                   "the old cpio format, which the kernel refuses: make it with -H newc");
  }
  return fail_at(ErrorCode::malformed, "magic", offset, "not a newc header");
}

Result<NewcHeader> parse_header(ByteView bytes, std::uint64_t offset) {
  NewcHeader header;
  header.offset = offset;
  TRY_ASSIGN(header.has_checksum, checksum_of_magic(bytes.first(magic_size), offset));
  std::size_t at = magic_size;
  for (const auto& [field, member] : fields) {
    const auto value = hex_field(bytes.subspan(at, field_digits));
    if (!value) return fail_at(ErrorCode::malformed, field, offset + at, "not hexadecimal");
    header.*member = *value;
    at += field_digits;
  }
  return header;
}

// The kernel reads names and targets as C strings.
std::string_view c_string(ByteView bytes) {
  const std::string_view text = as_text(bytes);
  return text.substr(0, text.find('\0'));
}

}  // namespace

ByteView NewcReader::take(ByteView& rest, std::size_t size) {
  const ByteView taken = rest.first(size);
  rest = rest.subspan(size);
  position_ += size;
  return taken;
}

std::optional<ByteView> NewcReader::collect(ByteView& rest, std::size_t size) {
  if (carry_.empty() && rest.size() >= size) return take(rest, size);
  append(carry_, take(rest, std::min(rest.size(), size - carry_.size())));
  if (carry_.size() < size) return std::nullopt;
  return ByteView(carry_);
}

// Passes NULs; false where the reader has to stop.
bool NewcReader::pass_padding(ByteView& rest) {
  const auto end = std::ranges::find_if(rest, [](std::byte b) { return b != std::byte{0}; });
  (void)take(rest, static_cast<std::size_t>(end - rest.begin()));
  if (rest.empty()) return true;
  if (rest.front() != std::byte{'0'}) return false;
  state_ = State::header;
  return true;
}

Status NewcReader::read_header(ByteView bytes) {
  TRY_ASSIGN(header_, parse_header(bytes, position_ - newc_header_size));
  const std::uint64_t name = padded_name(header_.namesize);
  const bool is_link = S_ISLNK(header_.mode);
  if (header_.namesize == 0) return skip_entry("name of length 0", name + header_.filesize);
  if (header_.namesize > max_newc_name) {
    return skip_entry("name longer than 4096 bytes", name + header_.filesize);
  }
  if (is_link && header_.filesize > max_newc_name) {
    return skip_entry("symlink target longer than 4096 bytes", name + header_.filesize);
  }
  if (!is_link && !S_ISREG(header_.mode) && header_.filesize != 0) {
    return skip_entry("body on an entry that is no file", name + header_.filesize);
  }
  state_ = State::name;
  return {};
}

Status NewcReader::skip_entry(std::string_view reason, std::uint64_t size) {
  left_ = size;
  state_ = State::skip;
  return sink_.skipped(header_, reason);
}

Status NewcReader::read_name(ByteView bytes) {
  const ByteView text = bytes.first(header_.namesize);
  if (text.back() != std::byte{0}) {
    return fail_at(ErrorCode::malformed, "name", header_.offset + newc_header_size,
                   "does not end in NUL");
  }
  name_ = c_string(text);
  left_ = header_.filesize;
  sum_ = 0;
  if (S_ISLNK(header_.mode)) {
    state_ = State::target;
    return {};
  }
  if (name_ == trailer_name) {
    state_ = State::skip;
    stopped_ = at_trailer_ == AtTrailer::stop;
    return sink_.trailer();
  }
  if (!S_ISREG(header_.mode)) {
    to_padding();
    return sink_.entry(header_, name_, {});
  }
  state_ = State::body;
  TRY(sink_.entry(header_, name_, {}));
  return left_ == 0 ? finish_body() : Status{};
}

Status NewcReader::read_target(ByteView bytes) {
  to_padding();
  return sink_.entry(header_, name_, c_string(bytes));
}

Status NewcReader::pass_body(ByteView& rest) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, rest.size()));
  const ByteView part = take(rest, size);
  left_ -= size;
  if (header_.has_checksum) {
    sum_ = std::accumulate(part.begin(), part.end(), sum_, [](std::uint32_t sum, std::byte b) {
      return sum + std::to_integer<std::uint32_t>(b);
    });
  }
  if (size != 0) TRY(sink_.data(part));
  return left_ == 0 ? finish_body() : Status{};
}

Status NewcReader::finish_body() {
  if (header_.has_checksum && sum_ != header_.check) {
    return fail_at(ErrorCode::malformed, "check", header_.offset,
                   "wrong checksum of '" + printable(name_) + "'");
  }
  to_padding();
  return sink_.end_of_file();
}

// Reads a header, name or target once all of it is there.
Status NewcReader::gather(ByteView& rest) {
  std::size_t size = newc_header_size;
  if (state_ == State::name) size = padded_name(header_.namesize);
  if (state_ == State::target) size = header_.filesize;
  const std::optional<ByteView> piece = collect(rest, size);
  if (!piece) return {};
  Status done;
  if (state_ == State::header)
    done = read_header(*piece);
  else if (state_ == State::name)
    done = read_name(*piece);
  else
    done = read_target(*piece);
  carry_.clear();
  return done;
}

void NewcReader::pass_skipped(ByteView& rest) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, rest.size()));
  (void)take(rest, size);
  left_ -= size;
  if (left_ == 0) to_padding();
}

// NULs behind a name or body, which the kernel does not look at.
void NewcReader::pass_alignment(ByteView& rest) {
  (void)take(rest, std::min<std::size_t>(rest.size(), -position_ & 3U));
  if ((position_ & 3U) == 0) state_ = State::boundary;
}

Status NewcReader::start_entry(ByteView& rest) {
  if (stopped_ || !pass_padding(rest) || state_ != State::header || (position_ & 3U) == 0) {
    return {};
  }
  return fail_at(ErrorCode::malformed, "padding", position_,
                 "an entry must start on a multiple of 4");
}

// One move of the state machine; each either consumes input, changes the state, or needs more.
Status NewcReader::step(ByteView& rest) {
  switch (state_) {
    case State::boundary:
      return start_entry(rest);
    case State::header:
    case State::name:
    case State::target:
      return gather(rest);
    case State::body:
      return pass_body(rest);
    case State::skip:
      pass_skipped(rest);
      return {};
    case State::padding:
      pass_alignment(rest);
      return {};
  }
  return {};
}

Result<std::size_t> NewcReader::push(ByteView chunk) {
  ByteView rest = chunk;
  while (true) {
    const std::size_t before = rest.size();
    const State state = state_;
    TRY(step(rest));
    if (before == rest.size() && state == state_) return chunk.size() - rest.size();
  }
}

}  // namespace etalon::image
