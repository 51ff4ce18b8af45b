// SPDX-License-Identifier: Apache-2.0
#include "tools/config/platforms.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/source_files.hpp"
#include "tests/support/temp_folder.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"

namespace etalon::config {
namespace {

// Two platforms; the lines of a test's own keys follow, from line 11, in the second.
constexpr std::string_view head =
    "platforms:\n"
    "  - id: vm\n"
    "    tee: vtpm\n"
    "    boot: disk-uki\n"
    "    banks: [sha256]\n"
    "  - id: td\n"
    "    tee: tdx\n"
    "    boot: disk-uki\n"
    "    firmware:\n"
    "      file: fw/OVMF.fd\n";

std::string refusal_of(const std::string& yaml) {
  const auto platforms = parse_platforms(yaml, "");
  if (platforms) return "accepted";
  return std::string(name(platforms.error().code)) + ": " + platforms.error().text();
}

// Of the document with more keys in its second platform.
std::string refusal(const std::string& more) {
  return refusal_of(std::string(head) + more);
}

// Of the document with the last occurrence of a passage replaced.
std::string refusal_with(std::string_view from, std::string_view to) {
  std::string yaml(head);
  const auto at = yaml.rfind(from);
  if (at == std::string::npos) return "the passage is not in the document";
  return refusal_of(yaml.replace(at, from.size(), to));
}

TEST(Platforms, reads_the_example_with_every_key) {
  const auto platforms =
      load_platforms(test::source_path("references/schema/platforms.example.yaml"));
  ASSERT_TRUE(platforms.has_value()) << platforms.error().text();
  ASSERT_EQ(platforms->size(), 4U);
  const std::string folder = test::source_path("references/schema/");
  const Platform& vm = (*platforms)[0];
  EXPECT_EQ(vm.id, "ovmf-vtpm");
  EXPECT_EQ(vm.tee, Tee::vtpm);
  EXPECT_EQ(vm.boot, Boot::disk_uki);
  EXPECT_EQ(vm.banks, (std::vector<HashAlg>{HashAlg::sha256, HashAlg::sha384}));
  EXPECT_EQ(vm.disk_gpt, folder + "disk.raw");
  EXPECT_EQ(vm.assume_stub, 257U);
  EXPECT_EQ(vm.phases, (std::vector<std::string>{"enter-initrd", "enter-initrd:leave-initrd"}));
  EXPECT_EQ(vm.conditions, (Conditions{.tcg2 = {}, .secure_boot = false, .random_seed = false}));
  EXPECT_FALSE(vm.firmware.has_value());
  EXPECT_FALSE(vm.vmm.has_value());
  const Platform& td = (*platforms)[1];
  EXPECT_EQ(td.tee, Tee::tdx);
  EXPECT_EQ(td.firmware,
            (Firmware{.file = folder + "OVMF.fd", .code = "", .profile = "auto", .line = 18}));
  ASSERT_TRUE(td.vmm.has_value());
  EXPECT_EQ(td.vmm->kind, "qemu");
  EXPECT_EQ(td.vmm->version, "10.2");
  EXPECT_EQ(td.vmm->acpi.kind, Acpi::Kind::dir);
  EXPECT_EQ(td.vmm->acpi.path, folder + "acpi/");
  EXPECT_EQ(td.memory, (std::vector<Memory>{{"2G", std::uint64_t{2} << 30U},
                                            {"4G", std::uint64_t{4} << 30U}}));
  EXPECT_EQ(td.vcpus, (std::vector<std::uint32_t>{1, 2}));
  EXPECT_TRUE(td.banks.empty());
  EXPECT_EQ(td.conditions.tcg2, false);
  const Platform& split = (*platforms)[2];
  EXPECT_EQ(split.firmware->code, folder + "OVMF_CODE.fd");
  EXPECT_EQ(split.vmm->acpi.kind, Acpi::Kind::digests);
  EXPECT_EQ(split.vmm->acpi.digests.at("etc/acpi/rsdp").hex().substr(0, 8), "00010203");
  EXPECT_GT(split.line, td.line);
  const Platform& menu = (*platforms)[3];
  EXPECT_EQ(menu.boot, Boot::disk_sd_boot);
  EXPECT_EQ(name(menu.boot), "disk-sd-boot");
  ASSERT_TRUE(menu.boot_loader.has_value());
  EXPECT_EQ(menu.boot_loader->file, folder + "systemd-bootx64.efi");
  EXPECT_EQ(menu.boot_loader->conf, folder + "loader.conf");
  EXPECT_EQ(menu.boot_loader->assume, 262U);
  EXPECT_EQ(menu.esp, folder + "esp/");
  EXPECT_EQ(menu.uki_path, "EFI/Linux/demo.efi");
  EXPECT_FALSE(vm.boot_loader.has_value());
}

TEST(Platforms, reads_those_of_the_demo) {
  const auto platforms = load_platforms(test::source_path("mkosi/demo/platforms.yaml"));
  ASSERT_TRUE(platforms.has_value()) << platforms.error().text();
  EXPECT_EQ(platforms->size(), 2U);
}

TEST(Platforms, resolves_paths_against_the_documents_folder) {
  EXPECT_EQ((*parse_platforms(head, ""))[1].firmware->file, "fw/OVMF.fd");
  EXPECT_EQ((*parse_platforms(head, "conf"))[1].firmware->file, "conf/fw/OVMF.fd");
  std::string absolute(head);
  absolute.replace(absolute.find("fw/"), 3, "/fw/");
  EXPECT_EQ((*parse_platforms(absolute, "conf"))[1].firmware->file, "/fw/OVMF.fd");
}

TEST(Platforms, names_the_file_the_platform_the_key_and_the_line) {
  const test::TempFolder folder;
  const std::string path = folder / "platforms.yaml";
  std::string yaml(head);
  yaml.replace(yaml.rfind("disk-uki"), 8, "floppy");
  ASSERT_TRUE(write_file_atomic(path, as_bytes(yaml)).has_value());
  const auto platforms = load_platforms(path);
  ASSERT_FALSE(platforms.has_value());
  EXPECT_EQ(platforms.error().text(), path +
                                          ": platforms[1]: boot at line 8: \"floppy\" is not a "
                                          "boot flow; known: disk-uki, disk-sd-boot");
}

TEST(Platforms, names_a_file_that_is_too_large) {
  const test::TempFolder folder;
  const std::string path = folder / "platforms.yaml";
  ASSERT_TRUE(write_file_atomic(path, Bytes((std::size_t{1} << 18U) + 1)).has_value());
  const auto platforms = load_platforms(path);
  ASSERT_FALSE(platforms.has_value());
  EXPECT_EQ(platforms.error().text(), path + ": larger than 262144 bytes");
}

TEST(Platforms, refuses_other_documents) {
  EXPECT_EQ(refusal_of(""), "malformed: must be a map, not nothing");
  EXPECT_EQ(refusal_of("[1]"), "malformed: line 1: must be a map, not a list");
  EXPECT_EQ(refusal_of("{}"), "not-found: the key platforms is missing");
  EXPECT_EQ(refusal_of("platforms: []"), "malformed: platforms at line 1: is empty");
  EXPECT_EQ(refusal_of("platforms: x"),
            "malformed: platforms at line 1: must be a list, not a value");
  EXPECT_EQ(refusal_of("platforms: [{}]\nversion: 1\n"),
            "malformed: version at line 2: unknown key; known: platforms");
}

TEST(Platforms, refuses_more_platforms_than_the_cap) {
  std::string yaml = "platforms:\n";
  for (int i = 0; i < 65; ++i)
    yaml += "  - {id: p" + std::to_string(i) + ", tee: vtpm, boot: disk-uki, banks: [sha1]}\n";
  EXPECT_EQ(refusal_of(yaml), "limit: platforms at line 2: 65 items, at most 64");
}

TEST(Platforms, refuses_unknown_keys) {
  EXPECT_EQ(refusal("    memroy: [2G]\n").substr(0, 60),
            "malformed: platforms[1]: memroy at line 11: unknown key; kno");
  EXPECT_EQ(refusal("    disk: {mbr: x}\n"),
            "malformed: platforms[1]: mbr at line 11: unknown key; known: gpt, esp, uki_path");
  EXPECT_EQ(refusal("      sha256: x\n"),
            "malformed: platforms[1]: sha256 at line 11: unknown key; known: file, code, profile");
  EXPECT_EQ(refusal("    vmm: {kind: qemu, version: 10, cpu: host}\n"),
            "malformed: platforms[1]: cpu at line 11: unknown key; known: kind, version, acpi");
  EXPECT_EQ(refusal("    conditions: {tpm: true}\n"),
            "malformed: platforms[1]: tpm at line 11: unknown key; known: tcg2, secure_boot, "
            "random_seed");
}

TEST(Platforms, refuses_repeated_keys_and_ids) {
  EXPECT_EQ(refusal("    tee: tdx\n"), "malformed: tee at line 11: the key appears twice");
  EXPECT_EQ(refusal_with("id: td", "id: vm"),
            "malformed: platforms[1]: id at line 6: \"vm\" is that of platforms[0]");
}

TEST(Platforms, refuses_missing_keys) {
  EXPECT_EQ(refusal_with("    boot: disk-uki\n", ""),
            "not-found: platforms[1]: boot at line 6: the key is missing");
  EXPECT_EQ(refusal_with("    tee: tdx\n", ""),
            "not-found: platforms[1]: tee at line 6: the key is missing");
  EXPECT_EQ(refusal_with("    firmware:\n      file: fw/OVMF.fd\n", ""),
            "not-found: platforms[1]: firmware at line 6: the key is missing; MRTD is computed "
            "from it");
  EXPECT_EQ(refusal_with("    banks: [sha256]\n", ""),
            "not-found: platforms[0]: banks at line 2: the key is missing");
  EXPECT_EQ(refusal_with("file: fw/OVMF.fd", "profile: auto"),
            "not-found: platforms[1]: firmware at line 10: the key file is missing");
  EXPECT_EQ(refusal("    vmm: {kind: qemu}\n"),
            "not-found: platforms[1]: vmm at line 11: the key version is missing");
  EXPECT_EQ(refusal("    vmm: {version: \"10.2\"}\n"),
            "not-found: platforms[1]: vmm at line 11: the key kind is missing");
  EXPECT_EQ(refusal("    disk: {}\n"),
            "not-found: platforms[1]: disk at line 11: must have gpt or esp");
}

TEST(Platforms, reads_where_the_files_of_the_esp_are) {
  const auto platforms = parse_platforms(
      std::string(head) + "    disk: {esp: esp, uki_path: EFI/Linux/a.efi}\n", "conf");
  ASSERT_TRUE(platforms.has_value()) << platforms.error().text();
  EXPECT_EQ((*platforms)[1].esp, "conf/esp");
  EXPECT_EQ((*platforms)[1].uki_path, "EFI/Linux/a.efi");
  EXPECT_EQ((*platforms)[1].disk_gpt, "");
  EXPECT_EQ(refusal("    disk: {esp: esp, uki_path: EFI/BOOT/BOOTX64.EFI}\n"), "accepted");
  EXPECT_EQ(
      refusal("    disk: {gpt: a, uki_path: b.efi}\n"),
      "not-found: platforms[1]: uki_path at line 11: says where on the esp, which is missing");
  for (const std::string bad : {"/a.efi", "a//b.efi", "../a.efi", "a/./b.efi", "a/../b.efi", "a"}) {
    EXPECT_EQ(refusal("    disk: {esp: a, uki_path: '" + bad + "'}\n"),
              "malformed: platforms[1]: uki_path at line 11: \"" + printable(bad) +
                  "\" is not a path such as EFI/Linux/demo.efi");
  }
}

TEST(Platforms, asks_for_a_boot_loader_where_there_is_one) {
  EXPECT_EQ(refusal_with("boot: disk-uki", "boot: disk-sd-boot"),
            "not-found: platforms[1]: boot_loader at line 6: the key is missing; boot: "
            "disk-sd-boot measures it");
  EXPECT_EQ(refusal("    boot_loader: {file: a.efi}\n"),
            "malformed: platforms[1]: boot_loader at line 11: only a platform with boot: "
            "disk-sd-boot has one");
  EXPECT_EQ(refusal("    boot_loader: {conf: loader.conf}\n"),
            "not-found: platforms[1]: boot_loader at line 11: the key file is missing");
  EXPECT_EQ(refusal("    boot_loader: {file: a.efi, assume: 251}\n"),
            "malformed: platforms[1]: assume at line 11: \"251\" is not a number from 252 to 999");
  const auto refused_key = refusal("    boot_loader: {file: a.efi, name: b}\n");
  EXPECT_TRUE(refused_key.starts_with("malformed: platforms[1]: ")) << refused_key;
}

TEST(Platforms, refuses_bad_names_and_choices) {
  EXPECT_EQ(refusal_with("id: td", "id: ../td"),
            "malformed: platforms[1]: id at line 6: \"../td\" is not a name: up to 64 of a-z 0-9 "
            ". _ - with a letter or digit first");
  EXPECT_EQ(refusal_with("tee: tdx", "tee: sev"),
            "malformed: platforms[1]: tee at line 7: \"sev\" is not one of tdx, vtpm");
  EXPECT_EQ(refusal_with("boot: disk-uki", "boot: direct-kernel"),
            "unsupported: platforms[1]: boot at line 8: \"direct-kernel\" is not known yet; known: "
            "disk-uki, disk-sd-boot");
  EXPECT_EQ(
      refusal_with("file: fw/OVMF.fd", "file: a.fd\n      profile: ovmf"),
      "unsupported: platforms[1]: profile at line 11: \"ovmf\" is not known yet; known: auto");
  EXPECT_EQ(refusal("    vmm: {kind: bhyve, version: 1}\n"),
            "malformed: platforms[1]: kind at line 11: \"bhyve\" is not a VMM; known: qemu");
  EXPECT_EQ(refusal_with("file: fw/OVMF.fd", "file: \"\""),
            "malformed: platforms[1]: file at line 10: is empty");
  EXPECT_EQ(refusal_with("file: fw/OVMF.fd", "file: \"a\\nb\""),
            "malformed: platforms[1]: file at line 10: \"a\\x0ab\" is not printable ASCII");
  EXPECT_EQ(refusal_with("banks: [sha256]", "banks: [sm3]"),
            "malformed: platforms[0]: banks at line 5: \"sm3\" is not one of sha1, sha256, sha384, "
            "sha512");
}

TEST(Platforms, refuses_bad_lists) {
  EXPECT_EQ(refusal("    memory: []\n"), "malformed: platforms[1]: memory at line 11: is empty");
  EXPECT_EQ(refusal("    memory: 2G\n"),
            "malformed: platforms[1]: memory at line 11: must be a list, not a value");
  EXPECT_EQ(refusal("    vcpus:\n      - 1\n      - 1\n"),
            "malformed: platforms[1]: vcpus at line 13: \"1\" appears twice");
  EXPECT_EQ(refusal("    phases: [a, \"a:\"]\n"),
            "malformed: platforms[1]: phases at line 11: \"a:\" is not a phase path such as "
            "enter-initrd:leave-initrd");
}

TEST(Platforms, refuses_bad_numbers) {
  for (const std::string bad : {"2", "0G", "02G", "2T", "G", "-1G", "2 G", "99999999999G"}) {
    EXPECT_EQ(refusal("    memory: [" + bad + "]\n"),
              "malformed: platforms[1]: memory at line 11: \"" + bad +
                  "\" is not a memory size such as 512M or 2G");
  }
  for (const std::string bad : {"0", "4097", "1.5", "-1", "two"}) {
    EXPECT_EQ(refusal("    vcpus: [" + bad + "]\n"),
              "malformed: platforms[1]: vcpus at line 11: \"" + bad +
                  "\" is not a number from 1 to 4096");
  }
  EXPECT_EQ(refusal("    assume_stub: 251\n"),
            "malformed: platforms[1]: assume_stub at line 11: \"251\" is not a number from 252 to "
            "999");
  EXPECT_EQ(refusal("    vmm: {kind: qemu, version: \"10.\"}\n"),
            "malformed: platforms[1]: version at line 11: \"10.\" is not a version such as "
            "\"10.2\"");
  EXPECT_EQ(refusal("    vmm: {kind: qemu, version: 10.10}\n"),
            "malformed: platforms[1]: version at line 11: \"10.10\" is not in quotes: YAML reads "
            "10.10 as the number 10.1");
}

TEST(Platforms, takes_only_true_and_false_as_conditions) {
  for (const std::string bad : {"yes", "1", "\"true\"", "True"}) {
    const std::string shown = bad.front() == '"' ? "true" : bad;
    EXPECT_EQ(refusal("    conditions: {tcg2: " + bad + "}\n"),
              "malformed: platforms[1]: tcg2 at line 11: \"" + shown + "\" is not true or false");
  }
}

TEST(Platforms, refuses_bad_acpi) {
  const std::string vmm = "    vmm: {kind: qemu, version: 10, acpi: ";
  EXPECT_EQ(refusal(vmm + "pinned}\n").substr(0, 62),
            "malformed: platforms[1]: acpi at line 11: \"pinned\" is not \"unp");
  EXPECT_EQ(refusal(vmm + "{dir: a, qemu: b}}\n"),
            "malformed: platforms[1]: acpi at line 11: must have one of dir, qemu, digests");
  EXPECT_EQ(refusal(vmm + "{digests: {}}}\n"),
            "malformed: platforms[1]: digests at line 11: is empty");
  EXPECT_EQ(refusal(vmm + "{digests: {etc/acpi/rsdp: 00}}}\n"),
            "malformed: platforms[1]: etc/acpi/rsdp at line 11: \"00\" is not a SHA-384 in "
            "hexadecimal");
}

TEST(Platforms, refuses_keys_that_contradict_the_technology) {
  EXPECT_EQ(refusal("    banks: [sha256]\n"),
            "malformed: platforms[1]: banks at line 11: TDX registers are SHA-384; only a vtpm "
            "platform has banks");
  EXPECT_EQ(refusal_with("banks: [sha256]", "banks: [sha256]\n    conditions: {tcg2: false}"),
            "malformed: platforms[0]: conditions at line 6: a vtpm platform offers TCG2");
}

}  // namespace
}  // namespace etalon::config
