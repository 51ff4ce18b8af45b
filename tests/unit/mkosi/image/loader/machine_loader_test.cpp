// SPDX-License-Identifier: Apache-2.0
// This machine's own loader as oracle: some of its programs are copied into a folder with their
// libraries, and `ld.so --list` inside it, with and without a cache made by ldconfig, must name the
// files that the load map names, in the same order. Libraries built here try DT_RPATH, DT_RUNPATH
// and $ORIGIN on it too. Needs root for chroot(8), a glibc of x86-64, and a compiler for the
// second.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "mkosi/image/elf/elf.hpp"
#include "mkosi/image/loader/load_map.hpp"
#include "mkosi/image/tree.hpp"
#include "mkosi/image/walk.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/mkosi/image/loader/map_text.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"

namespace etalon::loader {
namespace {

namespace fs = std::filesystem;
using test::TempFolder;

constexpr const char* ld_so = "/lib64/ld-linux-x86-64.so.2";
constexpr std::size_t sample_size = 24;

std::string output_of(const std::string& command) {
  std::string text;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), &::pclose);
  std::array<char, 4096> buffer{};
  while (pipe && std::fgets(buffer.data(), buffer.size(), pipe.get()) != nullptr)
    text += buffer.data();
  return text;
}

bool has(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
}

// What stands behind "=>" in the lines of ld.so --list; the loader and the vDSO have no "=>".
std::vector<std::string> listed(const std::string& output) {
  std::vector<std::string> paths;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t arrow = line.find(" => ");
    if (arrow == std::string::npos) continue;
    const std::string rest = line.substr(arrow + 4);
    paths.push_back(rest.substr(0, rest.find(" (")));
  }
  return paths;
}

// Every few of the dynamic programs of /usr/bin, by name.
std::vector<std::string> sample() {
  std::vector<std::string> programs;
  for (const auto& entry : fs::directory_iterator("/usr/bin")) {
    const auto status = entry.symlink_status();
    if (!fs::is_regular_file(status) || fs::file_size(entry.path()) > 4'000'000) continue;
    const auto file = read_file(entry.path().string(), 4'000'000);
    const auto elf = file ? elf::read_elf(*file) : fail(ErrorCode::io, "");
    if (elf && elf->interpreter == ld_so) programs.push_back(entry.path().string());
  }
  std::ranges::sort(programs);
  std::vector<std::string> some;
  for (std::size_t i = 0; i < programs.size() && some.size() < sample_size;
       i += std::max<std::size_t>(1, programs.size() / sample_size))
    some.push_back(programs[i]);
  return some;
}

class MachineLoader : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root for chroot";
    if (!fs::exists(ld_so)) GTEST_SKIP() << "no " << ld_so;
    if (!has("chroot") || !has("ldconfig")) GTEST_SKIP() << "no chroot or no ldconfig";
    root_ = folder_ / "root";
    fs::create_directories(root_ + "/etc");
    for (const std::string name : {"/bin", "/lib", "/lib64"}) {
      if (fs::is_symlink(name)) fs::copy_symlink(name, root_ + name);
    }
    copy(ld_so);
  }

  // A file, and the symlink it was found by when its folder has it as one.
  void copy(const std::string& path) {
    const fs::path real = fs::canonical(path);
    const fs::path found = fs::canonical(fs::path(path).parent_path()) / fs::path(path).filename();
    fs::create_directories(root_ + real.parent_path().string());
    fs::create_directories(root_ + found.parent_path().string());
    fs::copy_file(real, root_ + real.string(), fs::copy_options::skip_existing);
    if (found != real && !fs::exists(fs::symlink_status(root_ + found.string())))
      fs::create_symlink(real, root_ + found.string());
  }

  image::ImageTree walk() const {
    const auto walked = image::walk_directory(root_, {.inspect = true});
    EXPECT_TRUE(walked.has_value()) << walked.error().text();
    return walked ? walked->tree : image::ImageTree();
  }

  // Our answer and the loader's for every program.
  void compare(const std::vector<std::string>& programs) {
    const image::ImageTree tree = walk();
    const LoadMap map = map_of(tree);
    for (const std::string& path : programs) {
      const auto found = tree.resolve(path);
      ASSERT_TRUE(found.has_value()) << found.error().text();
      const auto program = std::ranges::find_if(
          map.programs, [&](const Program& each) { return &tree.entries()[each.file] == *found; });
      ASSERT_NE(program, map.programs.end()) << path;
      std::string ours;
      for (const Library& library : program->libraries)
        ours += tree.entries()[library.file].path + "\n";
      std::string theirs;
      for (const std::string& each :
           listed(output_of("env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot '" + root_ + "' " +
                            ld_so + " --list '" + path + "'"))) {
        const auto entry = tree.resolve(each);
        theirs += entry ? (*entry)->path + "\n" : "not found: " + each + "\n";
      }
      EXPECT_EQ(ours, theirs) << path;
      EXPECT_NE(theirs, "") << path;
    }
  }

  void make_cache() {
    ASSERT_EQ(std::system(("ldconfig -r '" + root_ + "'").c_str()), 0);
    ASSERT_TRUE(fs::exists(root_ + "/etc/ld.so.cache"));
  }

  TempFolder folder_;
  std::string root_;
};

