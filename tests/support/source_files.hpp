// SPDX-License-Identifier: Apache-2.0
// Reads a file of the source tree, for tests over tests/data and other committed examples.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"

namespace etalon::test {

inline std::string source_path(const std::string& path) {
  return std::string(ETALON_SOURCE_DIR) + "/" + path;
}

// The bytes of a committed file; its absence is a fault of the tree and ends the test run.
inline Bytes source_file(const std::string& path) {
  constexpr std::uint64_t cap = std::uint64_t{1} << 20U;
  auto content = read_file(source_path(path), cap);
  if (!content) std::abort();
  return *std::move(content);
}

}  // namespace etalon::test
