// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/measure.hpp"

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "mkosi/image/walk.hpp"
#include "references/bundle/bundle.hpp"
#include "references/bundle/manifest.hpp"
#include "references/eventlog/expectation.hpp"
#include "references/eventlog/replay.hpp"
#include "tests/support/fake_cpio.hpp"
#include "tests/support/fake_uki.hpp"
#include "tests/support/fixtures.hpp"
#include "tests/support/temp_folder.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/file.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"
#include "tools/codec/json.hpp"
#include "tools/config/platforms.hpp"
#include "tools/pipeline/os_facts.hpp"
#include "tools/pipeline/uki_image.hpp"

namespace etalon::pipeline {
namespace {

using eventlog::Expectation;

constexpr std::string_view policy = "measure func=BPRM_CHECK\n";

Bytes initrd() {
  test::FakeCpio root;
  root.directory("etc").directory("etc/ima").file("etc/ima/ima-policy", std::string(policy));
  root.directory("usr").directory("usr/bin").symlink("bin", "usr/bin");
  root.file("bin/a b", "one").file("usr/bin/a_b", "two");
  root.trailer();
  return root.bytes();
}

std::string write_uki(const test::TempFolder& folder, std::string_view stub = "257.13") {
  test::FakePe uki = test::fake_uki(stub);
  uki.add(".osrel", "ID=small\nPRETTY_NAME=\"Small OS\"\n");
  uki.add(".cmdline", "console=ttyS0 ima_hash=sha256 ima_template=ima-ng");
  uki.add(".initrd", as_text(initrd()));
  uki.add(".linux", as_text(test::fake_kernel()));
  const std::string path = folder / "small.efi";
  EXPECT_TRUE(write_file_atomic(path, uki.build()).has_value());
  return path;
}

Result<UkiImage> open_small(const std::string& path, unsigned jobs = 1) {
  return open_uki_image(path, {.algs = {HashAlg::sha256}, .jobs = jobs, .inspect = true});
}

std::vector<config::Platform> platforms(std::string_view yaml) {
  auto parsed = config::parse_platforms(yaml, ".");
  EXPECT_TRUE(parsed.has_value()) << parsed.error().text();
  return parsed.value_or(std::vector<config::Platform>{});
}

constexpr std::string_view vtpm =
    "platforms:\n  - id: vm\n    tee: vtpm\n    boot: disk-uki\n    banks: [sha256, sha384]\n";

class Measure : public testing::Test {
 protected:
  Result<Measurement> run(const MeasureInputs& inputs, unsigned jobs = 1) {
    TRY_ASSIGN(const UkiImage image, open_small(write_uki(folder_), jobs));
    return measure(image, inputs);
  }

  static bundle::Manifest manifest(const Measurement& measurement) {
    auto parsed = bundle::parse_payload(measurement.bundle.envelope.payload);
    EXPECT_TRUE(parsed.has_value()) << parsed.error().text();
    return *std::move(parsed);
  }

