// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/zstd_ring.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <future>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "mkosi/image/compression.hpp"
#include "mkosi/image/hash_pool.hpp"
#include "tests/support/fake_cpio.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"
#include "tools/base/writer.hpp"

namespace etalon::image {
namespace {

constexpr std::size_t seed_size = 20'000;
constexpr std::array both_ways = {SumBeside::no, SumBeside::yes};

// More than a ring with a small window holds; repeats itself near and far.
Bytes make_content(std::size_t size) {
  std::mt19937 random(7);  // NOLINT(cert-msc*): the same bytes each time
  Bytes content(size);
  std::ranges::generate_n(content.begin(), static_cast<std::ptrdiff_t>(std::min(size, seed_size)),
                          [&] { return static_cast<std::byte>(random()); });
  for (std::size_t at = seed_size; at < size;) {
    const std::size_t length = std::min<std::size_t>(1 + random() % 20'000, size - at);
    const std::size_t from = random() % (at - seed_size + 1);
    std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(from), length,
                content.begin() + static_cast<std::ptrdiff_t>(at));
    at += length;
  }
  return content;
}

// A frame with a window of 1 KiB, of raw blocks (RFC 8878, 3.1.1).
Bytes small_window_frame(ByteView content) {
  constexpr std::size_t block = 1024;
  ByteWriter frame;
  frame.u32(0xfd2fb528).u8(0x00).u8(0x00);
  while (!content.empty()) {
    const std::size_t size = std::min(block, content.size());
    const auto header = static_cast<std::uint32_t>(size << 3U) | (size == content.size() ? 1U : 0U);
    frame.u16(static_cast<std::uint16_t>(header)).u8(static_cast<std::uint8_t>(header >> 16U));
    frame.bytes(content.first(size));
    content = content.subspan(size);
  }
  return std::move(frame).take();
}

TEST(ZstdRing, gives_the_content_to_who_keeps_as_much_as_is_allowed) {
  const Bytes content = make_content(std::size_t{24} << 20U);
  const Bytes usual = test::compress(Compression::zstd, content);
  const Bytes small_window = small_window_frame(content);
  for (const auto& [frame, beside] :
       {std::pair(&usual, SumBeside::no), std::pair(&usual, SumBeside::yes),
        std::pair(&small_window, SumBeside::yes)}) {
    ZstdRing ring(*frame, beside);
    std::deque<Decoded> kept;
    std::size_t kept_size = 0;
    std::size_t at = 0;
    // A piece is looked at when it is let go, so that one overwritten too early is seen.
    const auto let_go = [&] {
      const ByteView piece = kept.front().bytes;
      ASSERT_TRUE(std::ranges::equal(piece, ByteView(content).subspan(at, piece.size()))) << at;
      at += piece.size();
      kept_size -= piece.size();
      kept.pop_front();
    };
    while (true) {
      auto piece = ring.next();
      ASSERT_TRUE(piece.has_value()) << piece.error().text();
      if (piece->bytes.empty()) break;
      EXPECT_LT(piece->bytes.size(), ZstdRing::max_piece_size);
      kept_size += piece->bytes.size();
      kept.push_back(*std::move(piece));
      while (kept_size > ZstdRing::slack - ZstdRing::max_piece_size)
        let_go();
    }
    while (!kept.empty())
      let_go();
    EXPECT_EQ(at, content.size());
    EXPECT_EQ(ring.consumed(), frame->size());
    EXPECT_TRUE(ring.next()->bytes.empty());
  }
}

TEST(ZstdRing, waits_for_the_oldest_piece) {
  const Bytes content = make_content(std::size_t{12} << 20U);
  const Bytes frame = small_window_frame(content);
  ZstdRing ring(frame);
  std::vector<Decoded> kept;
  kept.push_back(ring.next().value());
  const Bytes first(kept.front().bytes.begin(), kept.front().bytes.end());
  auto rest = std::async(std::launch::async, [&ring] {
    std::size_t size = 0;
    while (true) {
      const auto piece = ring.next();
      if (!piece || piece->bytes.empty()) return size;
      size += piece->bytes.size();
    }
  });
  // It cannot end while its first place is kept, however long it gets.
  EXPECT_EQ(rest.wait_for(std::chrono::milliseconds(200)), std::future_status::timeout);
  EXPECT_TRUE(std::ranges::equal(kept.front().bytes, first));
  kept.clear();
  EXPECT_EQ(rest.get() + first.size(), content.size());
}

TEST(ZstdRing, leaves_what_is_kept_when_it_goes) {
  const Bytes content = make_content(300'000);
  Decoded piece;
  {
    const Bytes frame = test::compress(Compression::zstd, content);
    ZstdRing ring(frame);
    piece = ring.next().value();
  }
  EXPECT_TRUE(std::ranges::equal(piece.bytes, ByteView(content).first(piece.bytes.size())));
}

TEST(ZstdRing, feeds_a_pool_of_any_number_of_threads) {
  const Bytes content = make_content(std::size_t{12} << 20U);
  const Bytes frame = small_window_frame(content);
  const std::vector algs = {HashAlg::sha256, HashAlg::sha1};
  for (const unsigned jobs : {1U, 2U, 5U}) {
    HashPool pool(algs, jobs);
    pool.begin();
    {
      ZstdRing ring(frame);
      while (true) {
        Decoded piece = ring.next().value();
        if (piece.bytes.empty()) break;
        pool.update(piece.bytes);
        pool.flush(std::move(piece.keep));
      }
    }
    pool.end();
    EXPECT_EQ(pool.finish().front(), hash_all(algs, content)) << jobs;
  }
}

TEST(ZstdRing, passes_over_a_skippable_frame) {
  ByteWriter frame;
  frame.u32(0x184d2a50).u32(3).u8(1).u8(2).u8(3);
  ZstdRing ring(frame.view());
  EXPECT_TRUE(ring.next()->bytes.empty());
  EXPECT_EQ(ring.consumed(), frame.view().size());
}

void expect_refusal(ByteView frame, ErrorCode code, const std::string& text) {
  for (const SumBeside beside : both_ways) {
    ZstdRing ring(frame, beside);
    auto piece = ring.next();
    while (piece && !piece->bytes.empty())
      piece = ring.next();
    ASSERT_FALSE(piece.has_value()) << "accepted, not: " << text;
    EXPECT_EQ(piece.error().code, code);
    EXPECT_EQ(piece.error().text(), text);
  }
}

TEST(ZstdRing, refuses_what_is_no_frame) {
  expect_refusal(as_bytes("no zstd frame"), ErrorCode::malformed,
                 "zstd stream at 0: Unknown frame descriptor");
  expect_refusal(as_bytes("\x28\xb5"), ErrorCode::truncated,
                 "zstd stream at 2: the input ends inside the stream");
}

TEST(ZstdRing, refuses_an_end_inside_a_block) {
  const Bytes frame = small_window_frame(Bytes(100));
  expect_refusal(ByteView(frame).first(50), ErrorCode::truncated,
                 "zstd stream at 50: the input ends inside the stream");
}

TEST(ZstdRing, refuses_a_window_beyond_the_kernels) {
  ByteWriter frame;
  frame.u32(0xfd2fb528).u8(0x00).u8((28 - 10) << 3).u8(1).u8(0).u8(0);
  expect_refusal(frame.view(), ErrorCode::limit,
                 "zstd stream at 0: needs a window of 268435456 bytes; the kernel gives 2^27");
}

TEST(ZstdRing, refuses_a_wrong_checksum) {
  for (const std::size_t size : {0U, 1000U, 5'000'000U}) {
    Bytes frame = test::compress(Compression::zstd, make_content(size));
    frame.back() ^= std::byte{1};
    expect_refusal(frame, ErrorCode::malformed,
                   "zstd stream at " + std::to_string(frame.size() - 4) +
                       ": Restored data doesn't match checksum");
  }
}

TEST(ZstdRing, drops_what_it_has_not_summed) {
  const Bytes frame = test::compress(Compression::zstd, make_content(5'000'000));
  ZstdRing ring(frame, SumBeside::yes);
  EXPECT_FALSE(ring.next()->bytes.empty());
}

TEST(ZstdRing, refuses_a_block_of_the_reserved_type) {
  ByteWriter frame;
  frame.u32(0xfd2fb528).u8(0x00).u8(0x00).u8(0x07).u8(0).u8(0);
  expect_refusal(frame.view(), ErrorCode::malformed, "zstd stream at 6: Data corruption detected");
}

}  // namespace
}  // namespace etalon::image
