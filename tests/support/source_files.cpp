// SPDX-License-Identifier: Apache-2.0
#include "tests/support/source_files.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"

namespace etalon::test {

std::string source_path(const std::string& path) {
  return std::string(ETALON_SOURCE_DIR) + "/" + path;
}

Bytes source_file(const std::string& path) {
  constexpr std::uint64_t cap = std::uint64_t{1} << 20U;
  auto content = read_file(source_path(path), cap);
  if (!content) std::abort();
  return *std::move(content);
}

}  // namespace etalon::test
