// SPDX-License-Identifier: Apache-2.0
// Against QEMU itself, ETALON_QEMU or the one of the host, and against programs that only pretend
// to be one. With ETALON_ACPI_SHAPES=all every shape is dumped, otherwise four.
#include "tools/pipeline/acpi_dump.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "references/measure/firmware/acpi_tables.hpp"
#include "references/measure/profiles/vmm.hpp"
#include "tests/support/fixtures.hpp"
#include "tests/support/temp_folder.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/folder.hpp"
#include "tools/base/result.hpp"

namespace etalon::pipeline {
namespace {

constexpr std::uint64_t gib = 1ULL << 30U;

std::string environment(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): tests have one thread
  return value == nullptr ? otherwise : value;
}

std::string qemu() {
  return environment("ETALON_QEMU", "/usr/bin/qemu-system-x86_64");
}

AcpiDumpRequest shape(std::uint64_t memory, unsigned vcpus) {
  return {.qemu = qemu(),
          .memory = memory,
          .vcpus = vcpus,
          .machine = {"hpet=off"},
          .devices = {"virtio-rng-pci"}};
}

TEST(AcpiDump, is_what_was_captured_from_the_same_version) {
  if (!is_there(qemu())) GTEST_SKIP() << qemu() << " is not there";
  for (const std::uint64_t memory : {2 * gib, 8 * gib}) {
    const auto dump = dump_acpi(shape(memory, 2));
    ASSERT_TRUE(dump) << dump.error().text();
    std::string folder = "acpi/qemu7.2_smp2_";
    if (dump->version.find(" 10.0.2 ") != std::string::npos)
      folder = "acpi/qemu10.0.2_smp2_";
    else if (dump->version.find(" 7.2.") == std::string::npos)
      GTEST_SKIP() << "nothing captured from " << dump->version;
    folder += memory == 2 * gib ? "2G" : "8G";
    EXPECT_EQ(dump->files.size(), 7U);
    for (const auto& [name, content] : dump->files) {
      const auto captured = test::test_data(folder + "/" + acpi_file_name(name));
      ASSERT_TRUE(captured) << captured.error().text();
      Bytes padded = *captured;
      if (name == "etc/acpi/tables") padded.resize(measure::acpi_tables_size);
      if (name == "etc/table-loader") padded.resize(measure::acpi_loader_size);
      EXPECT_EQ(content, padded) << folder << ": " << name;
    }
  }
}

TEST(AcpiDump, of_one_memory_gives_the_shapes_of_all) {
  if (!is_there(qemu())) GTEST_SKIP() << qemu() << " is not there";
  std::vector<unsigned> vcpus = {1, 16};
  std::vector<std::uint64_t> memories = {gib, 5 * gib};
  if (environment("ETALON_ACPI_SHAPES", "") == "all") {
    vcpus = {1, 2, 3, 4, 8, 16, 32, 64};
    memories = {gib / 2,  gib,      2815 * (gib / 1024), 2816 * (gib / 1024), 4 * gib, 16 * gib,
                64 * gib, 256 * gib};
  }
  std::chrono::nanoseconds derived{};
  for (const unsigned each : vcpus) {
    const auto base = dump_acpi(shape(2 * gib, each));
    ASSERT_TRUE(base) << base.error().text();
    for (const std::uint64_t memory : memories) {
      const auto start = std::chrono::steady_clock::now();
      const auto files = measure::acpi_for_memory(base->files.at("etc/acpi/tables"), memory);
      derived += std::chrono::steady_clock::now() - start;
      ASSERT_TRUE(files) << files.error().text();
      const auto dump = dump_acpi(shape(memory, each));
      ASSERT_TRUE(dump) << dump.error().text();
      EXPECT_EQ(files->tables, dump->files.at("etc/acpi/tables")) << memory << ' ' << each;
      EXPECT_EQ(files->loader, dump->files.at("etc/table-loader")) << memory << ' ' << each;
      EXPECT_EQ(files->rsdp, dump->files.at("etc/acpi/rsdp")) << memory << ' ' << each;
    }
  }
  RecordProperty("shapes", static_cast<int>(vcpus.size() * memories.size()));
  EXPECT_LT(derived, std::chrono::seconds(1));
}

// A shell script in the place of QEMU: it says its version, then does `body` with descriptor 3.
class FakeQemu {
 public:
  explicit FakeQemu(const std::string& body,
                    const std::string& version = "echo QEMU emulator version 10.0.2") {
    std::ofstream(path()) << "#!/bin/sh\nif [ \"$1\" = --version ]; then\n"
                          << version << "\nexit\nfi\n"
                          << body << '\n';
    std::filesystem::permissions(path(), std::filesystem::perms::owner_all);
  }

