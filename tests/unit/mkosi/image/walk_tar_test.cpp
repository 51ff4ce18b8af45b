// SPDX-License-Identifier: Apache-2.0
// What a tar may hold that a folder cannot. Sane archives are made by GNU tar, the others here.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "mkosi/image/compression.hpp"
#include "mkosi/image/tree.hpp"
#include "mkosi/image/walk.hpp"
#include "tests/support/fake_cpio.hpp"
#include "tests/support/temp_folder.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {
namespace {

using test::compress;
using test::concat;
using test::TempFolder;

void run(const std::string& command) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread of a test changes the environment
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
}

WalkOptions with_digests() {
  return {.algs = {HashAlg::sha256, HashAlg::sha384}, .jobs = 2};
}

class Tar : public testing::Test {
 protected:
  // A tar of the folder "t", made by `script` in it.
  std::string make(const std::string& script, const std::string& options = "") {
    run("cd '" + folder_.path() + "' && rm -rf t && mkdir t && cd t && " + script);
    run("cd '" + folder_.path() + "' && tar " + options + " -cf t.tar t");
    return folder_ / "t.tar";
  }

  TempFolder folder_;
};

TEST_F(Tar, takes_the_last_of_several_entries_of_one_path) {
  const std::string tar = make("echo old > a && ln a b");
  run("cd '" + folder_.path() + "' && rm t/a && echo newer > t/a && tar -rf t.tar t/a");
  const auto walked = walk_image(tar, with_digests());
  ASSERT_TRUE(walked.has_value()) << walked.error().text();
  EXPECT_EQ(walked->tree.find("/t/a")->digests, hash_all(with_digests().algs, as_bytes("newer\n")));
  EXPECT_EQ(walked->tree.find("/t/b")->digests, hash_all(with_digests().algs, as_bytes("old\n")));
}

