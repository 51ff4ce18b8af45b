// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "mkosi/image/compression.hpp"
#include "mkosi/image/tree.hpp"
#include "mkosi/image/walk.hpp"
#include "tests/support/fake_cpio.hpp"
#include "tests/support/fixtures.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {
namespace {

using test::compress;
using test::concat;
using test::FakeCpio;

Walked walk(ByteView image, unsigned jobs = 1) {
  auto walked = walk_initramfs(image, {.algs = {HashAlg::sha256}, .jobs = jobs});
  EXPECT_TRUE(walked.has_value()) << walked.error().text();
  return walked ? *std::move(walked) : Walked{};
}

// "path content" of files, "path/" of folders, "path -> target", "path TYPE" of the rest.
std::string describe(const Walked& walked, const std::vector<std::string>& contents) {
  std::string text;
  for (const Entry& entry : walked.tree.entries()) {
    text += entry.path;
    if (entry.type == EntryType::directory)
      text += "/";
    else if (entry.type == EntryType::symlink)
      text += " -> " + entry.target;
    else if (entry.type != EntryType::file)
      text += " " + std::string(name(entry.type));
    for (const std::string& content : contents) {
      const AnyDigest* digest = entry.digests.find(HashAlg::sha256);
      if (digest == nullptr || *digest != AnyDigest(sha256(as_bytes(content)))) continue;
      EXPECT_EQ(entry.size, content.size());
      text += " '" + content + "'";
    }
    text += "\n";
  }
  return text;
}

const std::vector<std::string> known = {"", "old", "new", "longer", "code", "a", "b"};

std::string tree_of(const FakeCpio& cpio) {
  return describe(walk(cpio.bytes()), known);
}

std::string findings_of(const FakeCpio& cpio) {
  std::string text;
  for (const Finding& finding : walk(cpio.bytes()).findings)
    text += finding.id + " " + finding.path + " " + finding.message + "\n";
  return text;
}

TEST(WalkInitramfs, lists_microcode_root_and_overlay_with_hard_links) {
  FakeCpio early;
  early.directory("kernel").directory("kernel/x86").directory("kernel/x86/microcode");
  early.file("kernel/x86/microcode/GenuineIntel.bin", "code").trailer();
  FakeCpio root;
  root.directory("usr").directory("usr/bin").symlink("bin", "usr/bin").directory("etc");
  root.add({.name = "usr/bin/perl", .ino = 7, .nlink = 2});
  root.add({.name = "usr/bin/perl5.36.0", .body = "old", .ino = 7, .nlink = 2});
  root.file("etc/motd", "old").trailer();
  FakeCpio overlay;
  overlay.file("etc/motd", "new").file("bin/tool", "a").trailer();
  Bytes image = concat({early.bytes(), compress(Compression::zstd, root.bytes())});
  image.resize((image.size() + 3) / 4 * 4);
  append(image, overlay.bytes());
  for (const unsigned jobs : {1U, 2U, 5U}) {
    EXPECT_EQ(describe(walk(image, jobs), known),
              "/bin -> usr/bin\n/etc/\n/etc/motd 'new'\n/kernel/\n/kernel/x86/\n"
              "/kernel/x86/microcode/\n/kernel/x86/microcode/GenuineIntel.bin 'code'\n/usr/\n"
              "/usr/bin/\n/usr/bin/perl 'old'\n/usr/bin/perl5.36.0 'old'\n/usr/bin/tool 'a'\n");
  }
}

TEST(WalkInitramfs, reads_the_captured_overlay) {
  const auto image = test::test_data("initramfs/overlay.cpio");
  ASSERT_TRUE(image.has_value());
  // Alone it has no folder to stand in; behind one it has.
  FakeCpio folders;
  folders.directory("etc").directory("usr").directory("usr/bin");
  folders.directory("usr/share").directory("usr/share/fx").trailer();
  const Walked alone = walk(*image);
  ASSERT_EQ(alone.findings.size(), 5U);
  EXPECT_EQ(alone.findings[0].id, "no-folder");
  EXPECT_NE(alone.tree.find("/usr/share/fx/with space"), nullptr);
  const Walked walked = walk(concat({folders.bytes(), *image}));
  EXPECT_TRUE(walked.findings.empty());
  const Entry* first = walked.tree.find("/usr/share/fx/b-run");
  const Entry* last = walked.tree.find("/usr/share/fx/run-me");
  ASSERT_TRUE(first != nullptr && last != nullptr);
  EXPECT_EQ(first->digests, last->digests);
  EXPECT_EQ(first->inode, last->inode);
  EXPECT_EQ(first->links, 2U);
  EXPECT_EQ(first->size, 22U);
}

TEST(WalkInitramfs, takes_owner_mode_and_device) {
  FakeCpio cpio;
  cpio.add({.name = "file", .mode = 0104755, .uid = 1, .gid = 2});
  cpio.add({.name = "null", .mode = 020666, .rdevmajor = 1, .rdevminor = 3});
  cpio.add({.name = "pipe", .mode = 010600}).add({.name = "sock", .mode = 0140600});
  cpio.add({.name = "disk", .mode = 060600, .rdevmajor = 8});
  const Walked walked = walk(cpio.bytes());
  const Entry* file = walked.tree.find("/file");
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(file->mode, 04755U);
  EXPECT_EQ(file->uid, 1U);
  EXPECT_EQ(file->gid, 2U);
  EXPECT_EQ(walked.tree.find("/null")->device, (Device{.major = 1, .minor = 3}));
  EXPECT_EQ(describe(walked, known),
            "/disk block\n/file ''\n/null char\n/pipe fifo\n/sock socket\n");
}

TEST(WalkInitramfs, overwrites_a_file_and_all_its_names) {
  FakeCpio cpio;
  cpio.add({.name = "x", .body = "old", .ino = 5, .nlink = 2});
  cpio.add({.name = "y", .ino = 5, .nlink = 2});
  cpio.trailer().file("x", "longer");  // O_TRUNC keeps the inode
  EXPECT_EQ(tree_of(cpio), "/x 'longer'\n/y 'longer'\n");
}

TEST(WalkInitramfs, forgets_hard_links_at_the_trailer) {
  FakeCpio cpio;
  cpio.add({.name = "x", .body = "old", .ino = 5, .nlink = 2}).trailer();
  cpio.add({.name = "y", .body = "new", .ino = 5, .nlink = 2});
  EXPECT_EQ(tree_of(cpio), "/x 'old'\n/y 'new'\n");
}

TEST(WalkInitramfs, keeps_hard_links_without_a_trailer) {
  FakeCpio cpio;
  cpio.add({.name = "x", .body = "old", .ino = 5, .nlink = 2});
  cpio.add({.name = "y", .body = "new", .ino = 5, .nlink = 2});
  EXPECT_EQ(tree_of(cpio), "/x 'new'\n/y 'new'\n");
}

TEST(WalkInitramfs, does_not_link_a_file_with_one_name_or_of_another_type) {
  FakeCpio cpio;
  cpio.add({.name = "x", .body = "old", .ino = 5});
  cpio.add({.name = "y", .body = "new", .ino = 5});
  cpio.add({.name = "p", .mode = 010600, .ino = 6, .nlink = 2});
  cpio.add({.name = "q", .body = "a", .ino = 6, .nlink = 2});
  EXPECT_EQ(tree_of(cpio), "/p fifo\n/q 'a'\n/x 'old'\n/y 'new'\n");
}

TEST(WalkInitramfs, loses_a_linked_file_named_twice) {
  // clean_path() removes the name, then link() does not find it.
  FakeCpio cpio;
  cpio.add({.name = "x", .body = "old", .ino = 5, .nlink = 2});
  cpio.add({.name = "x", .body = "new", .ino = 5, .nlink = 2});
  EXPECT_EQ(tree_of(cpio), "");
  EXPECT_EQ(findings_of(cpio),
            "unplaced-entry /x the kernel cannot place this entry: the file it is a hard link to "
            "is gone\n");
}

TEST(WalkInitramfs, replaces_an_entry_of_another_type) {
  FakeCpio cpio;
  cpio.file("a", "old").directory("a").directory("b").file("b", "new");
  cpio.symlink("c", "a").file("c", "new").file("d", "old").symlink("d", "a");
  EXPECT_EQ(tree_of(cpio), "/a/\n/b 'new'\n/c 'new'\n/d -> a\n");
}

TEST(WalkInitramfs, cannot_replace_a_folder_that_is_not_empty) {
  FakeCpio cpio;
  cpio.directory("a").file("a/x", "old").file("a", "new");
  EXPECT_EQ(tree_of(cpio), "/a/\n/a/x 'old'\n");
  EXPECT_EQ(findings_of(cpio),
            "unplaced-entry /a the kernel cannot place this entry: a folder that is not empty is "
            "in its place\n");
}

TEST(WalkInitramfs, keeps_a_folder_and_takes_its_new_mode) {
  FakeCpio cpio;
  cpio.directory("a").file("a/x", "old").directory("a", 040700);
  const Walked walked = walk(cpio.bytes());
  EXPECT_EQ(walked.tree.find("/a")->mode, 0700U);
  EXPECT_NE(walked.tree.find("/a/x"), nullptr);
}

TEST(WalkInitramfs, follows_symlinked_folders_inside_the_root) {
  FakeCpio cpio;
  cpio.directory("usr").directory("usr/lib").symlink("lib", "usr/lib");
  cpio.symlink("usr/out", "/../../usr/lib").file("lib/a", "a").file("usr/out/b", "b");
  EXPECT_EQ(tree_of(cpio),
            "/lib -> usr/lib\n/usr/\n/usr/lib/\n/usr/lib/a 'a'\n/usr/lib/b 'b'\n"
            "/usr/out -> /../../usr/lib\n");
}

TEST(WalkInitramfs, reports_what_cannot_be_placed) {
  FakeCpio cpio;
  cpio.symlink("l1", "l2").symlink("l2", "l1").file("f", "old");
  cpio.file("l1/x", "a").file("f/x", "a");
  EXPECT_EQ(tree_of(cpio), "/f 'old'\n/l1 -> l2\n/l2 -> l1\n");
  const std::string prefix = " the kernel cannot place this entry: ";
  EXPECT_EQ(findings_of(cpio), "unplaced-entry /l1/x" + prefix + "its folder is a symlink loop\n" +
                                   "unplaced-entry /f/x" + prefix + "its folder is no directory\n");
}

TEST(WalkInitramfs, removes_what_is_in_the_place_of_an_entry_of_no_type) {
  constexpr std::uint32_t no_type = 0170644;
  FakeCpio cpio;
  cpio.file("f", "old").directory("empty").directory("full").file("full/x", "a");
  for (const std::string name : {"f", "empty", "full", "new"})
    cpio.add({.name = name, .mode = no_type});
  EXPECT_EQ(tree_of(cpio), "/full/\n/full/x 'a'\n");
  const std::string prefix = " the kernel cannot place this entry: ";
  const std::string gone = prefix + "a mode that is no type; what had its name is gone\n";
  EXPECT_EQ(findings_of(cpio), "unplaced-entry /f" + gone + "unplaced-entry /empty" + gone +
                                   "unplaced-entry /full" + prefix +
                                   "a folder that is not empty is in its place\n" +
                                   "unplaced-entry /new" + prefix + "a mode that is no type\n");
}

TEST(WalkInitramfs, makes_a_symlink_without_target_that_leads_to_its_folder) {
  FakeCpio cpio;
  cpio.directory("d").file("d/l", "old").symlink("d/l", "").file("d/l/x", "a");
  EXPECT_EQ(tree_of(cpio), "/d/\n/d/l -> \n/d/x 'a'\n");
  EXPECT_EQ(findings_of(cpio), "");
  EXPECT_EQ((*walk(cpio.bytes()).tree.resolve("/d/l/x"))->path, "/d/x");
}

TEST(WalkInitramfs, makes_no_link_to_a_first_name_that_could_not_be_made) {
  FakeCpio cpio;
  cpio.file("f", "old").directory("d").file("d/x", "a");
  // Its folder is no folder; it is a folder that is not empty; it is the root.
  unsigned ino = 7;
  for (const std::string first : {"f/x", "d", "."}) {
    const std::string second = "second" + std::to_string(ino);
    cpio.file(second, "old");
    cpio.add({.name = first, .ino = ino, .nlink = 2});
    cpio.add({.name = second, .body = "new", .ino = ino, .nlink = 2});
    ++ino;
  }
  EXPECT_EQ(tree_of(cpio), "/d/\n/d/x 'a'\n/f 'old'\n");
  const std::string prefix = " the kernel cannot place this entry: ";
  const std::string gone = prefix + "the file it is a hard link to is gone\n";
  EXPECT_EQ(findings_of(cpio), "unplaced-entry /f/x" + prefix + "its folder is no directory\n" +
                                   "unplaced-entry /second7" + gone + "unplaced-entry /d" + prefix +
                                   "a folder that is not empty is in its place\n" +
                                   "unplaced-entry /second8" + gone + "unplaced-entry /" + prefix +
                                   "the root is a folder\n" + "unplaced-entry /second9" + gone);
}

TEST(WalkInitramfs, loses_a_file_whose_first_name_comes_twice) {
  FakeCpio cpio;
  cpio.add({.name = "a", .body = "old", .ino = 7, .nlink = 2});
  cpio.add({.name = "./a", .body = "new", .ino = 7, .nlink = 2});
  EXPECT_EQ(tree_of(cpio), "");
  EXPECT_EQ(findings_of(cpio),
            "unplaced-entry /a the kernel cannot place this entry: the file it is a hard link to "
            "is gone\n");
}

TEST(WalkInitramfs, reports_a_further_name_of_a_file_whose_first_has_no_folder) {
  FakeCpio cpio;
  cpio.add({.name = "no/x", .ino = 7, .nlink = 3});
  cpio.add({.name = "y", .ino = 7, .nlink = 3});
  cpio.add({.name = "no/z", .body = "a", .ino = 7, .nlink = 3});
  EXPECT_EQ(tree_of(cpio), "/no/\n/no/x 'a'\n/no/z 'a'\n/y 'a'\n");
  const std::string own =
      " no entry made its folder: the kernel passes over this entry, unless an image before this "
      "one has the folder\n";
  EXPECT_EQ(findings_of(cpio),
            "no-folder /no/x" + own +
                "no-folder /y no entry made the folder of its first name, /no/x: the kernel passes "
                "over this entry, unless an image before this one has that folder\n" +
                "no-folder /no/z" + own);
}

TEST(WalkInitramfs, reports_what_stands_below_a_folder_in_a_missing_folder) {
  FakeCpio cpio;
  cpio.directory("no/made").file("no/made/x", "a").directory("no").file("no/y", "b");
  EXPECT_EQ(tree_of(cpio), "/no/\n/no/made/\n/no/made/x 'a'\n/no/y 'b'\n");
  const std::string text =
      " no entry made its folder: the kernel passes over this entry, unless an image before this "
      "one has the folder\n";
  EXPECT_EQ(findings_of(cpio), "no-folder /no/made" + text + "no-folder /no/made/x" + text);
}

TEST(WalkInitramfs, keeps_what_has_no_folder_until_something_takes_the_place) {
  FakeCpio cpio;
  cpio.file("no/where/x", "a");
  EXPECT_EQ(tree_of(cpio), "/no/\n/no/where/\n/no/where/x 'a'\n");
  EXPECT_EQ(findings_of(cpio),
            "no-folder /no/where/x no entry made its folder: the kernel passes over this entry, "
            "unless an image before this one has the folder\n");
  // To the kernel the place is free.
  cpio.file("no", "b");
  EXPECT_EQ(tree_of(cpio), "/no 'b'\n");
}

TEST(WalkInitramfs, reports_skipped_entries_with_their_offset) {
  FakeCpio cpio;
  cpio.file("a", "a").add({.name = "d", .mode = 040755, .body = "x"}).file("b", "b");
  const Walked walked = walk(cpio.bytes());
  ASSERT_EQ(walked.findings.size(), 1U);
  EXPECT_EQ(walked.findings[0].id, "skipped-entry");
  EXPECT_EQ(walked.findings[0].offset, 116U);
  EXPECT_EQ(describe(walked, known), "/a 'a'\n/b 'b'\n");
}

TEST(WalkInitramfs, normalises_absolute_and_dotted_names) {
  FakeCpio cpio;
  cpio.directory(".").directory("./etc").file("/etc//motd", "a").file("./etc/./b", "b");
  EXPECT_EQ(tree_of(cpio), "/etc/\n/etc/b 'b'\n/etc/motd 'a'\n");
}

TEST(WalkInitramfs, keeps_odd_names_byte_by_byte) {
  FakeCpio cpio;
  cpio.file("new\nline", "a").file("bad\xff\xfe", "b").file("with space", "a");
  EXPECT_EQ(tree_of(cpio), "/bad\xff\xfe 'b'\n/new\nline 'a'\n/with space 'a'\n");
}

TEST(WalkInitramfs, refuses_dot_dot) {
  FakeCpio cpio;
  cpio.file("a", "a").file("usr/../../etc/passwd", "b");
  const auto walked = walk_initramfs(cpio.bytes(), {});
  ASSERT_FALSE(walked.has_value());
  EXPECT_EQ(walked.error().code, ErrorCode::malformed);
  EXPECT_EQ(walked.error().text(),
            "segment 0 (none at 0): name at 116: path 'usr/../../etc/passwd' holds '..'");
}

TEST(WalkInitramfs, does_not_hash_without_algorithms) {
  const auto walked = walk_initramfs(FakeCpio().file("a", "old").bytes(), {});
  ASSERT_TRUE(walked.has_value());
  EXPECT_TRUE(walked->tree.find("/a")->digests.empty());
  EXPECT_EQ(walked->tree.find("/a")->size, 3U);
}

TEST(WalkInitramfs, hashes_large_files_the_same_with_any_number_of_jobs) {
  FakeCpio cpio;
  std::vector<std::string> contents;
  for (unsigned i = 0; i < 60; ++i) {
    contents.push_back(std::string(i * 40'000U, static_cast<char>('a' + i % 26)));
    cpio.file("f" + std::to_string(i), contents.back());
  }
  const Bytes image = compress(Compression::zstd, cpio.bytes());
  const std::vector<HashAlg> algs(all_hash_algs.begin(), all_hash_algs.end());
  for (const unsigned jobs : {1U, 2U, 3U, 9U}) {
    const auto walked = walk_initramfs(image, {.algs = algs, .jobs = jobs});
    ASSERT_TRUE(walked.has_value());
    for (unsigned i = 0; i < contents.size(); ++i) {
      const Entry* entry = walked->tree.find("/f" + std::to_string(i));
      ASSERT_NE(entry, nullptr);
      EXPECT_EQ(entry->digests, hash_all(algs, as_bytes(contents[i]))) << i << " " << jobs;
    }
  }
}

}  // namespace
}  // namespace etalon::image