  test::TempFolder folder_;
};

TEST_F(Measure, describes_the_image_its_root_and_its_registers) {
  const auto done = run({.release = {.name = "small"}, .platforms = platforms(vtpm)});
  ASSERT_TRUE(done.has_value()) << done.error().text();
  const bundle::Manifest made = manifest(*done);
  EXPECT_EQ(made.release.name, "small");
  EXPECT_EQ(made.image.os, "Small OS");
  EXPECT_EQ(made.image.kernel, "6.12.95+deb12-cloud-amd64");
  EXPECT_EQ(made.image.cmdline, "console=ttyS0 ima_hash=sha256 ima_template=ima-ng");
  ASSERT_TRUE(made.ima.has_value());
  EXPECT_EQ(made.ima->hash, "sha256");
  EXPECT_EQ(made.ima->templates, std::vector<std::string>{"ima-ng"});
  ASSERT_EQ(made.subjects.size(), 1U);
  EXPECT_EQ(made.subjects[0].name, "small.efi");
  ASSERT_EQ(made.platforms.size(), 1U);
  EXPECT_EQ(made.platforms[0].eventlog, "eventlogs/vm.json");
}

TEST_F(Measure, states_values_that_its_own_events_replay_to) {
  const auto done = run({.platforms = platforms(vtpm)});
  ASSERT_TRUE(done.has_value()) << done.error().text();
  const auto values = eventlog::replay(done->platforms[0].events);
  ASSERT_TRUE(values.has_value());
  for (const auto reg : {RegisterId::pcr<4>(), RegisterId::pcr<9>(), RegisterId::pcr<11>()}) {
    const Expectation& expectation = done->platforms[0].registers.at(reg);
    ASSERT_EQ(expectation.status, Expectation::Status::exact) << reg.text();
    EXPECT_EQ(expectation.any.front().values, values->at(reg)) << reg.text();
    EXPECT_EQ(expectation.any.front().values.size(), 2U);
  }
  EXPECT_EQ(done->platforms[0].registers.at(RegisterId::pcr<12>()).status,
            Expectation::Status::zero);
}

TEST_F(Measure, lists_files_under_the_paths_ima_records) {
  const auto done = run({.platforms = platforms(vtpm)});
  ASSERT_TRUE(done.has_value()) << done.error().text();
  const auto files = parse_json(as_text(done->bundle.files.at("files.json")));
  ASSERT_TRUE(files.has_value());
  ASSERT_EQ(files->array()->size(), 3U);
  EXPECT_EQ(*json_text((*files->array())[0], "path"), "/etc/ima/ima-policy");
  // The space and the underscore fall together; both records stay, in the order of their paths.
  EXPECT_EQ(*json_text((*files->array())[1], "path"), "/usr/bin/a_b");
  EXPECT_EQ(*json_text((*files->array())[2], "path"), "/usr/bin/a_b");
  EXPECT_EQ(*json_text(*(*files->array())[1].find("digests"), "sha256"),
            sha256(as_bytes("one")).hex());
}

TEST_F(Measure, gives_the_same_bundle_with_any_number_of_jobs) {
  const MeasureInputs inputs{.platforms = platforms(vtpm)};
  const auto one = run(inputs, 1);
  const auto three = run(inputs, 3);
  ASSERT_TRUE(one.has_value() && three.has_value());
  EXPECT_EQ(one->bundle, three->bundle);
}

TEST_F(Measure, takes_the_policy_only_when_it_is_the_images) {
  const auto good = run({.platforms = platforms(vtpm), .policy = to_bytes(policy)});
  ASSERT_TRUE(good.has_value()) << good.error().text();
  EXPECT_EQ(manifest(*good).ima->policy, "policy/ima-policy");
  EXPECT_EQ(as_text(good->bundle.files.at("policy/ima-policy")), policy);
  EXPECT_NE(as_text(good->bundle.files.at("files.json")).find(R"("hooks":)"),
            std::string_view::npos);
  const auto none = run({.platforms = platforms(vtpm)});
  EXPECT_EQ(as_text(none->bundle.files.at("files.json")).find(R"("hooks":)"),
            std::string_view::npos);
  const auto bad = run({.platforms = platforms(vtpm), .policy = to_bytes("measure\n")});
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error().code, ErrorCode::mismatch);
  EXPECT_EQ(bad.error().text(), "the policy given is not the image's /etc/ima/ima-policy");
}

TEST_F(Measure, holds_back_what_rests_on_source_alone_until_it_is_accepted) {
  // The rules of stub 260 were read and never seen at work.
  const std::string path = write_uki(folder_, "260.1");
  const auto image = open_small(path);
  ASSERT_TRUE(image.has_value());
  const auto held = measure(*image, {.platforms = platforms(vtpm)});
  ASSERT_TRUE(held.has_value()) << held.error().text();
  const Expectation& pcr11 = held->platforms[0].registers.at(RegisterId::pcr<11>());
  EXPECT_EQ(pcr11.status, Expectation::Status::unpredictable);
  EXPECT_TRUE(pcr11.reason.starts_with("rests on rules only read in source code: "));
  EXPECT_FALSE(held->notes.empty());
  // No event says that the kernel is not measured and that nothing lies beside the UKI.
  const Expectation& pcr4 = held->platforms[0].registers.at(RegisterId::pcr<4>());
  EXPECT_EQ(pcr4.status, Expectation::Status::unpredictable);
  EXPECT_EQ(pcr4.reason,
            "rests on rules only read in source code: systemd-stub 258..260: the firmware measures "
            "no .linux");
  const Expectation& pcr12 = held->platforms[0].registers.at(RegisterId::pcr<12>());
  EXPECT_EQ(pcr12.status, Expectation::Status::unpredictable);
  EXPECT_EQ(pcr12.reason,
            "rests on rules only read in source code: systemd-stub 258..260: only what lies beside "
            "the UKI");

  const auto predicted = predict_platforms(*image, platforms(vtpm), {});
  ASSERT_TRUE(predicted.has_value());
  MeasureInputs inputs{.platforms = platforms(vtpm)};
  for (const auto& [reg, expectation] : predicted->front().registers) {
    for (std::string& rule : source_rules(predicted->front(), reg)) {
      inputs.accept.push_back(std::move(rule));
    }
  }
  const auto accepted = measure(*image, inputs);
  ASSERT_TRUE(accepted.has_value()) << accepted.error().text();
  EXPECT_EQ(accepted->platforms[0].registers.at(RegisterId::pcr<11>()).status,
            Expectation::Status::exact);
  EXPECT_EQ(accepted->platforms[0].registers.at(RegisterId::pcr<12>()).status,
            Expectation::Status::zero);
  // What is left are the two files whose names IMA cannot tell apart.
  ASSERT_EQ(accepted->notes.size(), 2U);
  EXPECT_TRUE(accepted->notes[0].starts_with("/usr/bin/a_b: ")) << accepted->notes[0];
  EXPECT_TRUE(accepted->notes[1].starts_with("/usr/bin/a b: ")) << accepted->notes[1];
}

std::string write_root(const test::TempFolder& folder, test::FakeCpio& root,
                       std::string_view cmdline = "quiet") {
  root.trailer();
  test::FakePe uki = test::fake_uki();
  uki.add(".cmdline", cmdline).add(".initrd", as_text(root.bytes()));
  uki.add(".linux", as_text(test::fake_kernel()));
  const std::string path = folder / "root.efi";
  EXPECT_TRUE(write_file_atomic(path, uki.build()).has_value());
  return path;
}

TEST_F(Measure, takes_no_loop_of_links_for_an_image_without_a_policy) {
  test::FakeCpio root;
  root.directory("etc").directory("etc/ima").symlink("etc/ima/ima-policy", "ima-policy");
  const auto image = open_small(write_root(folder_, root));
  ASSERT_TRUE(image.has_value()) << image.error().text();
  const auto done = measure(*image, {.platforms = platforms(vtpm), .policy = to_bytes(policy)});
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().code, ErrorCode::malformed);
  EXPECT_EQ(done.error().text(), "'/etc/ima/ima-policy' is a symlink loop");
}

