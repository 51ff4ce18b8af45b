// SPDX-License-Identifier: Apache-2.0
// Feeds files to a fuzz target in a build without a fuzzing engine, so that every committed seed
// and every input that once failed is a plain test. Arguments are files or folders of files.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::uint64_t max_seed_size = 16U << 20U;

// The file itself, or the regular files of a folder.
std::vector<std::string> files_of(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return {path};
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(path, error))
    if (entry.is_regular_file(error)) files.push_back(entry.path().string());
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t count = 0;
  for (int i = 1; i < argc; ++i) {
    for (const std::string& path : files_of(argv[i])) {
      const auto content = etalon::read_file(path, max_seed_size);
      if (!content) {
        std::fputs((content.error().text() + "\n").c_str(), stderr);
        return 1;
      }
      // A target that fails aborts; the last path printed is then the culprit.
      std::puts(path.c_str());
      std::fflush(stdout);
      // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): libFuzzer's byte type
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(content->data()),
                             content->size());
      ++count;
    }
  }
  if (count == 0) std::fputs("no input\n", stderr);
  return count == 0 ? 1 : 0;
}
