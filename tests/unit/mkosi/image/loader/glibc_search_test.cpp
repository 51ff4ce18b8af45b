// SPDX-License-Identifier: Apache-2.0
// The rules of glibc, each by the file that it makes the program take.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <elf.h>
#include <gtest/gtest.h>

#include "tests/support/fake_elf.hpp"
#include "tests/support/fake_root.hpp"
#include "tests/unit/mkosi/image/loader/map_text.hpp"
#include "tools/base/bytes.hpp"

namespace etalon::loader {
namespace {

using test::fake_library;
using test::fake_program;
using test::FakeElf;
using test::FakeLdCache;
using test::FakeRoot;

constexpr std::string_view triplet = "/usr/lib/x86_64-linux-gnu/";

// As Debian has it: everything in /usr, the loader in the multiarch folder.
FakeRoot debian() {
  return FakeRoot()
      .symlink("/lib", "usr/lib")
      .symlink("/lib64", "usr/lib64")
      .symlink("/usr/lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2")
      .elf("/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", {.soname = "ld-linux-x86-64.so.2"});
}

FakeRoot with_program(const FakeElf& program) {
  return debian().elf("/usr/bin/p", program);
}

std::string libraries(const FakeRoot& root) {
  return libraries_of(root.tree(), "/usr/bin/p");
}

FakeElf program(std::vector<std::string> needed, std::string rpath, std::string runpath) {
  FakeElf elf = fake_program(std::move(needed));
  elf.rpath = std::move(rpath);
  elf.runpath = std::move(runpath);
  return elf;
}

TEST(GlibcSearch, looks_in_the_folders_debian_built_in) {
  FakeRoot root = with_program(fake_program({"liba.so", "libb.so", "libc.so"}));
  root.elf("/usr/lib/liba.so", fake_library("liba.so"))
      .elf(std::string(triplet) + "liba.so", fake_library("liba.so"))
      .elf("/usr/lib/libb.so", fake_library("libb.so"))
      .elf("/usr/lib64/libc.so", fake_library("libc.so"));
  EXPECT_EQ(libraries(root), "liba.so=/usr/lib/x86_64-linux-gnu/liba.so libb.so=/usr/lib/libb.so");
  EXPECT_EQ(findings_of(root.tree()),
            "missing-library /usr/bin/p: 'libc.so', needed by '/usr/bin/p', is not found\n");
}

TEST(GlibcSearch, looks_in_lib64_where_the_loader_is_not_debians) {
  FakeRoot root;
  root.symlink("/lib64", "usr/lib64")
      .elf("/usr/lib64/ld-linux-x86-64.so.2", {.soname = "ld-linux-x86-64.so.2"})
      .elf("/usr/bin/p", fake_program({"liba.so"}))
      .elf("/usr/lib64/liba.so", fake_library("liba.so"));
  EXPECT_EQ(libraries(root), "liba.so=/usr/lib64/liba.so");
}

// Breadth first; the loader is there from the start; what is loaded is not searched again.
TEST(GlibcSearch, maps_needs_of_needs_once) {
  FakeRoot root = with_program(fake_program({"liba.so", "libb.so"}));
  root.elf("/usr/lib/liba.so", fake_library("liba.so", {"libc.so", "ld-linux-x86-64.so.2"}))
      .elf("/usr/lib/libb.so", fake_library("libb.so", {"libc.so", "liba.so"}))
      .elf("/usr/lib/libc.so", fake_library("libc.so", {"libb.so"}));
  EXPECT_EQ(libraries(root),
            "liba.so=/usr/lib/liba.so libb.so=/usr/lib/libb.so libc.so=/usr/lib/libc.so");
  EXPECT_EQ(findings_of(root.tree()), "");
}

// By its DT_SONAME, and by the file itself.
TEST(GlibcSearch, knows_a_loaded_library_by_other_names) {
  FakeRoot root = with_program(fake_program({"liba.so", "libreal.so.1", "libhard.so"}));
  root.elf("/usr/lib/liba.so", fake_library("libreal.so.1"))
      .elf("/usr/lib/libreal.so.1", fake_library("libreal.so.1"))
      .link("/usr/lib/libhard.so", "/usr/lib/liba.so");
  EXPECT_EQ(libraries(root), "liba.so=/usr/lib/liba.so");
  EXPECT_EQ(findings_of(root.tree()), "");
}

FakeRoot three_places(const FakeElf& program) {
  FakeRoot root = with_program(program);
  root.elf("/rpath/liba.so", fake_library("liba.so", {"libb.so"}))
      .elf("/runpath/liba.so", fake_library("liba.so", {"libb.so"}))
      .elf("/usr/lib/liba.so", fake_library("liba.so", {"libb.so"}))
      .elf("/rpath/libb.so", fake_library("libb.so"))
      .elf("/runpath/libb.so", fake_library("libb.so"))
      .elf("/usr/lib/libb.so", fake_library("libb.so"));
  return root;
}

TEST(GlibcSearch, inherits_rpath) {
  EXPECT_EQ(libraries(three_places(program({"liba.so"}, "/none:/rpath", ""))),
            "liba.so=/rpath/liba.so libb.so=/rpath/libb.so");
}

TEST(GlibcSearch, takes_runpath_for_own_needs_only) {
  EXPECT_EQ(libraries(three_places(program({"liba.so"}, "", "/runpath"))),
            "liba.so=/runpath/liba.so libb.so=/usr/lib/libb.so");
}

TEST(GlibcSearch, ignores_rpath_beside_runpath) {
  EXPECT_EQ(libraries(three_places(program({"liba.so"}, "/rpath", "/runpath"))),
            "liba.so=/runpath/liba.so libb.so=/usr/lib/libb.so");
}

// A library with DT_RUNPATH inherits nothing either; one without looks at all that brought it.
TEST(GlibcSearch, asks_runpath_of_the_needing_object_about_inheritance) {
  FakeElf with_runpath = fake_library("liba.so", {"libb.so"});
  with_runpath.runpath = "/elsewhere";
  FakeRoot root = with_program(program({"liba.so"}, "/rpath", ""));
  root.elf("/rpath/liba.so", with_runpath)
      .elf("/rpath/libb.so", fake_library("libb.so", {"libc.so"}))
      .elf("/rpath/libc.so", fake_library("libc.so"))
      .elf("/usr/lib/libb.so", fake_library("libb.so", {"libc.so"}))
      .elf("/usr/lib/libc.so", fake_library("libc.so"));
  EXPECT_EQ(libraries(root),
            "liba.so=/rpath/liba.so libb.so=/usr/lib/libb.so libc.so=/rpath/libc.so");
}

TEST(GlibcSearch, replaces_dynamic_string_tokens) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"$ORIGIN/../own", "/usr/own"},
      {"${ORIGIN}/../own", "/usr/own"},
      {"/opt/$LIB", "/opt/lib/x86_64-linux-gnu"},
      {"/opt/${PLATFORM}/x", "/opt/x86_64/x"},
      {"/opt/$LIBS", "/opt/$LIBS"},
      {"/opt/$OTHER$", "/opt/$OTHER$"}};
  for (const auto& [path, folder] : cases) {
    FakeRoot root = with_program(program({"liba.so"}, "", path));
    root.elf(folder + "/liba.so", fake_library("liba.so"));
    EXPECT_EQ(libraries(root), "liba.so=" + folder + "/liba.so") << path;
  }
}