TEST_F(Measure, refuses_a_policy_that_the_kernel_refuses) {
  const std::string bad = "measure func=NONE\n";
  test::FakeCpio root;
  root.directory("etc").directory("etc/ima").file("etc/ima/ima-policy", bad).trailer();
  const auto image = open_small(write_root(folder_, root));
  ASSERT_TRUE(image.has_value()) << image.error().text();
  const auto made = measure(*image, {.platforms = platforms(vtpm), .policy = to_bytes(bad)});
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, ErrorCode::malformed);
  EXPECT_EQ(made.error().text(),
            "IMA policy: line 1: the kernel refuses this rule, and with it the whole policy: "
            "'NONE' is no func");
}

TEST_F(Measure, gives_the_command_line_as_the_kernel_receives_it) {
  test::FakeCpio root;
  const auto image = open_small(write_root(folder_, root, "  a=1\tb \n"));
  ASSERT_TRUE(image.has_value()) << image.error().text();
  EXPECT_EQ(image->cmdline, "a=1 b");
}

TEST_F(Measure, looks_at_the_units_of_the_root_and_their_masks) {
  test::FakeCpio root;
  root.directory("etc").directory("etc/systemd").directory("etc/systemd/system");
  root.symlink("etc/systemd/system/masked.service", "/dev/null");
  root.file("etc/systemd/system/empty.service", "").file("etc/systemd/system/a.service", "[Unit]");
  const auto image = open_small(write_root(folder_, root));
  ASSERT_TRUE(image.has_value()) << image.error().text();
  EXPECT_EQ(image->kind_of("/etc/systemd/system/masked.service"), PathKind::mask);
  EXPECT_EQ(image->kind_of("/etc/systemd/system/empty.service"), PathKind::mask);
  EXPECT_EQ(image->kind_of("/etc/systemd/system/a.service"), PathKind::present);
  EXPECT_EQ(image->kind_of("/etc/systemd/system"), PathKind::none);
  EXPECT_EQ(image->kind_of("/etc/systemd/system/b.service"), PathKind::none);
}