TEST_F(MachineLoader, agrees_about_programs_of_this_machine) {
  const auto programs = sample();
  ASSERT_GE(programs.size(), 10U);
  for (const std::string& program : programs) {
    copy(program);
    for (const std::string& library :
         listed(output_of(std::string("env -i ") + ld_so + " --list '" + program + "'")))
      copy(library);
  }
  compare(programs);
  if (fs::exists("/etc/ld.so.conf")) fs::copy_file("/etc/ld.so.conf", root_ + "/etc/ld.so.conf");
  if (fs::exists("/etc/ld.so.conf.d"))
    fs::copy("/etc/ld.so.conf.d", root_ + "/etc/ld.so.conf.d", fs::copy_options::recursive);
  make_cache();
  compare(programs);
  EXPECT_EQ(findings_of(walk()), "");
}

class BuiltHere : public MachineLoader {
 protected:
  void SetUp() override {
    MachineLoader::SetUp();
    if (IsSkipped()) return;
    if (!has("cc")) GTEST_SKIP() << "no cc";
    for (const std::string& library :
         listed(output_of(std::string("env -i ") + ld_so + " --list /bin/true")))
      copy(library);
  }

  void compile(const std::string& options, const std::string& path) {
    fs::create_directories(fs::path(root_ + path).parent_path());
    const std::string command =
        "echo 'int main(void) { return 0; }' | cc -x c - -x none -Wl,--no-as-needed "
        "-Wl,--allow-shlib-undefined "
        "-o '" +
        root_ + path + "' " + options;
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }

  // libNAME.so in `folder`, which needs libraries that lie in /opt/NEEDED of the root.
  void library(const std::string& name, const std::string& folder, const std::string& options) {
    compile("-shared -Wl,-soname,lib" + name + ".so " + options, folder + "/lib" + name + ".so");
  }

  std::string in(const std::string& folder) const { return "'" + root_ + folder + "'"; }
};

TEST_F(BuiltHere, agrees_about_search_paths) {
  // Three files of each name, so that the path taken shows.
  for (const std::string folder : {"/opt/r", "/opt/u", "/usr/lib"}) {
    library("third", folder, "");
    library("first", folder, "-L" + in(folder) + " -lthird");
    library(
        "rpath", folder,
        "-L" + in(folder) + " -l:libthird.so '-Wl,-rpath,$ORIGIN/../u' -Wl,--disable-new-dtags");
    library("runpath", folder,
            "-L" + in(folder) + " -l:libthird.so '-Wl,-rpath,$ORIGIN' -Wl,--enable-new-dtags");
  }
  const std::string old_tags = " -Wl,--disable-new-dtags";
  const std::string new_tags = " -Wl,--enable-new-dtags";
  const std::string libs = " -L" + in("/opt/r") + " -l:libfirst.so -l:librpath.so -l:librunpath.so";
  const std::vector<std::pair<std::string, std::string>> programs = {
      {"/usr/bin/plain", libs},
      {"/usr/bin/rpath", libs + " -Wl,-rpath,/opt/r" + old_tags},
      {"/usr/bin/runpath", libs + " -Wl,-rpath,/opt/r" + new_tags},
      {"/usr/bin/origin", libs + " '-Wl,-rpath,$ORIGIN/../../opt/u'" + old_tags},
      {"/usr/bin/braces", libs + " '-Wl,-rpath,${ORIGIN}/../../opt/$LIB:/opt/u'" + new_tags},
      {"/usr/bin/direct", " '" + root_ + "/opt/u/libfirst.so'" + old_tags},
      {"/usr/bin/nodeflib",
       libs + " -Wl,-z,nodefaultlib -Wl,-rpath,/opt/r:/lib/x86_64-linux-gnu" + old_tags}};
  library("first", "/opt/lib/x86_64-linux-gnu", "");
  std::vector<std::string> paths;
  for (const auto& [path, options] : programs) {
    compile(options, path);
    paths.push_back(path);
  }
  compare(paths);
  std::ofstream(root_ + "/etc/ld.so.conf") << "/opt/u\n";
  make_cache();
  compare(paths);
}

// The CPU decides; ld.so --help says what it has.
TEST_F(BuiltHere, agrees_about_hwcaps) {
  library("third", "/usr/lib", "");
  library("third", "/usr/lib/glibc-hwcaps/x86-64-v2", "");
  library("third", "/usr/lib/glibc-hwcaps/x86-64-v3", "");
  compile("-L" + in("/usr/lib") + " -l:libthird.so", "/usr/bin/p");
  const std::string help = output_of(std::string(ld_so) + " --help");
  for (const bool cached : {false, true}) {
    if (cached) make_cache();
    std::string expected;
    for (const std::string hwcaps : {"x86-64-v3", "x86-64-v2", ""}) {
      const bool has_it = hwcaps.empty() || help.find(hwcaps + " (supported") != std::string::npos;
      const std::string folder = hwcaps.empty() ? "" : "/glibc-hwcaps/" + hwcaps;
      if (has_it && expected.empty()) expected = "/usr/lib" + folder + "/libthird.so";
    }
    const auto theirs = listed(output_of("env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot '" +
                                         root_ + "' " + ld_so + " --list /usr/bin/p"));
    ASSERT_FALSE(theirs.empty());
    const image::ImageTree tree = walk();
    EXPECT_EQ((*tree.resolve(theirs.front()))->path, expected);
    EXPECT_TRUE(
        libraries_of(tree, "/usr/bin/p")
            .starts_with("libthird.so=/usr/lib/glibc-hwcaps/x86-64-v3/libthird.so[x86-64-v3] "
                         "libthird.so=/usr/lib/glibc-hwcaps/x86-64-v2/libthird.so[x86-64-v2] "
                         "libthird.so=/usr/lib/libthird.so "))
        << libraries_of(tree, "/usr/bin/p");
  }
}

}  // namespace
}  // namespace etalon::loader
