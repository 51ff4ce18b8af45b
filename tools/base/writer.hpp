// SPDX-License-Identifier: Apache-2.0
// ByteWriter is the mirror of ByteReader: it appends integers and bytes to a growing buffer.
// Integers are little-endian unless the name says be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tools/base/bytes.hpp"

namespace etalon {

class ByteWriter {
 public:
  ByteWriter& u8(std::uint8_t value) { return integer(value, 1); }

  ByteWriter& u16(std::uint16_t value) { return integer(value, 2); }

  ByteWriter& u32(std::uint32_t value) { return integer(value, 4); }

  ByteWriter& u64(std::uint64_t value) { return integer(value, 8); }

  ByteWriter& u16_be(std::uint16_t value) { return integer_be(value, 2); }

  ByteWriter& u32_be(std::uint32_t value) { return integer_be(value, 4); }

  ByteWriter& u64_be(std::uint64_t value) { return integer_be(value, 8); }

  ByteWriter& bytes(ByteView view);
  ByteWriter& text(std::string_view text);
  ByteWriter& fill(std::size_t count, std::byte value = std::byte{0});
  // Zero bytes up to the next multiple of `alignment`, counted from the start of the buffer.
  ByteWriter& align(std::size_t alignment);

  std::size_t size() const { return buffer_.size(); }

  ByteView view() const { return buffer_; }

  Bytes take();

 private:
  ByteWriter& integer(std::uint64_t value, std::size_t width);
  ByteWriter& integer_be(std::uint64_t value, std::size_t width);

  Bytes buffer_;
};

}  // namespace etalon