TEST_F(Tar, normalises_absolute_names_and_refuses_dot_dot) {
  const std::string tar = make("echo 1 > a", "-P --transform='s,^t/,/etc/,'");
  EXPECT_NE(walk_image(tar, {})->tree.find("/etc/a"), nullptr);
  const auto refused = walk_image(make("echo 1 > a", "-P --transform='s,^t/,../,'"), {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::malformed);
  EXPECT_EQ(refused.error().text(), tar + ": tar: entry '../a': path '../a' holds '..'");
}

TEST_F(Tar, refuses_a_hard_link_to_nothing) {
  const std::string tar = make("echo 1 > a && ln a b");
  run("cd '" + folder_.path() + "' && tar -cf t.tar t/a t/b && tar --delete -f t.tar t/a");
  const auto refused = walk_image(tar, {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::malformed);
  EXPECT_EQ(refused.error().text(),
            tar + ": tar: entry 't/b': hard link to 't/a', which is no file");
}

TEST_F(Tar, refuses_one_cut_short) {
  const std::string tar = make("head -c 100000 /dev/zero > a");
  ASSERT_EQ(::truncate(tar.c_str(), 60'000), 0);
  const auto refused = walk_image(tar, with_digests());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::truncated);
  EXPECT_EQ(refused.error().text(), tar + ": tar: entry 't/a': Truncated tar archive");
}

TEST_F(Tar, stops_a_bomb_at_the_cap) {
  const std::string tar = make("head -c 50000000 /dev/zero > a", "--zstd");
  WalkOptions options = with_digests();
  options.max_unpacked = 1'000'000;
  const auto refused = walk_image(tar, options);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::limit);
  EXPECT_EQ(refused.error().text(), tar +
                                        ": tar: entry 't/a': unpacks to more than 1000000 bytes; "
                                        "--max-unpacked raises the limit");
  EXPECT_TRUE(walk_image(tar, with_digests()).has_value());
}

TEST_F(Tar, stops_a_sparse_bomb_at_the_cap) {
  const std::string tar = make("truncate -s 1T a", "--sparse");
  const auto refused = walk_image(tar, with_digests());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::limit);
  EXPECT_EQ(refused.error().text(), tar +
                                        ": tar: entry 't/a': unpacks to more than 8589934592 "
                                        "bytes; --max-unpacked raises the limit");
}

// One ustar entry, whatever it says.
struct FakeMember {
  std::string name{};
  char type = '0';
  std::string body{};
  std::string link{};
  unsigned major = 0;
  unsigned minor = 0;
};

std::string octal(std::uint64_t value, int digits) {
  std::string text(static_cast<std::size_t>(digits) + 1, '\0');
  (void)std::snprintf(text.data(), text.size(), "%0*llo", digits,
                      static_cast<unsigned long long>(value));
  return text;
}

Bytes member(const FakeMember& of) {
  std::string block(512, '\0');
  const auto put = [&block](std::size_t at, const std::string& text) {
    block.replace(at, text.size(), text);
  };
  put(0, of.name);
  put(100, octal(0644, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(of.body.size(), 11));
  put(136, octal(0, 11));
  put(148, std::string(8, ' '));
  block[156] = of.type;
  put(157, of.link);
  put(257, std::string("ustar\00000", 8));
  put(329, octal(of.major, 7));
  put(337, octal(of.minor, 7));
  std::uint64_t sum = 0;
  for (const char c : block)
    sum += static_cast<unsigned char>(c);
  put(148, octal(sum, 6));
  block += of.body;
  block.resize((block.size() + 511) / 512 * 512);
  return to_bytes(block);
}

Bytes end_of_archive() {
  return Bytes(1024);
}

Bytes small(const std::string& name) {
  return concat({member({.name = name, .body = "content"}), end_of_archive()});
}

void expect_refusal(ByteView tar, ErrorCode code, std::string_view text) {
  const auto walked = walk_tar(tar, with_digests());
  ASSERT_FALSE(walked.has_value());
  EXPECT_EQ(walked.error().code, code);
  EXPECT_EQ(walked.error().text(), text);
}

TEST(WalkTar, reads_devices) {
  const auto walked = walk_tar(
      concat({member({.name = "null", .type = '3', .major = 1, .minor = 3}),
              member({.name = "disk", .type = '4', .major = 8, .minor = 1}), end_of_archive()}),
      {});
  ASSERT_TRUE(walked.has_value()) << walked.error().text();
  const Entry* null = walked->tree.find("/null");
  const Entry* disk = walked->tree.find("/disk");
  ASSERT_TRUE(null != nullptr && disk != nullptr);
  EXPECT_EQ(null->type, EntryType::character);
  EXPECT_EQ(null->device, (Device{.major = 1, .minor = 3}));
  EXPECT_EQ(disk->type, EntryType::block);
  EXPECT_EQ(disk->device, (Device{.major = 8, .minor = 1}));
}

TEST(WalkTar, refuses_an_entry_through_what_is_no_folder) {
  expect_refusal(concat({member({.name = "l1", .type = '2', .link = "l2"}),
                         member({.name = "l2", .type = '2', .link = "l1"}), small("l1/x")}),
                 ErrorCode::malformed, "tar: entry 'l1/x': its folder is a symlink loop");
  expect_refusal(concat({member({.name = "f"}), small("f/x")}), ErrorCode::malformed,
                 "tar: entry 'f/x': its folder is no directory");
}

TEST(WalkTar, refuses_a_hard_link_that_leaves_the_root) {
  expect_refusal(concat({member({.name = "a"}), member({.name = "b", .type = '1', .link = "../a"}),
                         end_of_archive()}),
                 ErrorCode::malformed, "tar: entry 'b': path '../a' holds '..'");
}

TEST(WalkTar, reads_nuls_behind_the_end) {
  const Bytes tar = concat({small("a"), Bytes(9000)});
  for (const Compression compression : {Compression::none, Compression::zstd, Compression::gzip,
                                        Compression::xz, Compression::bzip2, Compression::lz4}) {
    const auto walked = walk_tar(compress(compression, tar), {});
    ASSERT_TRUE(walked.has_value()) << name(compression) << walked.error().text();
    EXPECT_NE(walked->tree.find("/a"), nullptr);
    // As a disk or a tape pads it.
    EXPECT_TRUE(walk_tar(concat({compress(compression, tar), Bytes(700)}), {}).has_value());
  }
}

TEST(WalkTar, refuses_an_archive_behind_the_end) {
  const std::string text =
      "tar: end of archive at 2048: more data behind it, which tar programs "
      "do not read";
  const Bytes two = concat({small("a"), small("b")});
  ASSERT_EQ(small("a").size(), 2048U);
  expect_refusal(two, ErrorCode::malformed, text);
  expect_refusal(concat({small("a"), Bytes(std::size_t{1} << 20U), as_bytes("x")}),
                 ErrorCode::malformed, text);
  for (const Compression compression :
       {Compression::zstd, Compression::gzip, Compression::xz, Compression::bzip2}) {
    expect_refusal(compress(compression, two), ErrorCode::malformed, text);
    expect_refusal(concat({compress(compression, small("a")), compress(compression, small("b"))}),
                   ErrorCode::malformed, text);
  }
}

TEST(WalkTar, reads_one_archive_in_several_streams) {
  const Bytes tar = small("a");
  const ByteView head = ByteView(tar).first(700);
  const ByteView rest = ByteView(tar).subspan(700);
  const Bytes skippable = to_bytes(std::string_view("\x53\x2a\x4d\x18\x04\0\0\0abcd", 12));
  for (const Compression compression :
       {Compression::zstd, Compression::gzip, Compression::xz, Compression::bzip2}) {
    const Bytes middle = compression == Compression::zstd ? skippable : Bytes();
    const auto walked =
        walk_tar(concat({compress(compression, head), middle, compress(compression, rest), middle}),
                 with_digests());
    ASSERT_TRUE(walked.has_value()) << name(compression) << walked.error().text();
    EXPECT_EQ(walked->tree.find("/a")->digests, hash_all(with_digests().algs, as_bytes("content")));
  }
}

TEST(WalkTar, refuses_other_data_behind_a_stream) {
  const Bytes stream = compress(Compression::gzip, small("a"));
  const std::string at = std::to_string(stream.size());
  expect_refusal(concat({stream, as_bytes("junk")}), ErrorCode::malformed,
                 "tar: magic at " + at + ": data behind the gzip stream");
  expect_refusal(concat({stream, compress(Compression::zstd, small("b"))}), ErrorCode::malformed,
                 "tar: magic at " + at + ": data behind the gzip stream");
}

TEST(WalkTar, refuses_a_stream_cut_short) {
  const Bytes stream = compress(Compression::gzip, small("a"));
  const ByteView cut = ByteView(stream).first(stream.size() - 4);
  expect_refusal(cut, ErrorCode::truncated,
                 "tar: stream at 0: gzip stream at " + std::to_string(cut.size()) +
                     ": the input ends inside the stream");
}

TEST(WalkTar, stops_a_bomb_behind_the_end) {
  const Bytes bomb = compress(Compression::zstd, concat({small("a"), Bytes(50'000'000)}));
  const auto walked = walk_tar(bomb, {.max_unpacked = 1'000'000});
  ASSERT_FALSE(walked.has_value());
  EXPECT_EQ(walked.error().code, ErrorCode::limit);
  EXPECT_EQ(walked.error().text(),
            "tar: unpacks to more than 1000000 bytes; --max-unpacked raises the limit");
}

}  // namespace
}  // namespace etalon::image
