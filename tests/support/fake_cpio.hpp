// SPDX-License-Identifier: Apache-2.0
// Builds newc archives, right by default; a test spoils one field. And the compressions an
// initramfs segment may have.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "mkosi/image/compression.hpp"
#include "tools/base/bytes.hpp"

namespace etalon::test {

struct FakeEntry {
  std::string name{};
  std::uint32_t mode = 0100644;
  std::string body{};     // or a symlink's target
  std::uint32_t ino = 0;  // 0: one of its own
  std::uint32_t nlink = 1;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t rdevmajor = 0;
  std::uint32_t rdevminor = 0;
  std::string magic = "070701";
  // What the header claims, when that is not the truth.
  std::int64_t namesize = -1;
  std::int64_t filesize = -1;
  std::int64_t check = -1;
};

class FakeCpio {
 public:
  FakeCpio& add(const FakeEntry& entry);

  FakeCpio& file(std::string name, std::string body, std::uint32_t mode = 0100644) {
    return add({.name = std::move(name), .mode = mode, .body = std::move(body)});
  }

  FakeCpio& directory(std::string name, std::uint32_t mode = 040755) {
    return add({.name = std::move(name), .mode = mode});
  }

  FakeCpio& symlink(std::string name, std::string target) {
    return add({.name = std::move(name), .mode = 0120777, .body = std::move(target)});
  }

  FakeCpio& raw(std::string_view bytes);
  FakeCpio& trailer();

  const Bytes& bytes() const { return bytes_; }

 private:
  void align();

  Bytes bytes_;
  std::uint32_t next_ino_ = 1000;
};

// One stream (gzip member, zstd frame, lz4 legacy frame, …) that holds `content`.
Bytes compress(image::Compression compression, ByteView content);

// The checks an xz stream may carry, by their number in its header.
enum class XzCheck : std::uint8_t { none = 0, crc32 = 1, crc64 = 4, sha256 = 10 };

Bytes compress_xz(ByteView content, XzCheck check);

Bytes concat(std::initializer_list<ByteView> parts);

}  // namespace etalon::test
