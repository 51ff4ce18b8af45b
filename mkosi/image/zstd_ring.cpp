// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/zstd_ring.hpp"

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

// Decoding into memory of one's own is of the part of the interface that only the static library
// keeps.
#define ZSTD_STATIC_LINKING_ONLY  // NOLINT(*-macro-usage)
#include <zstd.h>
#include <zstd_errors.h>

#include "mkosi/image/decompress.hpp"
#include "mkosi/image/large_memory.hpp"
#include "mkosi/image/zstd_checksum.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {
namespace {

tl::unexpected<Error> corrupt(std::uint64_t offset, std::string reason) {
  return fail_at(ErrorCode::malformed, "zstd stream", offset, std::move(reason));
}

tl::unexpected<Error> cut_short(std::uint64_t size) {
  return fail_at(ErrorCode::truncated, "zstd stream", size, "the input ends inside the stream");
}

}  // namespace

// The ring and who keeps what of it. Pieces are given out, and their places come round again, in
// the same order, so the oldest piece is always the one in the way.
class ZstdRing::Memory : public std::enable_shared_from_this<Memory> {
 public:
  explicit Memory(std::size_t size) : bytes_(make_large(size)), size_(size) {}

  std::size_t size() const { return size_; }

  std::byte* at(std::size_t place) { return bytes_.get() + place; }

  // Waits until nobody keeps a byte of [place, place + size).
  void reclaim(std::size_t place, std::size_t size) {
    std::unique_lock lock(mutex_);
    while (!pieces_.empty()) {
      const Piece& oldest = pieces_.front();
      if (oldest.end <= place || oldest.begin >= place + size) return;
      returned_.wait(lock, [&oldest] { return !oldest.kept; });
      pieces_.pop_front();
    }
  }

  Decoded give(std::size_t begin, std::size_t size) {
    const std::scoped_lock lock(mutex_);
    Piece& piece = pieces_.emplace_back(Piece{.begin = begin, .end = begin + size, .kept = true});
    return {.bytes = ByteView(at(begin), size),
            .keep = std::make_shared<const Keep>(shared_from_this(), piece)};
  }

 private:
  struct Piece {
    std::size_t begin = 0;
    std::size_t end = 0;
    bool kept = false;
  };

  class Keep {
   public:
    Keep(std::shared_ptr<Memory> memory, Piece& piece)
        : memory_(std::move(memory)), piece_(piece) {}

    Keep(const Keep&) = delete;
    Keep& operator=(const Keep&) = delete;
    Keep(Keep&&) = delete;
    Keep& operator=(Keep&&) = delete;

    ~Keep() {
      {
        const std::scoped_lock lock(memory_->mutex_);
        piece_.kept = false;
      }
      memory_->returned_.notify_one();
    }

   private:
    std::shared_ptr<Memory> memory_;
    Piece& piece_;  // in the deque, which moves no element and drops none that is kept
  };

  LargeMemory bytes_;
  std::size_t size_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::deque<Piece> pieces_;
};

void ZstdRing::Free::operator()(ZSTD_DCtx_s* context) const {
  (void)ZSTD_freeDCtx(context);
}

ZstdRing::ZstdRing(ByteView input, SumBeside beside)
    : input_(input), context_(ZSTD_createDCtx()), beside_(beside) {}

ZstdRing::~ZstdRing() = default;

Status ZstdRing::begin() {
  ZSTD_frameHeader header{};
  const std::size_t left = ZSTD_getFrameHeader(&header, input_.data(), input_.size());
  if (ZSTD_isError(left) != 0) return corrupt(0, ZSTD_getErrorName(left));
  if (left != 0) return cut_short(input_.size());
  if (header.windowSize > std::uint64_t{1} << static_cast<unsigned>(max_zstd_window_log)) {
    return fail_at(ErrorCode::limit, "zstd stream", 0,
                   "needs a window of " + std::to_string(header.windowSize) +
                       " bytes; the kernel gives 2^" + std::to_string(max_zstd_window_log));
  }
  const std::size_t window =
      ZSTD_decodingBufferSize_min(header.windowSize, header.frameContentSize);
  if (ZSTD_isError(window) != 0) return corrupt(0, ZSTD_getErrorName(window));
  block_max_ = header.blockSizeMax;
  memory_ = std::make_shared<Memory>(window + block_max_ + slack);
  if (header.checksumFlag != 0 && beside_ == SumBeside::yes) {
    (void)ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_forceIgnoreChecksum, ZSTD_d_ignoreChecksum);
    checksum_ = std::make_unique<ZstdChecksum>();
  }
  (void)ZSTD_decompressBegin(context_.get());
  return {};
}

Result<std::size_t> ZstdRing::step() {
  const std::size_t size = ZSTD_nextSrcSizeToDecompress(context_.get());
  if (size > input_.size() - consumed_) return cut_short(input_.size());
  const std::size_t got = ZSTD_decompressContinue(context_.get(), memory_->at(place_), block_max_,
                                                  input_.subspan(consumed_).data(), size);
  if (ZSTD_isError(got) != 0) return corrupt(consumed_, ZSTD_getErrorName(got));
  consumed_ += size;
  return got;
}

bool ZstdRing::at_end() const {
  return ZSTD_nextSrcSizeToDecompress(context_.get()) == 0;
}

Status ZstdRing::compare_checksum() {
  const std::size_t at = consumed_ - sizeof(std::uint32_t);
  const std::uint32_t computed = std::exchange(checksum_, nullptr)->finish();
  if (ByteReader(input_.subspan(at), at).u32("Content_Checksum") == computed) return {};
  return corrupt(at, ZSTD_getErrorString(ZSTD_error_checksum_wrong));
}

Result<Decoded> ZstdRing::next() {
  if (memory_ == nullptr) TRY(begin());
  if (memory_->size() - place_ < block_max_) place_ = 0;
  const std::size_t start = place_;
  while (place_ - start < piece_size && memory_->size() - place_ >= block_max_ && !at_end()) {
    memory_->reclaim(place_, block_max_);
    TRY_ASSIGN(const std::size_t got, step());
    place_ += got;
  }
  Decoded piece;
  if (place_ != start) piece = memory_->give(start, place_ - start);
  if (checksum_ != nullptr) {
    if (!piece.bytes.empty()) checksum_->add(piece);
    if (at_end()) TRY(compare_checksum());
  }
  return piece;
}

}  // namespace etalon::image
