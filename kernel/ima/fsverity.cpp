// SPDX-License-Identifier: Apache-2.0
#include "kernel/ima/fsverity.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"
#include "tools/base/writer.hpp"

namespace etalon::ima {
namespace {

constexpr std::size_t descriptor_size = 256;
constexpr std::size_t root_size = 64;

// FS_VERITY_HASH_ALG_SHA256 and _SHA512.
std::uint8_t number_of(HashAlg alg) {
  return alg == HashAlg::sha256 ? 1 : 2;
}

// The input block of the hash function itself.
std::size_t hash_block_size(HashAlg alg) {
  return alg == HashAlg::sha256 ? 64 : 128;
}

}  // namespace

Result<VerityHasher> VerityHasher::make(VerityParameters parameters) {
  if (parameters.alg != HashAlg::sha256 && parameters.alg != HashAlg::sha512) {
    return fail(ErrorCode::usage, "fs-verity has no " + std::string(name(parameters.alg)) +
                                      ", only sha256 and sha512");
  }
  if (parameters.block_size < min_verity_block || parameters.block_size > max_verity_block ||
      !std::has_single_bit(parameters.block_size)) {
    return fail(ErrorCode::usage,
                std::to_string(parameters.block_size) + " is no power of two from 1024 to 65536");
  }
  if (parameters.salt.size() > max_verity_salt) {
    return fail(ErrorCode::usage,
                "a salt has at most " + std::to_string(max_verity_salt) + " bytes");
  }
  return VerityHasher(std::move(parameters));
}

VerityHasher::VerityHasher(VerityParameters parameters)
    : parameters_(std::move(parameters)), hasher_(parameters_.alg) {
  if (parameters_.salt.empty()) return;
  padded_salt_ = parameters_.salt;
  padded_salt_.resize(hash_block_size(parameters_.alg));
}

AnyDigest VerityHasher::block_hash(ByteView block) {
  hasher_.update(padded_salt_);
  hasher_.update(block);
  const Bytes zeros(parameters_.block_size - block.size());
  hasher_.update(zeros);
  return hasher_.finish();
}

// Hashes a level's block into the level above. A block is not hashed before something follows it:
// the last one may be the root's.
void VerityHasher::flush(std::size_t level) {
  const AnyDigest digest = block_hash(levels_[level]);
  levels_[level].clear();
  push(level + 1, digest.view());
}

void VerityHasher::push(std::size_t level, ByteView bytes) {
  if (levels_.size() == level) levels_.emplace_back();
  while (!bytes.empty()) {
    if (levels_[level].size() == parameters_.block_size) flush(level);
    Bytes& block = levels_[level];
    const ByteView part =
        bytes.first(std::min(bytes.size(), parameters_.block_size - block.size()));
    append(block, part);
    bytes = bytes.subspan(part.size());
  }
}

void VerityHasher::update(ByteView piece) {
  size_ += piece.size();
  push(0, piece);
}

AnyDigest VerityHasher::finish() {
  Bytes root(root_size);
  for (std::size_t level = 0; level < levels_.size(); ++level) {
    if (level + 1 < levels_.size()) {
      flush(level);
      continue;
    }
    const AnyDigest top = block_hash(levels_[level]);
    std::ranges::copy(top.view(), root.begin());
  }
  ByteWriter out;
  out.u8(1).u8(number_of(parameters_.alg));
  out.u8(static_cast<std::uint8_t>(std::countr_zero(parameters_.block_size)));
  out.u8(static_cast<std::uint8_t>(parameters_.salt.size())).u32(0).u64(size_).bytes(root);
  Bytes salt = parameters_.salt;
  salt.resize(max_verity_salt);
  out.bytes(salt).fill(descriptor_size - out.size());
  levels_.clear();
  size_ = 0;
  return hash(parameters_.alg, out.view());
}

}  // namespace etalon::ima
