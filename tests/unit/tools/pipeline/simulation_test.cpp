// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/simulation.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "kernel/config/kconfig.hpp"
#include "mkosi/image/walk.hpp"
#include "policy/lang/facts.hpp"
#include "policy/lang/load.hpp"
#include "policy/sim/simulate.hpp"
#include "tests/support/fake_elf.hpp"
#include "tests/support/fake_root.hpp"
#include "tools/base/kernel_version.hpp"
#include "tools/base/result.hpp"
#include "tools/pipeline/image_files.hpp"

namespace etalon::pipeline {
namespace {

using policy::KernelFacts;
using test::FakeRoot;

constexpr KernelVersion v6_12{.version = 6, .patchlevel = 12};

KernelFacts kernel(std::string_view config = {}, KernelVersion version = v6_12) {
  if (config.empty()) return {version, std::nullopt};
  return {version, kconfig::Config::parse(config).value()};
}

FakeRoot root() {
  return FakeRoot()
      .elf("/usr/lib64/ld-linux-x86-64.so.2", {.soname = "ld-linux-x86-64.so.2"})
      .symlink("/lib64", "usr/lib64")
      .elf("/usr/lib64/liba.so", test::fake_library("liba.so"), 0644)
      .elf("/usr/bin/p", test::fake_program({"liba.so"}))
      .elf("/usr/bin/dash", test::fake_program({}))
      .file("/usr/bin/s", "#!/usr/bin/dash\n")
      .file("/usr/lib/modules/6.12/a.ko",
            "\x7f"
            "ELF",
            0644)
      .file("/usr/lib/modules/6.12/b.ko.xz",
            "\xfd"
            "7zXZ",
            0644)
      .file("/usr/lib/firmware/f", "f", 0644)
      .file("/etc/ima/ima-policy", "measure\n", 0644)
      .file("/etc/a file", "text", 0644);
}

image::Walked walked(const FakeRoot& files, image::Format format = image::Format::initramfs) {
  return {.format = format, .tree = files.tree()};
}

Simulation simulate(std::string_view rules, const KernelFacts& facts = kernel(),
                    const BootFacts& boot = {}, const FakeRoot& files = root(),
                    image::Format format = image::Format::initramfs) {
  return simulate_image(policy::judge_policy(rules, facts), walked(files, format), facts, boot)
      .value();
}

std::string verdict(const Simulation& simulation, std::string_view path) {
  for (const policy::SimulatedFile& file : simulation.files) {
    if (simulation.image.files[file.file].path == path) return std::string(name(file.measured));
  }
  for (const policy::SimulatedFile& place : simulation.places) {
    if (simulation.image.places[place.file].path == path) return std::string(name(place.measured));
  }
  return "absent";
}

const SimulationFinding* find(const Simulation& simulation, std::string_view id) {
  const auto found = std::ranges::find_if(simulation.findings,
                                          [id](const auto& each) { return each.finding.id == id; });
  return found == simulation.findings.end() ? nullptr : &*found;
}

TEST(ImageFiles, says_what_each_file_is) {
  const Simulation simulation = simulate("measure func=BPRM_CHECK\n");
  std::string text;
  for (const policy::FileFacts& file : simulation.image.files)
    text += std::string(name(file.kind)) + " " + file.path + "\n";
  EXPECT_EQ(text,
            "data /etc/a_file\n"
            "policy /etc/ima/ima-policy\n"
            "program /usr/bin/dash\n"
            "program /usr/bin/p\n"
            "script /usr/bin/s\n"
            "firmware /usr/lib/firmware/f\n"
            "module /usr/lib/modules/6.12/a.ko\n"
            "packed-module /usr/lib/modules/6.12/b.ko.xz\n"
            "loader /usr/lib64/ld-linux-x86-64.so.2\n"
            "library /usr/lib64/liba.so\n");
}

TEST(Simulation, walks_the_hooks_of_each_kind) {
  const Simulation exec = simulate("measure func=BPRM_CHECK\n");
  EXPECT_EQ(verdict(exec, "/usr/bin/p"), "yes");
  EXPECT_EQ(verdict(exec, "/usr/bin/s"), "yes");
  EXPECT_EQ(verdict(exec, "/usr/lib64/liba.so"), "no");
  EXPECT_EQ(verdict(exec, "/run/*"), "yes");
  const Simulation mapped = simulate("measure func=MMAP_CHECK\n");
  EXPECT_EQ(verdict(mapped, "/usr/lib64/liba.so"), "yes");
  EXPECT_EQ(verdict(mapped, "/usr/bin/s"), "no");
  const Simulation read = simulate(
      "measure func=MODULE_CHECK\nmeasure func=FIRMWARE_CHECK\nmeasure func=POLICY_CHECK\n",
      kernel("CONFIG_TMPFS=y\nCONFIG_MODULE_DECOMPRESS=y\n"));
  EXPECT_EQ(verdict(read, "/usr/lib/modules/6.12/a.ko"), "yes");
  EXPECT_EQ(verdict(read, "/usr/lib/modules/6.12/b.ko.xz"), "yes");
  EXPECT_EQ(verdict(read, "/usr/lib/firmware/f"), "yes");
  EXPECT_EQ(verdict(read, "/etc/ima/ima-policy"), "yes");
  EXPECT_EQ(verdict(read, "/usr/bin/p"), "no");
}

TEST(Simulation, counts_files_by_kind) {
  const Simulation simulation = simulate("measure func=BPRM_CHECK uid=7\n");
  EXPECT_EQ(simulation.by_kind.at("program").conditional, 2U);
  EXPECT_EQ(simulation.by_kind.at("library").no, 1U);
  EXPECT_TRUE(simulation.by_package.empty());
}

TEST(Simulation, counts_files_by_package) {
  const Simulation simulation =
      simulate("measure func=BPRM_CHECK\n", kernel(), {},
               root().file("/var/lib/dpkg/info/a:amd64.list",
                           "/.\n/usr\n/usr/bin\n/usr/bin/p\n/lib64/liba.so\n", 0644));
  EXPECT_EQ(simulation.by_package.at("a:amd64").yes, 1U);
  EXPECT_EQ(simulation.by_package.at("a:amd64").no, 1U);  // named before /lib64 was merged
  EXPECT_EQ(simulation.by_package.at("").yes, 3U);
}

// Whether the initramfs is excluded by the magic of a tmpfs.
bool is_tmpfs(std::string_view cmdline, std::string_view config) {
  const Simulation simulation =
      simulate("dont_measure fsmagic=0x01021994\nmeasure func=BPRM_CHECK\n", kernel(config),
               {.cmdline = std::string(cmdline)});
  return verdict(simulation, "/usr/bin/p") == "no";
}

TEST(Simulation, knows_what_an_initramfs_becomes) {
  constexpr std::string_view with = "CONFIG_TMPFS=y\n";
  EXPECT_TRUE(is_tmpfs("", with));
  EXPECT_TRUE(is_tmpfs("quiet", ""));
  EXPECT_FALSE(is_tmpfs("", "# CONFIG_TMPFS is not set\n"));
  EXPECT_FALSE(is_tmpfs("root=/dev/vda", with));
  EXPECT_FALSE(is_tmpfs("rootfstype=ramfs", with));
  EXPECT_TRUE(is_tmpfs("rootfstype=tmpfs root=/dev/vda", with));
  EXPECT_TRUE(is_tmpfs("-- root=/dev/vda", with));
}

TEST(Simulation, knows_the_name_of_a_root) {
  EXPECT_EQ(
      verdict(simulate("dont_measure fsname=rootfs\nmeasure func=BPRM_CHECK\n"), "/usr/bin/p"),
      "no");
  const auto folder = [](std::optional<std::string> type) {
    return verdict(simulate("dont_measure fsname=ext4\nmeasure func=BPRM_CHECK\n", kernel(),
                            {.root_type = std::move(type)}, root(), image::Format::directory),
                   "/usr/bin/p");
  };
  EXPECT_EQ(folder("ext4"), "no");
  EXPECT_EQ(folder("erofs"), "yes");
  EXPECT_EQ(folder(std::nullopt), "unknown");
}

TEST(Simulation, takes_owners_of_a_folder_as_not_known) {
  constexpr std::string_view rules = "measure func=BPRM_CHECK fowner=0\n";
  EXPECT_EQ(verdict(simulate(rules), "/usr/bin/p"), "yes");
  EXPECT_EQ(verdict(simulate(rules, kernel(), {}, root(), image::Format::directory), "/usr/bin/p"),
            "conditional");
}

TEST(Simulation, puts_files_below_a_mount_on_its_file_system) {
  const Simulation simulation =
      simulate("dont_measure fsname=squashfs\nmeasure func=BPRM_CHECK\n", kernel(),
               {.mounts = {{.folder = "/usr", .type = "erofs"},
                           {.folder = "/usr/bin", .type = "squashfs"},
                           {.folder = "/run", .type = "squashfs"}}});
  EXPECT_EQ(verdict(simulation, "/usr/bin/p"), "no");
  EXPECT_EQ(verdict(simulation, "/usr/lib64/ld-linux-x86-64.so.2"), "yes");
  EXPECT_EQ(verdict(simulation, "/run/*"), "no");
  EXPECT_EQ(verdict(simulation, "/tmp/*"), "yes");
}

TEST(Simulation, refuses_a_root_type_for_an_initramfs) {
  const KernelFacts facts = kernel();
  const auto made = simulate_image(policy::judge_policy("measure\n", facts), walked(root()), facts,
                                   {.root_type = "ext4"});
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, ErrorCode::usage);
  EXPECT_EQ(made.error().text(), "--root: the root of an initramfs is a rootfs");
}

TEST(Simulation, refuses_a_mount_that_is_no_folder) {
  const KernelFacts facts = kernel();
  for (const char* folder : {"usr", "/usr/"}) {
    const auto made = simulate_image(policy::judge_policy("measure\n", facts), walked(root()),
                                     facts, {.mounts = {{.folder = folder, .type = "ext4"}}});
    ASSERT_FALSE(made.has_value());
    EXPECT_EQ(made.error().code, ErrorCode::usage);
    EXPECT_EQ(made.error().text(),
              std::string("--mount: '") + folder + "' is no absolute path without a final slash");
  }
}

TEST(Simulation, bounds_the_list) {
  const Simulation none = simulate("dont_measure\n");
  EXPECT_EQ(none.bound.entries, 1U);
  const Simulation exec = simulate("measure func=BPRM_CHECK\n");
  EXPECT_EQ(exec.bound.entries, 5U);  // two programs, a script, the loader
}

TEST(SimulationFindings, names_rules_that_decide_about_nothing) {
  const Simulation simulation = simulate(
      "dont_measure fsmagic=0x9fa0\n"
      "measure func=BPRM_CHECK\n"
      "measure func=BPRM_CHECK uid=0\n"
      "measure func=KEXEC_CMDLINE\n"
      "dont_measure func=FIRMWARE_CHECK fowner=3\n");
  std::vector<std::size_t> lines;
  for (const SimulationFinding& each : simulation.findings) {
    if (each.finding.id == "never-matches") lines.push_back(each.finding.line.value());
  }
  EXPECT_EQ(lines, (std::vector<std::size_t>{3, 5}));
}

TEST(SimulationFindings, names_interpreters_that_read_unseen) {
  const Simulation blind = simulate("measure func=BPRM_CHECK\n");
  ASSERT_NE(find(blind, "blind-script"), nullptr);
  EXPECT_EQ(find(blind, "blind-script")->files, std::vector<std::string>{"/usr/bin/dash"});
  EXPECT_EQ(find(simulate("measure func=BPRM_CHECK\nmeasure func=FILE_CHECK\n"), "blind-script"),
            nullptr);
}

TEST(SimulationFindings, names_loaders_that_map_programs) {
  const Simulation blind = simulate("measure func=BPRM_CHECK\n");
  ASSERT_NE(find(blind, "blind-loader"), nullptr);
  EXPECT_EQ(find(blind, "blind-loader")->files,
            std::vector<std::string>{"/usr/lib64/ld-linux-x86-64.so.2"});
  EXPECT_EQ(find(simulate("measure func=MMAP_CHECK\n"), "blind-loader"), nullptr);
}

TEST(SimulationFindings, names_programs_in_memory) {
  EXPECT_EQ(find(simulate("measure func=BPRM_CHECK\n"), "blind-memfd"), nullptr);
  EXPECT_NE(find(simulate("dont_measure fsname=tmpfs\nmeasure func=BPRM_CHECK\n"), "blind-memfd"),
            nullptr);
}

TEST(SimulationFindings, names_modules_unpacked_by_modprobe) {
  constexpr std::string_view rules = "measure func=MODULE_CHECK\n";
  const Simulation blind = simulate(rules);
  ASSERT_NE(find(blind, "blind-module"), nullptr);
  EXPECT_EQ(find(blind, "blind-module")->files,
            std::vector<std::string>{"/usr/lib/modules/6.12/b.ko.xz"});
  EXPECT_EQ(verdict(blind, "/usr/lib/modules/6.12/b.ko.xz"), "no");
  EXPECT_EQ(find(simulate(rules, kernel("CONFIG_MODULE_DECOMPRESS=y\n")), "blind-module"), nullptr);
}

TEST(SimulationFindings, names_who_makes_namespaces) {
  const Simulation blind = simulate("measure func=BPRM_CHECK\n", kernel(), {},
                                    root().elf("/usr/bin/runc", test::fake_program({})));
  ASSERT_NE(find(blind, "blind-namespace"), nullptr);
  EXPECT_EQ(find(blind, "blind-namespace")->files, std::vector<std::string>{"/usr/bin/runc"});
  EXPECT_EQ(find(simulate("measure func=BPRM_CHECK\n"), "blind-namespace"), nullptr);
}

TEST(SimulationFindings, names_rules_whose_acceptance_is_open) {
  const Simulation simulation = simulate("measure func=KEY_CHECK\nmeasure func=BPRM_CHECK\n");
  ASSERT_NE(find(simulation, "open-rule"), nullptr);
  EXPECT_EQ(find(simulation, "open-rule")->finding.line, 1U);
}

TEST(SimulationFindings, names_no_more_files_than_a_person_reads) {
  FakeRoot files = root();
  for (std::size_t i = 0; i < max_named + 5; ++i)
    files.elf("/opt/python3." + std::to_string(i), test::fake_program({}));
  const Simulation simulation = simulate("measure func=BPRM_CHECK\n", kernel(), {}, files);
  EXPECT_EQ(find(simulation, "blind-script")->files.size(), max_named);
  EXPECT_EQ(find(simulation, "blind-script")->more, 6U);
}

TEST(HooksJson, joins_accesses_with_the_same_answer) {
  const Simulation simulation =
      simulate("dont_measure func=BPRM_CHECK uid=0\nmeasure func=BPRM_CHECK pcr=11\n");
  const policy::FileFacts& first = simulation.image.files.front();
  EXPECT_EQ(first.path, "/etc/a_file");
  EXPECT_EQ(hooks_json(simulation.files.front(), simulation.defaults).canonical(),
            R"([{"access":["MAY_READ","MAY_WRITE","MAY_WRITE|MAY_READ","MAY_WRITE|MAY_APPEND",)"
            R"("MAY_WRITE|MAY_READ|MAY_APPEND"],"hook":"FILE_CHECK","line":null,"pcr":null,)"
            R"("template":null,"verdict":"no","when":""}])");
  const auto program =
      std::ranges::find(simulation.image.files, "/usr/bin/p", &policy::FileFacts::path);
  const auto index = static_cast<std::size_t>(program - simulation.image.files.begin());
  const std::string text = hooks_json(simulation.files[index], simulation.defaults).canonical();
  constexpr std::string_view row =
      R"({"access":["MAY_EXEC"],"hook":"BPRM_CHECK","line":2,"pcr":11,"template":"ima-ng",)"
      R"json("verdict":"conditional","when":"not (uid=0)"})json";
  EXPECT_NE(text.find(row), std::string::npos) << text;
}

TEST(ListDefaults, follows_command_line_and_configuration) {
  const policy::ListDefaults bare = list_defaults(kernel(), "");
  EXPECT_EQ(bare.templ, "ima-ng");
  EXPECT_EQ(bare.hash, "");
  EXPECT_EQ(bare.pcr, 10U);
  const KernelFacts configured = kernel(
      "CONFIG_IMA_DEFAULT_TEMPLATE=\"ima-sig\"\nCONFIG_IMA_DEFAULT_HASH=\"sha512\"\n"
      "CONFIG_IMA_MEASURE_PCR_IDX=12\n");
  const policy::ListDefaults built = list_defaults(configured, "ima_hash=sha256");
  EXPECT_EQ(built.templ, "ima-sig");
  EXPECT_EQ(built.hash, "sha256");
  EXPECT_EQ(built.pcr, 12U);
}

}  // namespace
}  // namespace etalon::pipeline
