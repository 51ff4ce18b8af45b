// SPDX-License-Identifier: Apache-2.0
// The newc archives that systemd-stub generates for the kernel (systemd, src/boot/cpio.c): owner,
// times and devices are zero, inodes count from 1, every number is in lower case but one in the
// trailer. Files are not copied: what is added must stay where it is until the last use. Internal
// to references/measure/boot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/hasher.hpp"

namespace etalon::measure {

class StubArchive {
 public:
  // Records for each folder of the path; the last one gets `mode`, those above it 0555.
  explicit StubArchive(std::string_view folder, std::uint32_t mode = 0555);

  // A file in that folder, and its permissions.
  void add(std::string_view name, std::uint32_t mode, ByteView content);

  // Bytes so far, and the trailer.
  std::size_t size() const;
  void feed(MultiHasher& hasher) const;
  Bytes bytes() const;

 private:
  struct File {
    Bytes head{};  // padding of what is before it, and its record
    ByteView content{};
  };

  std::string folder_;
  std::uint32_t inode_ = 1;
  std::vector<File> files_;
};

}  // namespace etalon::measure
