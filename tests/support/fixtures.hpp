// SPDX-License-Identifier: Apache-2.0
// Files that tests read. Our own lie in tests/data. Public ones, captured by other projects, are
// not kept in this repository: tests/data/upstream.tsv names their origin and sha256, and they are
// looked up under their local name in $ETALON_FIXTURES, build/fixtures and
// ../shared/fixtures/public (the last two from the source folder). A test that needs an absent one
// says so and is skipped.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::test {

// One row of tests/data/upstream.tsv.
struct UpstreamFile {
  std::string repository{};  // "owner/name"
  std::string commit{};
  std::string path{};  // in the repository
  std::string licence{};
  std::string sha256{};
  std::string local{};  // below a fixtures folder
};

// The rows of a table in the form of upstream.tsv: six columns, tabs, lines with # are comments.
Result<std::vector<UpstreamFile>> parse_upstream(std::string_view table);
Result<std::vector<UpstreamFile>> upstream_files();

// Where public files may lie, first choice first.
std::vector<std::string> fixture_folders();
// The named row's file from the first of `folders` that has it. not_found when none has it,
// mismatch when its sha256 is another.
Result<Bytes> find_fixture(const UpstreamFile& file, const std::vector<std::string>& folders);

// The public file with this local name. usage when upstream.tsv does not list it, not_found when no
// folder has it, mismatch when its sha256 is another.
Result<Bytes> public_fixture(std::string_view local);

// tests/data/NAME of the source tree.
Result<Bytes> test_data(std::string_view name);

}  // namespace etalon::test

// Declares `const Bytes& NAME`, the public file LOCAL; skips the test when it is absent and fails
// it when it is not the file that upstream.tsv describes. For use in the body of a TEST.
#define ETALON_PUBLIC_FIXTURE(NAME, LOCAL)                                                      \
  const auto NAME##_found = ::etalon::test::public_fixture(LOCAL);                              \
  if (!NAME##_found.has_value() && NAME##_found.error().code == ::etalon::ErrorCode::not_found) \
    GTEST_SKIP() << NAME##_found.error().text();                                                \
  ASSERT_TRUE(NAME##_found.has_value()) << NAME##_found.error().text();                         \
  const ::etalon::Bytes& NAME = *NAME##_found
