// SPDX-License-Identifier: Apache-2.0
// ByteReader walks a view of untrusted bytes. It holds the project's only bounds check. After the
// first failure it is frozen: every later read gives zero or an empty view, so a run of field reads
// needs one status() check, placed before any value read is used as a count, length, offset or
// branch. Integers are little-endian unless the name says be.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon {

class ByteReader {
 public:
  // `base` is the offset of data[0] in the file, so that errors name absolute offsets.
  explicit ByteReader(ByteView data, std::uint64_t base = 0) : data_(data), base_(base) {}

  std::uint8_t u8(std::string_view field);
  std::uint16_t u16(std::string_view field);
  std::uint32_t u32(std::string_view field);
  std::uint64_t u64(std::string_view field);
  std::uint16_t u16_be(std::string_view field);
  std::uint32_t u32_be(std::string_view field);
  std::uint64_t u64_be(std::string_view field);

  // A view of the next n bytes; empty after a failure.
  ByteView bytes(std::uint64_t n, std::string_view field);

  void skip(std::uint64_t n, std::string_view field) { (void)bytes(n, field); }

  template <std::size_t N>
  std::array<std::byte, N> array(std::string_view field) {
    std::array<std::byte, N> out{};
    const ByteView from = bytes(N, field);
    for (std::size_t i = 0; i < from.size(); ++i)
      out[i] = from[i];
    return out;
  }

  // A reader of the next n bytes that inherits a failure and keeps absolute offsets.
  ByteReader sub(std::uint64_t n, std::string_view field);

  // Records a failure of the caller's own check at the current offset; the first one stays.
  void reject(ErrorCode code, std::string_view field, std::string message);
  // Bytes left over are an error.
  void expect_end(std::string_view structure);

  bool ok() const { return !error_.has_value(); }

  Status status() const;

  std::uint64_t offset() const { return base_ + pos_; }

  std::size_t remaining() const { return data_.size() - pos_; }

  ByteView rest() const { return data_.subspan(pos_); }

 private:
  std::uint64_t integer(std::size_t width, std::string_view field, bool big_endian);

  ByteView data_;
  std::uint64_t base_;
  std::size_t pos_ = 0;
  std::optional<Error> error_;
};

}  // namespace etalon
