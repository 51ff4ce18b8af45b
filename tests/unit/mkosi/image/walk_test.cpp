// SPDX-License-Identifier: Apache-2.0
// The same tree as folder, tar and initramfs, and what each walker refuses. The tar files are made
// by GNU tar.
#include "mkosi/image/walk.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "mkosi/image/compression.hpp"
#include "mkosi/image/tree.hpp"
#include "tests/support/fake_cpio.hpp"
#include "tests/support/temp_folder.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/file.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {
namespace {

using test::FakeCpio;
using test::TempFolder;

void write(const std::string& path, std::string_view content) {
  std::ofstream file(path, std::ios::binary);
  file << content;
}

void run(const std::string& command) {
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
}

WalkOptions with_digests(unsigned jobs = 2) {
  return {.algs = {HashAlg::sha256, HashAlg::sha384}, .jobs = jobs};
}

// Everything a walker reports but owners' numbers, which a test cannot choose.
std::string describe(const Walked& walked) {
  std::string text;
  for (const Entry& entry : walked.tree.entries()) {
    text += printable(entry.path) + " " + std::string(name(entry.type)) + " " +
            std::to_string(entry.mode) + " " + std::to_string(entry.size) + " " +
            std::to_string(entry.inode) + "/" + std::to_string(entry.links) + " " + entry.target;
    for (const auto& [alg, digest] : entry.digests)
      text += " " + digest.hex();
    text += " " + to_hex(entry.head.view());
    text += "\n";
  }
  return text;
}

// A tree with every kind of entry a test may make, and odd names.
void make_tree(const std::string& root) {
  ASSERT_EQ(::mkdir(root.c_str(), 0755), 0);
  for (const std::string folder : {"/usr", "/usr/bin", "/usr/share", "/etc", "/empty"})
    ASSERT_EQ(::mkdir((root + folder).c_str(), 0755), 0);
  write(root + "/usr/bin/first", "linked content");
  ASSERT_EQ(::link((root + "/usr/bin/first").c_str(), (root + "/usr/bin/again").c_str()), 0);
  ASSERT_EQ(::link((root + "/usr/bin/first").c_str(), (root + "/etc/third").c_str()), 0);
  ASSERT_EQ(::symlink("usr/bin", (root + "/bin").c_str()), 0);
  ASSERT_EQ(::symlink("/usr/share", (root + "/absolute").c_str()), 0);
  ASSERT_EQ(::symlink("loop", (root + "/loop").c_str()), 0);
  ASSERT_EQ(::mkfifo((root + "/pipe").c_str(), 0600), 0);
  for (const std::string name : {"name with space", "new\nline", "back\\slash", "\xc3\xbcnicode",
                                 "bad-\xff\xfe", "tab\t", "-dash", ".hidden"})
    write(root + "/usr/share/" + name, name);
  write(root + "/usr/share/" + std::string(200, 'd'), "long name");
  write(root + "/usr/share/empty", "");
  write(root + "/usr/share/large", std::string(700'001, 'x'));
  std::ofstream sparse(root + "/usr/share/sparse", std::ios::binary);
  sparse << "head";
  sparse.seekp(3'000'000);
  sparse << "middle";
  sparse.close();
  ASSERT_EQ(::truncate((root + "/usr/share/sparse").c_str(), 5'000'000), 0);
  run("chmod -R u=rwX,go=rX '" + root + "'");
}

// Packs what a walk of the folder found, data of hard links on their last name.
Bytes as_cpio(const Walked& walked, const std::string& root) {
  std::map<std::uint32_t, std::uint32_t> seen;
  FakeCpio cpio;
  for (const Entry& entry : walked.tree.entries()) {
    test::FakeEntry packed{.name = entry.path.substr(1),
                           .mode = entry.mode,
                           .body = entry.target,
                           .ino = entry.inode + 1,
                           .nlink = entry.links};
    const std::map<EntryType, std::uint32_t> types = {{EntryType::file, S_IFREG},
                                                      {EntryType::directory, S_IFDIR},
                                                      {EntryType::symlink, S_IFLNK},
                                                      {EntryType::fifo, S_IFIFO}};
    packed.mode |= types.at(entry.type);
    if (entry.type == EntryType::file && ++seen[entry.inode] == entry.links) {
      const auto content = read_file(root + entry.path, 1U << 24U);
      EXPECT_TRUE(content.has_value());
      packed.body = as_text(*content);
    }
    cpio.add(packed);
  }
  return cpio.trailer().bytes();
}

class SameTree : public testing::Test {
 protected:
  void SetUp() override {
    make_tree(folder_ / "root");
    const auto walked = walk_directory(folder_ / "root", with_digests());
    ASSERT_TRUE(walked.has_value()) << walked.error().text();
    walked_ = *walked;
    expected_ = describe(*walked);
  }

  TempFolder folder_;
  Walked walked_;
  std::string expected_;
};

TEST_F(SameTree, is_right_as_folder) {
  const Entry* sparse = walked_.tree.find("/usr/share/sparse");
  ASSERT_NE(sparse, nullptr);
  std::string content(5'000'000, '\0');
  content.replace(0, 4, "head").replace(3'000'000, 6, "middle");
  EXPECT_EQ(sparse->digests, hash_all(with_digests().algs, as_bytes(content)));
  EXPECT_EQ(walked_.tree.find("/usr/share/bad-\xff\xfe")->digests,
            hash_all(with_digests().algs, as_bytes("bad-\xff\xfe")));
  EXPECT_EQ(walked_.tree.find("/etc/third")->links, 3U);
  EXPECT_EQ(walked_.tree.find("/etc/third")->digests,
            hash_all(with_digests().algs, as_bytes("linked content")));
  EXPECT_EQ(as_text(walked_.tree.find("/etc/third")->head.view()), "link");
  EXPECT_EQ(as_text(walked_.tree.find("/usr/share/tab\t")->head.view()), "tab\t");
  EXPECT_EQ(walked_.tree.find("/usr/share/empty")->head, Head());
  EXPECT_EQ(walked_.tree.find("/pipe")->type, EntryType::fifo);
  EXPECT_TRUE(walked_.findings.empty());
}

TEST_F(SameTree, does_not_depend_on_jobs) {
  for (const unsigned jobs : {1U, 3U, 8U})
    EXPECT_EQ(describe(*walk_directory(folder_ / "root", with_digests(jobs))), expected_) << jobs;
}

TEST_F(SameTree, as_tar_of_every_kind) {
  for (const std::string options :
       {"--format=gnu", "--format=pax", "--format=gnu --sparse", "--format=pax --sparse",
        "--format=pax --gzip", "--format=gnu --xz", "--format=pax --zstd --sparse",
        "--format=gnu --bzip2"}) {
    const std::string tar = folder_ / "root.tar";
    run("tar " + options + " -C '" + (folder_ / "root") + "' -cf '" + tar + "' .");
    for (const unsigned jobs : {1U, 2U}) {
      const auto walked = walk_image(tar, with_digests(jobs));
      ASSERT_TRUE(walked.has_value()) << options << ": " << walked.error().text();
      EXPECT_EQ(walked->format, Format::tar);
      EXPECT_EQ(describe(*walked), expected_) << options;
      EXPECT_TRUE(walked->findings.empty()) << options << walked->findings.front().message;
    }
  }
}

TEST_F(SameTree, as_initramfs_plain_and_compressed) {
  const Bytes cpio = as_cpio(walked_, folder_ / "root");
  for (const Compression compression : {Compression::none, Compression::zstd, Compression::gzip,
                                        Compression::xz, Compression::lz4}) {
    const std::string path = folder_ / "initrd";
    ASSERT_TRUE(write_file_atomic(path, test::compress(compression, cpio)).has_value());
    const auto walked = walk_image(path, with_digests());
    ASSERT_TRUE(walked.has_value()) << walked.error().text();
    EXPECT_EQ(walked->format, Format::initramfs);
    EXPECT_EQ(describe(*walked), expected_);
  }
}

TEST(WalkDirectory, refuses_an_unreadable_file) {
  const TempFolder folder;
  ASSERT_EQ(::mkdir((folder / "root").c_str(), 0755), 0);
  write(folder / "root/a", "readable");
  write(folder / "root/b", "secret");
  ASSERT_EQ(::chmod((folder / "root/b").c_str(), 0), 0);
  ASSERT_EQ(::chmod(folder.path().c_str(), 0755), 0);
  const uid_t before = ::geteuid();
  constexpr uid_t nobody = 65534;
  if (before == 0) ASSERT_EQ(::seteuid(nobody), 0);  // root reads everything
  const auto walked = walk_directory(folder / "root", with_digests());
  if (before == 0) ASSERT_EQ(::seteuid(before), 0);
  ASSERT_FALSE(walked.has_value());
  EXPECT_EQ(walked.error().code, ErrorCode::io);
  EXPECT_EQ(walked.error().text(), (folder / "root/b") + ": cannot open: Permission denied");
}

TEST(WalkDirectory, refuses_an_unreadable_folder) {
  const TempFolder folder;
  ASSERT_EQ(::mkdir((folder / "root").c_str(), 0755), 0);
  ASSERT_EQ(::mkdir((folder / "root/closed").c_str(), 0), 0);
  ASSERT_EQ(::chmod(folder.path().c_str(), 0755), 0);
  const uid_t before = ::geteuid();
  constexpr uid_t nobody = 65534;
  if (before == 0) ASSERT_EQ(::seteuid(nobody), 0);
  const auto walked = walk_directory(folder / "root", {});
  if (before == 0) ASSERT_EQ(::seteuid(before), 0);
  ASSERT_FALSE(walked.has_value());
  EXPECT_EQ(walked.error().code, ErrorCode::io);
  EXPECT_EQ(walked.error().text(),
            (folder / "root/closed") + ": cannot open folder: Permission denied");
}

TEST(WalkDirectory, lists_a_hundred_levels_and_refuses_a_thousand) {
  const TempFolder folder;
  run("cd '" + folder.path() +
      "' && mkdir a && d=a && for i in $(seq 100); do d=$d/d; done && "
      "mkdir -p $d && echo x > $d/file");
  const auto walked = walk_directory(folder / "a", with_digests());
  ASSERT_TRUE(walked.has_value()) << walked.error().text();
  EXPECT_EQ(walked->tree.entries().size(), 101U);
  run("cd '" + folder.path() +
      "' && mkdir b && cd b && for i in $(seq 1000); do mkdir d && "
      "cd -P d || exit; done");
  const auto refused = walk_directory(folder / "b", with_digests());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::limit);
  EXPECT_TRUE(refused.error().text().ends_with("folders nested deeper than 400"));
}

TEST(WalkImage, refuses_a_fifo_without_opening_it) {
  const TempFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const auto walked = walk_image(folder / "pipe", {});
  ASSERT_FALSE(walked.has_value());
  EXPECT_EQ(walked.error().text(), (folder / "pipe") + ": not a regular file");
}

TEST(WalkImage, refuses_what_it_does_not_know) {
  const TempFolder folder;
  write(folder / "text", "plain text");
  EXPECT_EQ(walk_image(folder / "text", {}).error().text(),
            (folder / "text") + ": neither a UKI, nor a cpio or tar archive");
  write(folder / "empty", "");
  EXPECT_EQ(walk_image(folder / "empty", {}).error().code, ErrorCode::unsupported);
  EXPECT_EQ(walk_image(folder / "absent", {}).error().text(),
            (folder / "absent") + ": cannot open: No such file or directory");
  const Bytes packed = test::compress(Compression::gzip, as_bytes("plain text"));
  ASSERT_TRUE(write_file_atomic(folder / "text.gz", packed).has_value());
  EXPECT_EQ(walk_image(folder / "text.gz", {}).error().code, ErrorCode::unsupported);
}

TEST(WalkImage, detects_an_initramfs_behind_padding) {
  const Bytes image = test::concat({Bytes(512), FakeCpio().file("a", "1").trailer().bytes()});
  EXPECT_EQ(*detect_format(image), Format::initramfs);
}

}  // namespace
}  // namespace etalon::image