// $ORIGIN of a program is the folder of the file itself, of a library that of the path it was found
// by.
TEST(GlibcSearch, takes_origin_of_a_library_as_it_was_found) {
  FakeElf library = fake_library("liba.so", {"libb.so"});
  library.runpath = "$ORIGIN";
  FakeRoot root = with_program(program({"liba.so"}, "", "$ORIGIN/x"));
  root.symlink("/usr/bin/x/liba.so", "/opt/liba.so")
      .elf("/opt/liba.so", library)
      .elf("/opt/libb.so", fake_library("libb.so"))
      .elf("/usr/bin/x/libb.so", fake_library("libb.so"));
  EXPECT_EQ(libraries(root), "liba.so=/opt/liba.so libb.so=/usr/bin/x/libb.so");
}

TEST(GlibcSearch, takes_a_name_with_a_slash_for_a_path) {
  FakeRoot root = with_program(program({"/opt/liba.so", "$ORIGIN/libb.so", "sub/libc.so"}, "", ""));
  root.elf("/opt/liba.so", fake_library("liba.so"))
      .elf("/usr/bin/libb.so", fake_library("libb.so"));
  EXPECT_EQ(libraries(root), "/opt/liba.so=/opt/liba.so $ORIGIN/libb.so=/usr/bin/libb.so");
  EXPECT_EQ(findings_of(root.tree()),
            "relative-path /usr/bin/p: 'sub/libc.so' in the search for 'sub/libc.so' hangs on the "
            "working directory\n"
            "missing-library /usr/bin/p: 'sub/libc.so', needed by '/usr/bin/p', is not found\n");
}

TEST(GlibcSearch, reports_folders_that_hang_on_the_working_directory) {
  FakeRoot root = with_program(program({"liba.so"}, "", "lib:"));
  root.elf("/usr/lib/liba.so", fake_library("liba.so"));
  EXPECT_EQ(libraries(root), "liba.so=/usr/lib/liba.so");
  EXPECT_EQ(
      findings_of(root.tree()),
      "relative-path /usr/bin/p: './liba.so' in the search for 'liba.so' hangs on the working "
      "directory\n");
}

TEST(GlibcSearch, passes_over_other_machines) {
  FakeElf narrow = fake_library("liba.so");
  narrow.bits = 32;
  narrow.machine = EM_386;
  FakeElf foreign = fake_library("liba.so");
  foreign.machine = EM_AARCH64;
  FakeRoot root = with_program(program({"liba.so"}, "", "/narrow:/foreign:/right"));
  root.elf("/narrow/liba.so", narrow)
      .elf("/foreign/liba.so", foreign)
      .elf("/right/liba.so", fake_library("liba.so"));
  EXPECT_EQ(libraries(root), "liba.so=/right/liba.so");
}

