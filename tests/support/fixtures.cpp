// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fixtures.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "tests/support/source_files.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"

namespace etalon::test {
namespace {

constexpr std::uint64_t max_fixture_size = std::uint64_t{16} << 20U;
constexpr std::size_t columns = 6;

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

Result<std::vector<UpstreamFile>> parse_upstream(std::string_view table) {
  std::vector<UpstreamFile> files;
  for (const std::string& line : split(table, '\n')) {
    if (line.empty() || line.front() == '#') continue;
    std::vector<std::string> fields = split(line, '\t');
    if (fields.size() != columns) {
      return fail(ErrorCode::malformed, "not six columns: '" + printable(line) + "'");
    }
    files.push_back({.repository = std::move(fields[0]),
                     .commit = std::move(fields[1]),
                     .path = std::move(fields[2]),
                     .licence = std::move(fields[3]),
                     .sha256 = std::move(fields[4]),
                     .local = std::move(fields[5])});
  }
  return files;
}

Result<std::vector<UpstreamFile>> upstream_files() {
  TRY_ASSIGN(const Bytes table, test_data("upstream.tsv"));
  return in_file(parse_upstream(as_text(table)), "upstream.tsv");
}

std::vector<std::string> fixture_folders() {
  std::vector<std::string> folders;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): tests do not set variables while they run
  const char* const chosen = std::getenv("ETALON_FIXTURES");
  if (chosen != nullptr && *chosen != '\0') folders.emplace_back(chosen);
  folders.push_back(source_path("build/fixtures"));
  folders.push_back(source_path("../shared/fixtures/public"));
  return folders;
}

Result<Bytes> find_fixture(const UpstreamFile& file, const std::vector<std::string>& folders) {
  for (const std::string& folder : folders) {
    const std::string path = folder + "/" + file.local;
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) continue;
    TRY_ASSIGN(Bytes content, read_file(path, max_fixture_size));
    if (sha256(content).hex() != file.sha256) {
      return in_file<Bytes>(
          fail(ErrorCode::mismatch, "sha256 is not the one of tests/data/upstream.tsv"), path);
    }
    return content;
  }
  return in_file<Bytes>(
      fail(ErrorCode::not_found, "public file is absent; 'make fixtures' fetches it"), file.local);
}

Result<Bytes> public_fixture(std::string_view local) {
  TRY_ASSIGN(const std::vector<UpstreamFile> files, upstream_files());
  for (const UpstreamFile& file : files) {
    if (file.local == local) return find_fixture(file, fixture_folders());
  }
  return fail(ErrorCode::usage, std::string(local) + " is not listed in tests/data/upstream.tsv");
}

Result<Bytes> test_data(std::string_view name) {
  return read_file(source_path("tests/data/" + std::string(name)), max_fixture_size);
}

}  // namespace etalon::test