TEST_F(Measure, refuses_to_accept_a_rule_nothing_rests_on) {
  const auto done = run({.platforms = platforms(vtpm), .accept = {"systemd-stub 999"}});
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().code, ErrorCode::usage);
  EXPECT_EQ(done.error().text(),
            "--accept: no value rests on a rule 'systemd-stub 999' only read in source code");
}

TEST_F(Measure, names_the_platform_whose_stub_is_unknown) {
  const auto image = open_small(write_uki(folder_, "999"));
  ASSERT_TRUE(image.has_value());
  const auto done = measure(*image, {.platforms = platforms(vtpm)});
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().code, ErrorCode::unsupported);
  EXPECT_EQ(done.error().text(),
            "small.efi: platform vm: systemd-stub 999 has no rules; --assume-stub takes those of a "
            "version of 252..262");
  const auto assumed =
      measure(*image, {.platforms = platforms(vtpm), .overrides = {.assume_stub = 257}});
  EXPECT_TRUE(assumed.has_value());
}

TEST_F(Measure, refuses_values_of_platforms_yaml_with_their_lines) {
  struct Refusal {
    std::string lines;
    std::string message;
  };

  const auto code = test::test_data("firmware/code.fd");
  ASSERT_TRUE(code.has_value());
  ASSERT_TRUE(write_file_atomic(folder_ / "code.fd", *code).has_value());
  ASSERT_TRUE(write_file_atomic(folder_ / "vars.fd", Bytes(4096)).has_value());
  const std::vector<Refusal> refusals = {
      {"    assume_stub: 300\n", "assume_stub at line 6: there are rules for 252..262 only"},
      {"    boot_loader: {file: boot.efi, assume: 300}\n",
       "assume at line 6: there are rules for 252..262 only"},
      {"    firmware: {file: code.fd, code: vars.fd}\n",
       "firmware at line 6: file holds the code of a split image and code its variables: swap "
       "them"},
  };
  const auto image = open_small(write_uki(folder_));
  ASSERT_TRUE(image.has_value());
  const std::string path = folder_ / "platforms.yaml";
  for (const Refusal& each : refusals) {
    std::string yaml = std::string(vtpm) + each.lines;
    if (each.lines.find("boot_loader") != std::string::npos)
      yaml.replace(yaml.find("disk-uki"), 8, "disk-sd-boot");
    ASSERT_TRUE(write_file_atomic(path, as_bytes(yaml)).has_value());
    const auto document = config::load_platforms(path);
    ASSERT_TRUE(document.has_value()) << document.error().text();
    const auto done = measure(*image, {.platforms = *document});
    ASSERT_FALSE(done.has_value()) << each.message;
    EXPECT_EQ(done.error().code, ErrorCode::malformed);
    EXPECT_EQ(done.error().text(), path + ": platform vm: " + each.message);
  }
}

