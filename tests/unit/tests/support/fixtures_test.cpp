// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fixtures.hpp"

#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/temp_folder.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"

namespace etalon::test {
namespace {

UpstreamFile sample(const Bytes& content) {
  return {.repository = "owner/name", .sha256 = sha256(content).hex(), .local = "a/b.bin"};
}

TEST(Fixtures, every_listed_file_is_described) {
  const auto files = upstream_files();
  ASSERT_TRUE(files.has_value()) << files.error().text();
  EXPECT_FALSE(files->empty());
  std::set<std::string> locals;
  for (const UpstreamFile& file : *files) {
    EXPECT_NE(file.repository.find('/'), std::string::npos) << file.local;
    EXPECT_GE(file.commit.size(), 8U) << file.local;
    EXPECT_EQ(file.commit.find_first_not_of("0123456789abcdef"), std::string::npos) << file.local;
    EXPECT_FALSE(file.path.empty()) << file.local;
    EXPECT_FALSE(file.licence.empty()) << file.local;
    EXPECT_TRUE(Sha256::from_hex(file.sha256).has_value()) << file.local;
    EXPECT_TRUE(locals.insert(file.local).second) << file.local << " is listed twice";
  }
}

TEST(Fixtures, refuses_a_row_with_missing_columns) {
  const auto files = parse_upstream("# a comment\no/n\tc0ffee00\tp\tMIT\n");
  ASSERT_FALSE(files.has_value());
  EXPECT_EQ(files.error().code, ErrorCode::malformed);
  EXPECT_EQ(files.error().message, "not six columns: 'o/n\\x09c0ffee00\\x09p\\x09MIT'");
}

TEST(Fixtures, takes_the_first_folder_that_has_the_file) {
  const TempFolder folder;
  const Bytes content = to_bytes("content");
  std::filesystem::create_directories(folder / "second/a");
  ASSERT_TRUE(write_file_atomic(folder / "second/a/b.bin", content).has_value());
  const auto found = find_fixture(sample(content), {folder / "first", folder / "second"});
  ASSERT_TRUE(found.has_value()) << found.error().text();
  EXPECT_EQ(*found, content);
}

TEST(Fixtures, reports_an_absent_file_as_not_found) {
  const TempFolder folder;
  const auto found = find_fixture(sample({}), {folder.path()});
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, ErrorCode::not_found);
  EXPECT_EQ(found.error().text(), "a/b.bin: public file is absent; 'make fixtures' fetches it");
}

TEST(Fixtures, refuses_a_file_with_another_sha256) {
  const TempFolder folder;
  std::filesystem::create_directories(folder / "a");
  ASSERT_TRUE(write_file_atomic(folder / "a/b.bin", to_bytes("changed")).has_value());
  const auto found = find_fixture(sample(to_bytes("content")), {folder.path()});
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, ErrorCode::mismatch);
  EXPECT_EQ(found.error().message, "sha256 is not the one of tests/data/upstream.tsv");
}

TEST(Fixtures, refuses_an_unlisted_name) {
  const auto found = public_fixture("no/such/row");
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, ErrorCode::usage);
}

}  // namespace
}  // namespace etalon::test
