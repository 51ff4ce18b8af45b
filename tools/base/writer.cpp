// SPDX-License-Identifier: Apache-2.0
#include "tools/base/writer.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "tools/base/bytes.hpp"

namespace etalon {

ByteWriter& ByteWriter::bytes(ByteView view) {
  append(buffer_, view);
  return *this;
}

ByteWriter& ByteWriter::text(std::string_view text) {
  return bytes(as_bytes(text));
}

ByteWriter& ByteWriter::fill(std::size_t count, std::byte value) {
  buffer_.insert(buffer_.end(), count, value);
  return *this;
}

ByteWriter& ByteWriter::align(std::size_t alignment) {
  const std::size_t over = buffer_.size() % alignment;
  return over == 0 ? *this : fill(alignment - over);
}

Bytes ByteWriter::take() {
  return std::exchange(buffer_, {});
}

ByteWriter& ByteWriter::integer(std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i) {
    buffer_.push_back(static_cast<std::byte>(value >> (8 * i)));
  }
  return *this;
}

ByteWriter& ByteWriter::integer_be(std::uint64_t value, std::size_t width) {
  for (std::size_t i = width; i > 0; --i) {
    buffer_.push_back(static_cast<std::byte>(value >> (8 * (i - 1))));
  }
  return *this;
}

}  // namespace etalon