  std::string path() const { return folder_ / "qemu"; }

  std::string folder() const { return folder_.path(); }

  // The error of a dump, without the program's path in front.
  Error error(std::chrono::milliseconds timeout = std::chrono::seconds(20)) const {
    auto dump = dump_acpi(
        {.qemu = path(), .memory = gib, .vcpus = 1, .assume = assume, .timeout = timeout});
    if (dump) return {};
    EXPECT_EQ(dump.error().file, path());
    Error error = dump.error();
    error.file.clear();
    return error;
  }

  std::string assume{};

 private:
  test::TempFolder folder_;
};

// Answers every command with OK; reads of the DMA request and of its data as given.
std::string answering(const std::string& control, const std::string& data) {
  return "while read -r verb address rest <&3; do\ncase \"$verb $address\" in\n"
         "'read 0x1000') echo 'OK " +
         control + "';;\n'read 0x100000') echo 'OK " + data + "';;\n*) echo OK;;\nesac >&3\ndone";
}

struct Hostile {
  std::string what;
  std::string body;
  ErrorCode code;
  std::string text;
};

TEST(AcpiDump, refuses_what_no_qemu_answers) {
  const std::vector<Hostile> rows = {
      {"dies", "echo first >&2; echo 'no such machine' >&2; exit 1", ErrorCode::io,
       "ended before it answered: no such machine"},
      {"dies silently", "exit 1", ErrorCode::io, "ended before it answered"},
      {"garbage", R"(read -r x <&3; printf 'what\033?\n' >&3; sleep 30)", ErrorCode::malformed,
       R"(answers 'what\x1b?' to 'outl 0xcf8 0x80000064')"},
      {"fails", "read -r x <&3; echo 'FAIL Unknown command' >&3; sleep 30", ErrorCode::malformed,
       "answers 'FAIL Unknown command' to 'outl 0xcf8 0x80000064'"},
      {"endless line", "head -c 100000 /dev/zero | tr '\\0' a >&3; sleep 30", ErrorCode::limit,
       "a line of more than 8256 bytes"},
      {"interrupts", "while echo 'IRQ raise 1' >&3; do :; done", ErrorCode::limit,
       "answers nothing but interrupts"},
      {"no memory", answering("0x", "0x00"), ErrorCode::malformed,
       "answers '0x' where 4 bytes of memory are due"},
      {"no hexadecimal", answering("0x0000000g", "0x00"), ErrorCode::malformed,
       "answers '0x0000000g' where 4 bytes of memory are due"},
      {"error of DMA", answering("0x00000001", "0x00"), ErrorCode::io,
       "fw_cfg: DMA of item 0x19 ends with control 00000001"},
      {"huge directory", answering("0x00000000", "0xffffffff"), ErrorCode::limit,
       "fw_cfg: 4294967295 files, more than 256"},
      {"empty directory", answering("0x00000000", "0x00000000"), ErrorCode::not_found,
       "fw_cfg: no etc/acpi/rsdp"},
  };
  for (const Hostile& row : rows) {
    const Error error = FakeQemu(row.body).error();
    EXPECT_EQ(error.code, row.code) << row.what;
    EXPECT_EQ(error.text(), row.text) << row.what;
  }
}

// A directory of `count` entries that all are etc/e820 of this size.
std::string directory(unsigned count, const std::string& size) {
  std::string entry = size + "00200000" + to_hex(as_bytes("etc/e820"));
  entry.resize(128, '0');
  std::string all = "0000000" + std::to_string(count);
  for (unsigned i = 0; i < count; ++i)
    all += entry;
  return "while read -r verb address length <&3; do\ncase \"$verb $address $length\" in\n"
         "'read 0x1000 '*) echo OK 0x00000000;;\n'read 0x100000 0x4') echo OK 0x" +
         all.substr(0, 8) + ";;\n'read 0x100000 '*) echo OK 0x" + all +
         ";;\n*) echo OK;;\nesac >&3\ndone";
}

TEST(AcpiDump, refuses_files_that_are_large_or_there_twice) {
  const Error large = FakeQemu(directory(1, "00100001")).error();
  EXPECT_EQ(large.code, ErrorCode::limit);
  EXPECT_EQ(large.text(), "fw_cfg: etc/e820 of 1048577 bytes, more than 1 MiB");
  const Error twice = FakeQemu(directory(2, "00000004")).error();
  EXPECT_EQ(twice.code, ErrorCode::malformed);
  EXPECT_EQ(twice.text(), "fw_cfg: a second etc/e820");
}

TEST(AcpiDump, gives_up_and_leaves_no_process) {
  const FakeQemu hanging("sleep 300 & echo $! > \"$(dirname \"$0\")/pid\"; wait");
  const Error error = hanging.error(std::chrono::milliseconds(700));
  EXPECT_EQ(error.code, ErrorCode::limit);
  EXPECT_EQ(error.text(), "does not answer in time");
  std::string pid;
  std::ifstream(hanging.folder() + "/pid") >> pid;
  ASSERT_FALSE(pid.empty());
  // The child's child is killed with it: soon gone, or a zombie until init looks.
  const auto gone = [&] {
    std::ifstream stat("/proc/" + pid + "/stat");
    std::string line;
    return !std::getline(stat, line) || line.find(") Z ") != std::string::npos;
  };
  for (int i = 0; i < 200 && !gone(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  EXPECT_TRUE(gone()) << pid;
}

TEST(AcpiDump, wants_a_known_version) {
  EXPECT_EQ(FakeQemu("", "echo hello").error().text(), "no version of QEMU in 'hello'");
  EXPECT_EQ(FakeQemu("", "head -c 1000 /dev/zero").error().text(), "a line of more than 200 bytes");
  const Error unknown = FakeQemu("", "echo QEMU emulator version 99.1.0").error();
  EXPECT_EQ(unknown.code, ErrorCode::unsupported);
  EXPECT_EQ(unknown.text(),
            "QEMU 99.1: not known what it makes of a trust domain; name a version "
            "with --assume-qemu");
  FakeQemu assumed("exit 1", "echo QEMU emulator version 99.1.0");
  assumed.assume = "10.0";
  EXPECT_EQ(assumed.error().text(), "ended before it answered");
}

TEST(AcpiDump, names_a_program_that_cannot_be_started) {
  const auto dump = dump_acpi({.qemu = "/nonexistent/qemu", .memory = gib});
  ASSERT_FALSE(dump);
  EXPECT_EQ(dump.error().code, ErrorCode::io);
  EXPECT_EQ(dump.error().text(), "/nonexistent/qemu: cannot start: No such file or directory");
}

TEST(AcpiDump, refuses_requests_it_cannot_make) {
  const auto small = dump_acpi({.qemu = "/bin/true", .memory = 1});
  ASSERT_FALSE(small);
  EXPECT_EQ(small.error().code, ErrorCode::usage);
  EXPECT_EQ(small.error().text(), "less than 64 MiB of memory");
  const auto two =
      dump_acpi({.qemu = "/bin/true", .memory = gib, .machine = {"hpet=off,accel=kvm"}});
  ASSERT_FALSE(two);
  EXPECT_EQ(two.error().code, ErrorCode::usage);
  EXPECT_EQ(two.error().text(), "machine option 'hpet=off,accel=kvm': one NAME=VALUE at a time");
}

TEST(AcpiDump, replaces_only_an_acpi_folder) {
  const test::TempFolder folder;
  const std::map<std::string, Bytes> files = {{"etc/acpi/rsdp", to_bytes("x")}};
  ASSERT_TRUE(write_acpi_folder(folder / "a", files));
  ASSERT_TRUE(write_acpi_folder(folder / "a", {{"etc/e820", to_bytes("y")}}));
  EXPECT_FALSE(is_there(folder / "a/etc_acpi_rsdp"));
  EXPECT_TRUE(is_there(folder / "a/etc_e820"));
  std::ofstream(folder / "a/mine") << "mine";
  const auto refused = write_acpi_folder(folder / "a", files);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::io);
  EXPECT_EQ(refused.error().message, "holds mine, which is no file of an ACPI folder");
  EXPECT_TRUE(is_there(folder / "a/mine"));
}

TEST(VmmProfiles, follow_each_other_and_have_sources) {
  EXPECT_FALSE(measure::select_vmm({.major = 7, .minor = 1}));
  for (const measure::VmmProfile& each : measure::vmm_profiles()) {
    EXPECT_LE(each.first, each.last);
    EXPECT_FALSE(each.source.empty()) << each.rule;
    EXPECT_EQ(*measure::select_vmm(each.first), &each);
    EXPECT_EQ(*measure::select_vmm(each.last), &each);
  }
  const auto version = measure::parse_qemu_version("QEMU emulator version 7.2.22 (Debian)");
  ASSERT_TRUE(version);
  EXPECT_EQ(*version, (measure::QemuVersion{.major = 7, .minor = 2}));
  EXPECT_FALSE(measure::parse_qemu_version("version 7"));
  EXPECT_FALSE(measure::parse_qemu_version("version 7."));
}

}  // namespace
}  // namespace etalon::pipeline
