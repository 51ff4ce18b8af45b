// SPDX-License-Identifier: Apache-2.0
// The digest that fs-verity keeps of a file, and IMA lists with digest_type=verity: a hash of a
// descriptor with the root of a Merkle tree over the content. Source: Linux,
// Documentation/filesystems/fsverity.rst, sections "File digest computation" and "Merkle tree";
// include/uapi/linux/fsverity.h, struct fsverity_descriptor.
//
//   block hash = H([salt, zeros up to H's own block size] block)       no zeros without a salt
//   level      = block hashes of the level below, its last block with zeros to its end
//   root       = the block hash of the level of one block; zeros for an empty file
//   digest     = H(descriptor), of 256 bytes: 01 algorithm log2(block size) salt size 00000000
//                size[8] root[64] salt[32] 00[144]
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"

namespace etalon::ima {

inline constexpr std::uint32_t min_verity_block = 1024;
inline constexpr std::uint32_t max_verity_block = 65536;
inline constexpr std::size_t max_verity_salt = 32;

struct VerityParameters {
  HashAlg alg = HashAlg::sha256;  // or sha512
  std::uint32_t block_size = 4096;
  Bytes salt{};
};

// Takes the content piece by piece and keeps one block per level of the tree.
class VerityHasher {
 public:
  // usage error for parameters that fs-verity does not have.
  static Result<VerityHasher> make(VerityParameters parameters);

  void update(ByteView piece);
  AnyDigest finish();

 private:
  explicit VerityHasher(VerityParameters parameters);

  AnyDigest block_hash(ByteView block);
  void push(std::size_t level, ByteView bytes);
  void flush(std::size_t level);

  VerityParameters parameters_;
  Bytes padded_salt_{};
  Hasher hasher_;
  std::vector<Bytes> levels_{};  // [0]: content; each less than a block, or just one
  std::uint64_t size_ = 0;
};

}  // namespace etalon::ima
