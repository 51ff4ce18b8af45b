// SPDX-License-Identifier: Apache-2.0
// The Content_Checksum of a zstd frame (RFC 8878, 3.1.1: the low 32 bits of XXH64 with seed 0),
// computed in a thread beside the decoder. The library would do it between two blocks, where it
// takes one part in fifteen of a decoder's time.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "tools/base/bytes.hpp"

struct XXH64_state_s;

namespace etalon::image {

// Decoded bytes, and what to keep for as long as they are used.
struct Decoded {
  ByteView bytes{};
  std::shared_ptr<const void> keep{};
};

class ZstdChecksum {
 public:
  ZstdChecksum();
  ZstdChecksum(const ZstdChecksum&) = delete;
  ZstdChecksum& operator=(const ZstdChecksum&) = delete;
  ZstdChecksum(ZstdChecksum&&) = delete;
  ZstdChecksum& operator=(ZstdChecksum&&) = delete;
  // What is not summed yet is dropped.
  ~ZstdChecksum();

  // The next bytes of the content; up to max_unshared pieces stay here until later calls.
  void add(Decoded piece);
  // Of all that was added. The last call.
  std::uint32_t finish();

  static constexpr std::size_t max_unshared = 8;

 private:
  struct Free {
    void operator()(XXH64_state_s* state) const;
  };

  void run();
  void hand_over();
  void close();

  std::unique_ptr<XXH64_state_s, Free> state_;  // the thread's, until it has ended
  std::vector<Decoded> waiting_;                // not handed over yet
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Decoded> queue_;
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace etalon::image
