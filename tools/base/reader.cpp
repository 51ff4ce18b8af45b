// SPDX-License-Identifier: Apache-2.0
#include "tools/base/reader.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon {

ByteView ByteReader::bytes(std::uint64_t n, std::string_view field) {
  if (error_) return {};
  if (n > data_.size() - pos_) {
    reject(
        ErrorCode::truncated, field,
        "need " + std::to_string(n) + " bytes, " + std::to_string(data_.size() - pos_) + " left");
    return {};
  }
  const auto view = data_.subspan(pos_, n);
  pos_ += view.size();
  return view;
}

std::uint64_t ByteReader::integer(std::size_t width, std::string_view field, bool big_endian) {
  const ByteView from = bytes(width, field);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const std::size_t at = big_endian ? i : from.size() - 1 - i;
    value = (value << 8U) | std::to_integer<std::uint64_t>(from[at]);
  }
  return value;
}

std::uint8_t ByteReader::u8(std::string_view field) {
  return static_cast<std::uint8_t>(integer(1, field, false));
}

std::uint16_t ByteReader::u16(std::string_view field) {
  return static_cast<std::uint16_t>(integer(2, field, false));
}

std::uint32_t ByteReader::u32(std::string_view field) {
  return static_cast<std::uint32_t>(integer(4, field, false));
}

std::uint64_t ByteReader::u64(std::string_view field) {
  return integer(8, field, false);
}

std::uint16_t ByteReader::u16_be(std::string_view field) {
  return static_cast<std::uint16_t>(integer(2, field, true));
}

std::uint32_t ByteReader::u32_be(std::string_view field) {
  return static_cast<std::uint32_t>(integer(4, field, true));
}

std::uint64_t ByteReader::u64_be(std::string_view field) {
  return integer(8, field, true);
}

ByteReader ByteReader::sub(std::uint64_t n, std::string_view field) {
  const std::uint64_t start = offset();
  ByteReader child(bytes(n, field), start);
  child.error_ = error_;
  return child;
}

void ByteReader::reject(ErrorCode code, std::string_view field, std::string message) {
  if (error_) return;
  error_ = fail_at(code, field, offset(), std::move(message)).value();
}

void ByteReader::expect_end(std::string_view structure) {
  if (pos_ != data_.size()) {
    reject(ErrorCode::malformed, structure,
           std::to_string(data_.size() - pos_) + " trailing bytes");
  }
}

Status ByteReader::status() const {
  if (error_) return tl::unexpected(*error_);
  return {};
}

}  // namespace etalon
