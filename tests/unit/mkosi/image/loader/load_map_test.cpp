// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/loader/load_map.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <elf.h>
#include <gtest/gtest.h>

#include "mkosi/image/tree.hpp"
#include "tests/support/fake_elf.hpp"
#include "tests/support/fake_root.hpp"
#include "tests/unit/mkosi/image/loader/map_text.hpp"
#include "tools/base/result.hpp"

namespace etalon::loader {
namespace {

using test::fake_library;
using test::fake_program;
using test::FakeElf;
using test::FakeRoot;

constexpr std::string_view ld_so = "/lib64/ld-linux-x86-64.so.2";

FakeRoot small() {
  return FakeRoot()
      .elf(std::string(ld_so), {.soname = "ld-linux-x86-64.so.2"})
      .elf("/bin/p", fake_program({"liba.so"}))
      .elf("/bin/q", fake_program({"liba.so"}))
      .elf("/lib64/liba.so", fake_library("liba.so"), 0644)
      .elf("/lib64/plugin.so", fake_library("plugin.so"), 0644);
}

Roles roles_of(const image::ImageTree& tree, std::string_view path) {
  const image::Entry* entry = tree.find(path);
  return map_of(tree).roles.at(static_cast<std::size_t>(entry - tree.entries().data()));
}

TEST(LoadMap, gives_every_file_its_roles) {
  const image::ImageTree tree =
      small().file("/bin/s", "#!/bin/t\n").file("/bin/t", "#!/bin/p\n").tree();
  EXPECT_EQ(roles_of(tree, ld_so),
            (Roles{.program = true, .library = true, .elf_interpreter_of = 2}));
  EXPECT_EQ(roles_of(tree, "/lib64/liba.so"), (Roles{.library = true, .needed_by = 2}));
  EXPECT_EQ(roles_of(tree, "/bin/p"), (Roles{.program = true, .script_interpreter_of = 2}));
  EXPECT_EQ(roles_of(tree, "/bin/s"), (Roles{.script = true}));
  EXPECT_EQ(roles_of(tree, "/bin/t"), (Roles{.script = true, .script_interpreter_of = 1}));
  EXPECT_TRUE(roles_of(tree, "/lib64/plugin.so").unneeded_library());
  EXPECT_FALSE(roles_of(tree, "/lib64/liba.so").unneeded_library());
  EXPECT_FALSE(roles_of(tree, ld_so).unneeded_library());
  EXPECT_EQ(findings_of(tree), "");
}

TEST(LoadMap, names_the_file_behind_the_interpreters_symlink) {
  const image::ImageTree tree =
      FakeRoot()
          .symlink("/lib64", "usr/lib64")
          .elf("/usr/lib64/ld-linux-x86-64.so.2", {.soname = "ld-linux-x86-64.so.2"})
          .elf("/bin/p", fake_program({}))
          .tree();
  const LoadMap map = map_of(tree);
  ASSERT_EQ(map.programs.size(), 2U);
  ASSERT_TRUE(map.programs.front().interpreter);
  EXPECT_EQ(tree.entries()[*map.programs.front().interpreter].path,
            "/usr/lib64/ld-linux-x86-64.so.2");
}

TEST(LoadMap, takes_files_that_may_be_executed_for_programs) {
  const image::ImageTree tree = FakeRoot()
                                    .elf("/fixed", {.type = ET_EXEC, .dynamic = false})
                                    .elf("/pie", {.flags_1 = DF_1_PIE})
                                    .elf("/owner", {.type = ET_EXEC}, 0700)
                                    .elf("/data", {.type = ET_EXEC}, 0644)
                                    .elf("/no-entry", {.entry = 0})
                                    .elf("/module.ko", {.type = ET_REL, .phnum = 0})
                                    .file("/text", "text")
                                    .tree();
  std::string programs;
  for (const Program& program : map_of(tree).programs) {
    programs += tree.entries()[program.file].path + " ";
    EXPECT_FALSE(program.interpreter);
    EXPECT_TRUE(program.libraries.empty());
  }
  EXPECT_EQ(programs, "/fixed /owner /pie ");
  EXPECT_EQ(findings_of(tree), "");
}

TEST(LoadMap, reports_interpreters_that_cannot_be_run) {
  FakeElf narrow{.bits = 32, .machine = EM_386};
  const image::ImageTree tree = FakeRoot()
                                    .elf("/a", fake_program({}, "/none"))
                                    .elf("/b", fake_program({}, "/ld-linux-plain"))
                                    .elf("/c", fake_program({}, "/ld-linux-text"))
                                    .elf("/d", fake_program({}, "/ld-linux-narrow"))
                                    .elf("/e", fake_program({}, "ld-linux-relative"))
                                    .elf("/f", fake_program({"liba.so"}, "/own-loader"))
                                    .elf("/ld-linux-plain", {}, 0644)
                                    .file("/ld-linux-text", "text")
                                    .elf("/ld-linux-narrow", narrow)
                                    .elf("/own-loader", {})
                                    .tree();
  EXPECT_EQ(
      findings_of(tree),
      "missing-interpreter /a: its interpreter '/none' is not there\n"
      "missing-interpreter /b: its interpreter '/ld-linux-plain' is no file that may be "
      "executed\n"
      "missing-interpreter /c: its interpreter '/ld-linux-text' is no ELF file\n"
      "missing-interpreter /d: its interpreter '/ld-linux-narrow' is for another machine\n"
      "relative-path /e: its interpreter 'ld-linux-relative' hangs on the working directory\n"
      "unknown-loader /f: how '/own-loader' looks for libraries is not known: none are listed "
      "for the programs that it loads\n");
}

TEST(LoadMap, follows_the_interpreters_of_scripts) {
  FakeRoot root = small();
  root.file("/bin/s", "#!/bin/env p\n")
      .symlink("/bin/env", "p")
      .file("/bin/unused", "#!/bin/p\n", 0644);
  const image::ImageTree tree = root.tree();
  EXPECT_EQ(interpreters_of(tree, "/bin/s"), "/bin/p");
  EXPECT_EQ(interpreters_of(tree, "/bin/unused"), "no script");
}

// Five scripts in a row run, six are ELOOP; seen on Linux 6.18.
TEST(LoadMap, follows_five_scripts_in_a_row) {
  FakeRoot root = small();
  root.file("/s1", "#!/bin/p\n");
  for (const int i : {2, 3, 4, 5, 6})
    root.file("/s" + std::to_string(i), "#!/s" + std::to_string(i - 1) + "\n");
  const image::ImageTree tree = root.tree();
  EXPECT_EQ(interpreters_of(tree, "/s5"), "/s4 /s3 /s2 /s1 /bin/p");
  EXPECT_EQ(interpreters_of(tree, "/s6"), "/s5 /s4 /s3 /s2 /s1");
  EXPECT_EQ(findings_of(tree), "interpreter-loop /s6: more than 5 scripts in a row\n");
}

TEST(LoadMap, ends_a_loop_of_scripts) {
  const image::ImageTree tree =
      small().file("/a", "#!/b\n").file("/b", "#!/a\n").file("/c", "#!/c\n").tree();
  EXPECT_EQ(findings_of(tree),
            "interpreter-loop /a: more than 5 scripts in a row\n"
            "interpreter-loop /b: more than 5 scripts in a row\n"
            "interpreter-loop /c: more than 5 scripts in a row\n");
  EXPECT_EQ(roles_of(tree, "/c").script_interpreter_of, 1U);
}

TEST(LoadMap, reports_scripts_that_cannot_be_run) {
  const image::ImageTree tree = small()
                                    .file("/a", "#!/none\n")
                                    .file("/b", "#!\n")
                                    .file("/c", "#!relative\n")
                                    .file("/d", "#!/text\n")
                                    .file("/e", "#!/lib64\n")
                                    .file("/f", "#!/lib64/liba.so\n")
                                    .file("/text", "text")
                                    .tree();
  EXPECT_EQ(findings_of(tree),
            "missing-interpreter /a: its interpreter '/none' is not there\n"
            "bad-script /b: the kernel does not run it, a shell may: no interpreter behind #!\n"
            "relative-path /c: its interpreter 'relative' hangs on the working directory\n"
            "missing-interpreter /d: its interpreter '/text' is no program\n"
            "missing-interpreter /e: its interpreter '/lib64' is no file that may be executed\n"
            "missing-interpreter /f: its interpreter '/lib64/liba.so' is no file that may be "
            "executed\n");
}

TEST(LoadMap, reports_what_it_cannot_read) {
  FakeElf broken = fake_program({});
  broken.ends_dynamic = false;
  const image::ImageTree tree = FakeRoot()
                                    .elf("/bad", broken)
                                    .elf("/no-program", broken, 0644)
                                    .file("/etc/ld.so.preload", "/lib/x.so\n", 0644)
                                    .tree();
  EXPECT_EQ(findings_of(tree),
            "ld-so-preload /etc/ld.so.preload: glibc maps the libraries of this list into every "
            "program, before all others; they are not looked at\n"
            "bad-elf /bad: cannot be run: PT_DYNAMIC at 261: no DT_NULL ends it\n");
}

TEST(LoadMap, needs_an_inspecting_walk) {
  const image::ImageTree tree({{.path = "/p", .type = image::EntryType::file, .mode = 0755}});
  const auto map = map_loads(tree);
  ASSERT_FALSE(map.has_value());
  EXPECT_EQ(map.error().code, ErrorCode::usage);
  EXPECT_EQ(map.error().text(), "the walk did not inspect the files");
}

// Programs of 64 KiB that look in thousands of folders for thousands of names would take hours.
TEST(LoadMap, stops_at_its_cap) {
  FakeElf elf = fake_program({"liba.so", "libb.so"});
  elf.runpath = "/a:/b:/c";
  const image::ImageTree tree = FakeRoot()
                                    .elf(std::string(ld_so), {.soname = "ld-linux-x86-64.so.2"})
                                    .elf("/bin/slow", elf)
                                    .tree();
  // Each name counts itself, three folders, and two that are built in.
  EXPECT_TRUE(map_loads(tree, 12).has_value());
  const auto map = map_loads(tree, 11);
  ASSERT_FALSE(map.has_value());
  EXPECT_EQ(map.error().code, ErrorCode::limit);
  EXPECT_EQ(map.error().text(), "the libraries of all programs need more than 11 lookups");
  EXPECT_EQ(max_lookups, 10'000'000U);
}

}  // namespace
}  // namespace etalon::loader
