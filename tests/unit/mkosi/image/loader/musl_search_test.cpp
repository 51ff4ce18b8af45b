// SPDX-License-Identifier: Apache-2.0
// The rules of musl, each by the file that it makes the program take.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "mkosi/image/loader/search.hpp"
#include "tests/support/fake_elf.hpp"
#include "tests/support/fake_root.hpp"
#include "tests/unit/mkosi/image/loader/map_text.hpp"

namespace etalon::loader {
namespace {

using test::fake_library;
using test::fake_program;
using test::FakeElf;
using test::FakeRoot;

constexpr std::string_view loader = "/lib/ld-musl-x86_64.so.1";

FakeRoot alpine(std::vector<std::string> needed, std::string runpath = "") {
  FakeElf program = fake_program(std::move(needed), std::string(loader));
  program.runpath = std::move(runpath);
  return FakeRoot()
      .elf(std::string(loader), {.soname = "libc.musl-x86_64.so.1"})
      .elf("/usr/bin/p", program);
}

std::string libraries(const FakeRoot& root) {
  return libraries_of(root.tree(), "/usr/bin/p");
}

TEST(MuslSearch, has_the_c_library_in_its_loader) {
  const FakeRoot root = alpine({"libc.so", "libpthread.so.0", "libm.so.6", std::string(loader)});
  EXPECT_EQ(libraries(root), "");
  EXPECT_EQ(findings_of(root.tree()), "");
}

// Alpine links against this name, which is a symlink to the loader.
TEST(MuslSearch, knows_the_loader_by_its_file) {
  FakeRoot root = alpine({"libc.musl-x86_64.so.1"});
  root.symlink("/lib/libc.musl-x86_64.so.1", "ld-musl-x86_64.so.1");
  EXPECT_EQ(libraries(root), "");
  EXPECT_EQ(findings_of(root.tree()), "");
}

TEST(MuslSearch, has_its_own_folders) {
  FakeRoot root = alpine({"liba.so", "libb.so", "libc2.so"});
  root.elf("/usr/local/lib/liba.so", fake_library("liba.so"))
      .elf("/usr/lib/liba.so", fake_library("liba.so"))
      .elf("/usr/lib/libb.so", fake_library("libb.so"))
      .elf("/lib64/libc2.so", fake_library("libc2.so"));
  EXPECT_EQ(libraries(root), "liba.so=/usr/local/lib/liba.so libb.so=/usr/lib/libb.so");
  EXPECT_EQ(findings_of(root.tree()),
            "missing-library /usr/bin/p: 'libc2.so', needed by '/usr/bin/p', is not found\n");
}

TEST(MuslSearch, reads_the_path_file_beside_its_loader) {
  EXPECT_EQ(musl_path_file("/lib/ld-musl-x86_64.so.1"), "/etc/ld-musl-x86_64.path");
  EXPECT_EQ(musl_path_file("/opt/lib/ld-musl-aarch64.so.1"), "/opt/etc/ld-musl-aarch64.path");
  FakeRoot root = alpine({"liba.so"});
  root.elf("/opt/liba.so", fake_library("liba.so"))
      .elf("/lib/liba.so", fake_library("liba.so"))
      .file("/etc/ld-musl-x86_64.path", "/none\n/opt:/lib\n", 0644);
  EXPECT_EQ(libraries(root), "liba.so=/opt/liba.so");
}

TEST(MuslSearch, takes_no_folders_from_a_path_file_that_lists_none) {
  for (const std::string& content : {std::string(), std::string("lib\n")}) {
    FakeRoot root = alpine({"liba.so"});
    root.elf("/lib/liba.so", fake_library("liba.so"))
        .file("/etc/ld-musl-x86_64.path", content, 0644);
    EXPECT_EQ(libraries(root), "");
    EXPECT_EQ(findings_of(root.tree())
                  .starts_with("unknown-content /etc/ld-musl-x86_64.path: not read as a list"),
              !content.empty());
  }
}

// DT_RUNPATH is inherited as DT_RPATH is, and a library has no name but the one it was found by.
TEST(MuslSearch, inherits_every_search_path) {
  FakeRoot root = alpine({"liba.so", "libother.so"}, "$ORIGIN/../own:/opt");
  root.elf("/usr/own/liba.so", fake_library("libother.so", {"libb.so"}))
      .elf("/opt/libb.so", fake_library("libb.so"))
      .elf("/lib/libb.so", fake_library("libb.so"))
      .elf("/lib/libother.so", fake_library("libother.so"));
  EXPECT_EQ(libraries(root),
            "liba.so=/usr/own/liba.so libother.so=/lib/libother.so libb.so=/opt/libb.so");
}

TEST(MuslSearch, leaves_out_a_path_with_other_tokens) {
  FakeRoot root = alpine({"liba.so"}, "/opt:$LIB");
  root.elf("/opt/liba.so", fake_library("liba.so")).elf("/lib/liba.so", fake_library("liba.so"));
  EXPECT_EQ(libraries(root), "liba.so=/lib/liba.so");
}

TEST(MuslSearch, stops_at_the_first_file) {
  FakeRoot root = alpine({"liba.so"}, "/bad");
  root.file("/bad/liba.so", "text").elf("/lib/liba.so", fake_library("liba.so"));
  EXPECT_EQ(libraries(root), "");
  EXPECT_EQ(findings_of(root.tree()),
            "bad-library /usr/bin/p: the search for 'liba.so' ends at '/bad/liba.so', which is no "
            "shared object\n");
}

}  // namespace
}  // namespace etalon::loader