TEST(GlibcSearch, stops_at_what_is_no_shared_object) {
  for (const std::string& bad :
       {std::string("INPUT(libb.so)"), fake_program({}).text(), FakeElf{.type = ET_EXEC}.text()}) {
    FakeRoot root = with_program(program({"liba.so"}, "", "/bad:/right"));
    root.file("/bad/liba.so", bad).elf("/right/liba.so", fake_library("liba.so"));
    EXPECT_EQ(libraries(root), "");
    EXPECT_EQ(
        findings_of(root.tree()),
        "bad-library /usr/bin/p: the search for 'liba.so' ends at '/bad/liba.so', which is no "
        "shared object\n");
  }
}

TEST(GlibcSearch, tries_glibc_hwcaps_first_in_every_folder) {
  FakeRoot root = with_program(program({"liba.so"}, "", "/opt"));
  root.elf("/opt/glibc-hwcaps/x86-64-v2/liba.so", fake_library("liba.so"))
      .elf("/opt/glibc-hwcaps/x86-64-v4/liba.so", fake_library("liba.so", {"libfast.so"}))
      .elf("/usr/lib/glibc-hwcaps/x86-64-v3/liba.so", fake_library("liba.so"))
      .elf("/usr/lib/liba.so", fake_library("liba.so"))
      .elf("/usr/lib/libfast.so", fake_library("libfast.so"));
  EXPECT_EQ(libraries(root),
            "liba.so=/opt/glibc-hwcaps/x86-64-v4/liba.so[x86-64-v4] "
            "liba.so=/opt/glibc-hwcaps/x86-64-v2/liba.so[x86-64-v2] "
            "liba.so=/usr/lib/glibc-hwcaps/x86-64-v3/liba.so[x86-64-v3] "
            "liba.so=/usr/lib/liba.so libfast.so=/usr/lib/libfast.so");
}

std::string cache(const FakeLdCache& fake) {
  return std::string(as_text(fake.build()));
}

TEST(GlibcSearch, asks_the_cache_before_the_folders) {
  FakeRoot root = with_program(fake_program({"liba.so", "libb.so", "libc.so"}));
  root.elf("/opt/liba.so.1", fake_library("liba.so"))
      .elf("/opt/v3/liba.so", fake_library("liba.so"))
      .elf("/usr/lib/liba.so", fake_library("liba.so"))
      .elf("/usr/lib/libb.so", fake_library("libb.so"))
      .elf("/opt/libb.so", fake_library("libb.so"))
      .elf("/usr/lib/libc.so", fake_library("libc.so"))
      .file("/etc/ld.so.cache",
            cache({.libraries = {{.name = "liba.so", .path = "/opt/liba.so.1"},
                                 {.name = "liba.so",
                                  .path = "/opt/v3/liba.so",
                                  .hwcap = std::uint64_t{1} << 62U},
                                 {.name = "libb.so", .path = "/opt/libb.so", .flags = 3},
                                 {.name = "libb.so", .path = "/opt/libb.so", .hwcap = 4},
                                 {.name = "libc.so", .path = "/gone/libc.so"}},
                   .hwcaps = {"x86-64-v3"}}),
            0644);
  EXPECT_EQ(libraries(root),
            "liba.so=/opt/v3/liba.so[x86-64-v3] liba.so=/opt/liba.so.1 "
            "libb.so=/usr/lib/libb.so libc.so=/usr/lib/libc.so");
  EXPECT_EQ(findings_of(root.tree()), "");
}

TEST(GlibcSearch, passes_over_a_bad_cache) {
  FakeRoot root = with_program(fake_program({"liba.so"}));
  root.elf("/usr/lib/liba.so", fake_library("liba.so"))
      .file("/etc/ld.so.cache", cache({.version = "9.9"}), 0644);
  EXPECT_EQ(libraries(root), "liba.so=/usr/lib/liba.so");
  EXPECT_EQ(findings_of(root.tree()),
            "bad-ld-cache /etc/ld.so.cache: glibc passes over this cache: version at 17: version "
            "'9.9'\n");
}

TEST(GlibcSearch, obeys_nodeflib) {
  FakeElf elf = program({"liba.so", "libb.so"}, "", "");
  elf.flags_1 |= DF_1_NODEFLIB;
  FakeRoot root = with_program(elf);
  root.elf("/usr/lib/liba.so", fake_library("liba.so"))
      .elf("/opt/libb.so", fake_library("libb.so"))
      .file("/etc/ld.so.cache",
            cache({.libraries = {{.name = "liba.so", .path = "/usr/lib/liba.so"},
                                 {.name = "libb.so", .path = "/opt/libb.so"}}}),
            0644);
  EXPECT_EQ(libraries(root), "libb.so=/opt/libb.so");
}

}  // namespace
}  // namespace etalon::loader
