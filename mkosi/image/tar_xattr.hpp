// SPDX-License-Identifier: Apache-2.0
// Copies a tar archive with an extended attribute on each of its regular files. What comes out is a
// plain pax archive (POSIX.1-2008, pax interchange format) with the attribute as
// SCHILY.xattr.NAME, as tar --xattrs reads it; entries keep their order, owners, modes and times.
// The archive is read twice, once for the digests.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "mkosi/image/initramfs.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/file_stream.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {

// Sums a file's content, and says what the attribute's value is.
class ContentSum {
 public:
  ContentSum() = default;
  ContentSum(const ContentSum&) = delete;
  ContentSum& operator=(const ContentSum&) = delete;
  ContentSum(ContentSum&&) = delete;
  ContentSum& operator=(ContentSum&&) = delete;
  virtual ~ContentSum() = default;

  virtual void update(ByteView piece) = 0;
  // The value for what came since the last one.
  virtual Result<Bytes> value() = 0;
};

struct TarXattr {
  std::string name{};  // "security.ima"
  std::uint64_t max_unpacked = default_max_unpacked;
};

// How many files got the attribute. An attribute of the same name that is there is replaced.
Result<std::uint64_t> copy_tar_with_xattr(ByteView image, const TarXattr& how, ContentSum& sum,
                                          const WritePiece& write);

}  // namespace etalon::image
