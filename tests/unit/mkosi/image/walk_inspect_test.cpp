// SPDX-License-Identifier: Apache-2.0
// Every walker says the same of the same files' contents, whatever the jobs and digests, in the
// pass that it makes anyway.
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mkosi/image/compression.hpp"
#include "mkosi/image/elf/facts.hpp"
#include "mkosi/image/tree.hpp"
#include "mkosi/image/walk.hpp"
#include "tests/support/fake_cpio.hpp"
#include "tests/support/fake_elf.hpp"
#include "tests/support/fake_uki.hpp"
#include "tests/support/temp_folder.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {
namespace {

using test::FakeCpio;
using test::TempFolder;

// By path. The large program is longer than any block it is read in.
std::map<std::string, std::string> contents() {
  return {{"cache", std::string(as_text(test::FakeLdCache{.libraries = {{"a", "/a"}}}.build()))},
          {"empty", ""},
          {"large", test::fake_program({"liba.so.1"}).text() + std::string(1'500'000, 'x')},
          {"lib", test::fake_library("liba.so.1").text()},
          {"list", "/lib:/usr/lib\n"},
          {"odd",
           "\x7f"
           "ELF"},
          {"other", std::string(700'000, 'o')},
          {"script", "#!/bin/sh\n" + std::string(300'000, 's')}};
}

std::string describe(const Walked& walked) {
  std::string text;
  for (const Entry& entry : walked.tree.entries()) {
    if (entry.type != EntryType::file) continue;
    text += entry.path + " " + (entry.facts ? std::string(name(entry.facts->kind)) : "nothing");
    if (entry.facts &&
        *entry.facts != *elf::read_facts(as_bytes(
                            contents().at(entry.path == "/linked" ? "lib" : entry.path.substr(1)))))
      text += " wrong";
    text += "\n";
  }
  return text;
}

constexpr std::string_view expected =
    "/cache ld-cache\n/empty other\n/large elf\n/lib elf\n/linked elf\n/list path-list\n/odd elf\n"
    "/other other\n/script script\n";

Bytes as_cpio() {
  FakeCpio cpio;
  for (const auto& [path, content] : contents()) {
    const std::uint32_t links = path == "lib" ? 2 : 1;
    cpio.add({.name = path, .body = content, .ino = links == 2 ? 7U : 0U, .nlink = links});
  }
  return cpio.add({.name = "linked", .ino = 7, .nlink = 2}).trailer().bytes();
}

class Inspected : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::mkdir((folder_ / "root").c_str(), 0755), 0);
    for (const auto& [path, content] : contents()) {
      std::ofstream file((folder_ / "root/") + path, std::ios::binary);
      file << content;
    }
    ASSERT_EQ(::link((folder_ / "root/lib").c_str(), (folder_ / "root/linked").c_str()), 0);
    const std::string tar = "tar -C '" + (folder_ / "root") + "' -cf '" + (folder_ / "tar") + "' .";
    ASSERT_EQ(std::system(tar.c_str()), 0);
    const Bytes cpio = as_cpio();
    const Bytes zstd = test::compress(Compression::zstd, cpio);
    ASSERT_TRUE(write_file_atomic(folder_ / "cpio", cpio).has_value());
    ASSERT_TRUE(write_file_atomic(folder_ / "cpio.zst", zstd).has_value());
    const Bytes uki = test::fake_uki("0").add(".initrd", std::string(as_text(zstd))).build();
    ASSERT_TRUE(write_file_atomic(folder_ / "uki", uki).has_value());
  }

  std::vector<std::string> images() const {
    return {folder_ / "root", folder_ / "tar", folder_ / "cpio", folder_ / "cpio.zst",
            folder_ / "uki"};
  }

  TempFolder folder_;
};

TEST_F(Inspected, is_the_same_in_every_image) {
  const std::vector<std::vector<HashAlg>> algs = {{}, {HashAlg::sha256, HashAlg::sha384}};
  for (const std::string& image : images()) {
    for (const auto& some : algs) {
      for (const unsigned jobs : {1U, 3U}) {
        const auto walked = walk_image(image, {.algs = some, .jobs = jobs, .inspect = true});
        ASSERT_TRUE(walked.has_value()) << walked.error().text();
        EXPECT_EQ(describe(*walked), expected) << image << some.size() << jobs;
        EXPECT_EQ(walked->tree.find("/lib")->facts, walked->tree.find("/linked")->facts);
        EXPECT_EQ(walked->tree.find("/lib")->digests.empty(), some.empty());
      }
    }
  }
}

TEST_F(Inspected, changes_no_digest) {
  for (const std::string& image : images()) {
    const auto plain = walk_image(image, {.algs = {HashAlg::sha256}});
    const auto inspected = walk_image(image, {.algs = {HashAlg::sha256}, .inspect = true});
    ASSERT_TRUE(plain.has_value() && inspected.has_value());
    for (const Entry& entry : plain->tree.entries()) {
      EXPECT_EQ(entry.facts, nullptr);
      EXPECT_EQ(entry.digests, inspected->tree.find(entry.path)->digests);
      EXPECT_EQ(entry.head, inspected->tree.find(entry.path)->head);
    }
  }
}

// The head belongs to the digests, with and without inspection.
TEST_F(Inspected, without_digests_has_no_head) {
  for (const std::string& image : images()) {
    const auto walked = walk_image(image, {.inspect = true});
    ASSERT_TRUE(walked.has_value());
    EXPECT_EQ(walked->tree.find("/lib")->head, Head()) << image;
  }
}

// A folder's file is not read to its end when its first bytes say enough.
TEST_F(Inspected, reads_of_a_folder_what_it_needs) {
  std::uint64_t read = 0;
  const auto walked = walk_directory(
      folder_ / "root",
      {.inspect = true, .progress = [&read](std::uint64_t done, std::uint64_t) { read = done; }});
  ASSERT_TRUE(walked.has_value());
  std::uint64_t all = 0;
  for (const auto& [path, content] : contents())
    all += content.size();
  EXPECT_LT(read, all - 700'000);
}

TEST(InspectedSparse, counts_holes) {
  const TempFolder folder;
  ASSERT_EQ(::mkdir((folder / "root").c_str(), 0755), 0);
  {
    std::ofstream file(folder / "root/program", std::ios::binary);
    file << test::fake_program({"liba.so.1"}).text();
  }
  ASSERT_EQ(::truncate((folder / "root/program").c_str(), 3'000'000), 0);
  const std::string tar =
      "tar --sparse -C '" + (folder / "root") + "' -cf '" + (folder / "tar") + "' .";
  ASSERT_EQ(std::system(tar.c_str()), 0);
  const auto walked = walk_image(folder / "tar", {.inspect = true});
  ASSERT_TRUE(walked.has_value()) << walked.error().text();
  ASSERT_NE(walked->tree.find("/program"), nullptr);
  ASSERT_NE(walked->tree.find("/program")->facts->elf(), nullptr);
}

}  // namespace
}  // namespace etalon::image