TEST_F(Measure, names_the_firmware_of_a_platform_and_the_keys_no_rule_uses) {
  ASSERT_TRUE(write_file_atomic(folder_ / "any.fd", to_bytes("firmware")).has_value());
  const std::string yaml = std::string(vtpm) + "    firmware: {file: " + (folder_ / "any.fd") +
                           "}\n    memory: [2G]\n    vcpus: [1]\n"
                           "    vmm: {kind: qemu, version: \"10.2\"}\n";
  const auto done = run({.platforms = platforms(yaml)});
  ASSERT_TRUE(done.has_value()) << done.error().text();
  const bundle::Manifest made = manifest(*done);
  ASSERT_EQ(made.subjects.size(), 2U);
  EXPECT_EQ(made.subjects[1].name, "vm/firmware");
  EXPECT_EQ(made.subjects[1].digest.find(HashAlg::sha256)->hex(),
            sha256(as_bytes("firmware")).hex());
  EXPECT_EQ(made.platforms[0].unpinned.back(),
            "vmm, memory, vcpus: no rule uses what platforms.yaml says of it");
}

TEST_F(Measure, refuses_texts_that_are_not_utf8) {
  struct Refusal {
    std::string section;
    std::string content;
    std::string name;
    std::string message;
  };

  const std::vector<Refusal> refusals = {
      {".osrel", "ID=\xff\n", "a.efi", "the name in .osrel '\\xff' is not UTF-8"},
      {".cmdline", "a=\xff", "a.efi", "the text of .cmdline 'a=\\xff' is not UTF-8"},
      {".x\xff", "x", "a.efi", "section name '.x\\xff' is not UTF-8"},
      {".linux", std::string(as_text(test::fake_kernel("6.12\xff"))), "a.efi",
       "the version in .linux '6.12\\xff' is not UTF-8"},
      {".x", "x", "\xff.efi", "the file name '\\xff.efi' is not UTF-8"},
  };
  for (const Refusal& each : refusals) {
    test::FakePe uki = test::fake_uki();
    uki.add(each.section, each.content);
    const std::string path = folder_ / each.name;
    ASSERT_TRUE(write_file_atomic(path, uki.build()).has_value());
    const auto image = open_small(path);
    ASSERT_FALSE(image.has_value()) << each.message;
    EXPECT_EQ(image.error().code, ErrorCode::malformed);
    EXPECT_EQ(image.error().message, each.message);
  }
}

TEST_F(Measure, refuses_an_image_that_was_changed_after_it_was_opened) {
  const std::string path = write_uki(folder_);
  const auto image = open_small(path);
  ASSERT_TRUE(image.has_value());
  // Another byte at the end, through the same inode, as a build that is still running does.
  std::ofstream(path, std::ios::app) << 'x';
  const auto done = measure(*image, {.platforms = platforms(vtpm)});
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().code, ErrorCode::io);
  EXPECT_EQ(done.error().text(), path + ": the file changed while it was read");
  const auto predicted = predict_platforms(*image, platforms(vtpm), {});
  ASSERT_FALSE(predicted.has_value());
  EXPECT_EQ(predicted.error().text(), done.error().text());
}

TEST_F(Measure, refuses_an_image_that_is_no_uki) {
  const std::string path = folder_ / "root.cpio";
  ASSERT_TRUE(write_file_atomic(path, initrd()).has_value());
  const auto image = open_small(path);
  ASSERT_FALSE(image.has_value());
  EXPECT_EQ(image.error().code, ErrorCode::unsupported);
  EXPECT_EQ(image.error().message,
            "registers are predicted from a UKI; this is another format: initramfs");
}

}  // namespace
}  // namespace etalon::pipeline
