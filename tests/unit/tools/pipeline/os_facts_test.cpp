// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/os_facts.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace etalon::pipeline {
namespace {

using Words = std::vector<std::string>;

TEST(OsRelease, removes_quotes_and_passes_over_the_rest) {
  const auto fields = parse_os_release(
      "# a comment\n\nID=debian\nPRETTY_NAME=\"A \\\"good\\\" one\"\r\nX='lit\\eral'\n  Y = "
      "1\nbad\n"
      "ID=later");
  EXPECT_EQ(fields.at("ID"), "later");
  EXPECT_EQ(fields.at("PRETTY_NAME"), "A \"good\" one");
  EXPECT_EQ(fields.at("X"), "lit\\eral");
  EXPECT_FALSE(fields.contains("bad"));
  EXPECT_EQ(fields.size(), 4U);
}

TEST(Cmdline, splits_at_blanks_outside_quotes_and_stops_at_init_arguments) {
  EXPECT_EQ(split_cmdline("  a=1 \"b c\"=2 d=\"e f\"\tg -- ima_hash=x"),
            (Words{"a=1", "b c=2", "d=e f", "g"}));
  EXPECT_EQ(split_cmdline(""), Words{});
  EXPECT_EQ(split_cmdline("a --"), Words{"a"});
}

TEST(ImaCmdline, takes_the_first_hash_and_every_policy) {
  const auto ima = ima_cmdline(
      "ima_hash=sha1 ima_policy=tcb ima_hash=sha256 ima_policy=critical_data ima_template=ima-ng "
      "ima_hash");
  EXPECT_EQ(ima, (ImaCmdline{.hash = "sha1", .tmplate = "ima-ng", .policy = "tcb|critical_data"}));
  EXPECT_EQ(ima_cmdline("quiet"), ImaCmdline{});
  EXPECT_EQ(
      ima_cmdline("ima_hash=sha384 ima_template_fmt=d-ng|n-ng ima_hash=sha1 ima_template=ima"),
      (ImaCmdline{.hash = "sha384", .tmplate = "d-ng|n-ng"}));
}

using Paths = std::map<std::string_view, PathKind>;

PathKindOf kinds(const Paths& paths) {
  return [&paths](std::string_view path) {
    const auto at = paths.find(path);
    return at == paths.end() ? PathKind::none : at->second;
  };
}

Words phases(const std::set<std::string_view>& present) {
  Paths paths;
  for (const std::string_view path : present)
    paths.emplace(path, PathKind::present);
  return boot_phases(kinds(paths));
}

constexpr std::string_view library = "/usr/lib/x86_64-linux-gnu/libtss2-esys.so.0";
constexpr std::string_view sysinit =
    "/usr/lib/systemd/system/sysinit.target.wants/systemd-pcrphase-sysinit.service";
constexpr std::string_view ready =
    "/usr/lib/systemd/system/sysinit.target.wants/systemd-pcrphase.service";
constexpr std::string_view initrd =
    "/lib/systemd/system/initrd.target.wants/systemd-pcrphase-initrd.service";

TEST(BootPhases, an_initrd_that_is_the_root_says_sysinit_and_ready) {
  EXPECT_EQ(phases({library, sysinit, ready, initrd}), (Words{"", "sysinit", "sysinit:ready"}));
}

TEST(BootPhases, an_initrd_with_its_mark_enters_and_leaves) {
  EXPECT_EQ(phases({library, sysinit, ready, initrd, "/etc/initrd-release"}),
            (Words{"", "enter-initrd", "enter-initrd:leave-initrd"}));
}

TEST(BootPhases, without_units_or_library_nothing_is_said) {
  EXPECT_EQ(phases({library}), Words{""});
  EXPECT_EQ(phases({sysinit, ready}), Words{""});
  EXPECT_EQ(phases({library, "/etc/initrd-release"}), Words{""});
}

TEST(BootPhases, units_enabled_in_etc_count_and_masked_ones_do_not) {
  Paths paths = {{library, PathKind::present},
                 {"/etc/systemd/system/sysinit.target.wants/systemd-pcrphase-sysinit.service",
                  PathKind::present},
                 {ready, PathKind::present},
                 {"/usr/lib/systemd/system/systemd-pcrphase.service", PathKind::present}};
  EXPECT_EQ(boot_phases(kinds(paths)), (Words{"", "sysinit", "sysinit:ready"}));
  paths.emplace("/etc/systemd/system/systemd-pcrphase.service", PathKind::mask);
  EXPECT_EQ(boot_phases(kinds(paths)), (Words{"", "sysinit"}));
  paths.emplace("/etc/systemd/system/sysinit.target.wants/systemd-pcrphase.service",
                PathKind::present);
  EXPECT_EQ(boot_phases(kinds(paths)), (Words{"", "sysinit"}));
  paths["/etc/systemd/system/sysinit.target.wants/systemd-pcrphase-sysinit.service"] =
      PathKind::mask;
  EXPECT_EQ(boot_phases(kinds(paths)), Words{""});
}

TEST(MeasuresMachine, any_of_the_units_and_from_any_folder) {
  const std::vector<std::string_view> units = {
      "/usr/lib/systemd/system/sysinit.target.wants/systemd-pcrmachine.service",
      "/lib/systemd/system/initrd.target.wants/systemd-pcrmachine.service",
      "/etc/systemd/system/local-fs.target.wants/systemd-pcrfs-root.service"};
  for (const std::string_view unit : units) {
    Paths paths = {{unit, PathKind::present}};
    EXPECT_TRUE(measures_machine(kinds(paths))) << unit;
    const std::string own =
        "/etc/systemd/system/" + std::string(unit.substr(unit.find_last_of('/') + 1));
    paths.emplace(own, PathKind::mask);
    EXPECT_FALSE(measures_machine(kinds(paths))) << unit;
  }
  const Paths nothing;
  EXPECT_FALSE(measures_machine(kinds(nothing)));
}

}  // namespace
}  // namespace etalon::pipeline
