// SPDX-License-Identifier: Apache-2.0
// Lists of real boots: every entry decodes and has the digest that is listed, binary and ASCII are
// the same, and every bank gives the PCRs that were read.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernel/ima/list.hpp"
#include "kernel/ima/record.hpp"
#include "kernel/ima/verify.hpp"
#include "tests/support/pcrs.hpp"
#include "tests/support/source_files.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/verdict.hpp"

namespace etalon::ima {
namespace {

constexpr const char* lists = "tests/data/ima-lists/";

struct Boot {
  const char* name;
  std::uint64_t entries;
  std::uint64_t violations;
  std::vector<HashAlg> padded{};  // the banks that this kernel padded
  bool read_at_once = true;       // else the list grew while the PCRs were read
};

// For test names.
void PrintTo(const Boot& boot, std::ostream* out) {
  *out << boot.name;
}

const std::vector<Boot>& boots() {
  static const std::vector<Boot> all = {
      {"6.1-custom", 74, 8, {HashAlg::sha384, HashAlg::sha512}},
      {"6.1-tcb", 14, 0},
      {"6.1-vonly", 7, 0},
      {"6.12-custom", 73, 4},
      {"6.12-notpm", 54, 4},
      {"6.12-verity", 16, 0},
      {"6.12-vonly", 8, 0},
      {"7.2-notpm", 55, 4},
      {"7.2-notpm2", 54, 4},
      {"7.2-ramfs", 53, 4},
      {"7.2-verity", 16, 0},
      {"ovmf2025-6.12-exec", 19, 0},
      {"sd-6.1-exec", 84, 0, {}, false},
      {"sd-6.1-exec2", 84, 0, {}, false},
      {"seabios-6.1-notpm", 19, 0},
      {"uki-6.1-exec", 19, 0, {HashAlg::sha384, HashAlg::sha512}},
      {"uki-6.12-sb", 19, 0},
      {"uki-6.12-stub257-tis", 20, 0},
      {"uki-ima", 29, 0, {}, false},
  };
  return all;
}

class CapturedList : public testing::TestWithParam<Boot> {
 protected:
  static std::string folder() { return lists + std::string(GetParam().name); }

  static bool exists(const std::string& path) {
    return std::filesystem::exists(test::source_path(path));
  }

  // Files of the boot that begin like this.
  static std::vector<std::string> files(const std::string& kind) {
    std::vector<std::string> found;
    for (const auto& each : std::filesystem::directory_iterator(test::source_path(folder()))) {
      if (each.path().filename().string().starts_with(kind)) {
        found.push_back(folder() + "/" + each.path().filename().string());
      }
    }
    std::ranges::sort(found);
    return found;
  }

  static std::optional<PcrValues> pcrs() {
    const std::string beside = folder() + "/pcrs";
    const std::string other = "tests/data/eventlog/" + std::string(GetParam().name) + ".pcrs";
    if (!exists(beside) && !exists(other)) return std::nullopt;
    const Bytes dump = test::source_file(exists(beside) ? beside : other);
    PcrValues values;
    const auto parsed = test::parse_pcrs(as_text(dump));
    EXPECT_TRUE(parsed.has_value());
    for (const auto& [reg, digests] : *parsed)
      values[reg.index()] = digests;
    return values;
  }

  static Report report_of(const std::string& file, Questions questions) {
    ListCheck check(std::move(questions));
    const auto added = check.add(test::source_file(file));
    EXPECT_TRUE(added.has_value()) << file << ": " << added.error().text();
    auto report = check.finish();
    EXPECT_TRUE(report.has_value()) << file << ": " << report.error().text();
    return *std::move(report);
  }

  static std::vector<Bytes> data_of(const std::string& file) {
    ListDecoder decoder;
    std::vector<Bytes> all;
    const auto first = decoder.add(test::source_file(file));
    const auto rest = decoder.finish();
    EXPECT_TRUE(first.has_value() && rest.has_value()) << file;
    for (const Batch* batch : {&*first, &*rest}) {
      for (const Record& record : batch->records)
        all.push_back(to_bytes(record.data));
    }
    return all;
  }

  static std::vector<std::string> all_files() {
    std::vector<std::string> all = files("binary");
    const std::vector<std::string> ascii = files("ascii");
    all.insert(all.end(), ascii.begin(), ascii.end());
    return all;
  }
};

TEST_P(CapturedList, has_the_digests_that_are_listed) {
  ASSERT_GE(files("binary").size(), 1U);
  ASSERT_EQ(files("ascii").size(), files("binary").size());
  for (const std::string& file : all_files()) {
    const Report report = report_of(file, {});
    EXPECT_EQ(report.verdict, Verdict::inconclusive) << file;
    EXPECT_EQ(report.malformed, 0U) << file;
    EXPECT_EQ(report.survey.entries, GetParam().entries) << file;
    EXPECT_EQ(report.survey.violations, GetParam().violations) << file;
    const std::size_t suffix = file.find("_sha");
    const std::string bank = suffix == std::string::npos ? "sha1" : file.substr(suffix + 1);
    EXPECT_EQ(name(report.kind.template_hash), bank) << file;
  }
}

TEST_P(CapturedList, is_the_same_in_binary_and_ascii_and_for_every_bank) {
  const std::vector<Bytes> expected = data_of(files("binary").front());
  for (const std::string& file : all_files())
    EXPECT_TRUE(data_of(file) == expected) << file;
}

TEST_P(CapturedList, gives_the_pcrs) {
  const auto values = pcrs();
  if (!values) {
    ASSERT_NE(std::string(GetParam().name).find("notpm"), std::string::npos);
    return;
  }
  for (const std::string& file : all_files()) {
    if (GetParam().read_at_once) {
      const Report report = report_of(file, {.wanted = *values});
      EXPECT_EQ(report.verdict, Verdict::pass) << file;
      EXPECT_EQ(report.matched_prefix, GetParam().entries) << file;
      for (const auto& [bank, extension] : report.banks) {
        const bool padded = std::ranges::find(GetParam().padded, bank) != GetParam().padded.end();
        EXPECT_EQ(extension == Extension::padded, padded) << file << name(bank);
      }
      continue;
    }
    for (const auto& [bank, value] : values->contains(10) ? values->at(10) : DigestSet()) {
      Questions one;
      one.wanted[10].set(value);
      EXPECT_EQ(report_of(file, one).verdict, Verdict::pass) << file << name(bank);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Boots, CapturedList, testing::ValuesIn(boots()), [](const auto& boot) {
  std::string name = boot.param.name;
  std::ranges::replace_if(
      name, [](char c) { return std::isalnum(c) == 0; }, '_');
  return name;
});

TEST(CapturedLists, are_all_in_the_table) {
  std::size_t folders = 0;
  for (const auto& each : std::filesystem::directory_iterator(test::source_path(lists)))
    folders += each.is_directory() && each.path().filename() != "keys" ? 1 : 0;
  EXPECT_EQ(folders, boots().size());
}

// What else these boots show of a list.
TEST(CapturedLists, tell_names_as_they_are) {
  ListDecoder decoder;
  const Bytes list = test::source_file("tests/data/ima-lists/6.12-custom/ascii");
  const auto first = decoder.add(list);
  const auto rest = decoder.finish();
  ASSERT_TRUE(first.has_value() && rest.has_value());
  std::map<std::string, std::string> digest_types;
  for (const Record& record : rest->records) {
    const auto entry = read_entry(record);
    ASSERT_TRUE(entry.has_value());
    digest_types[std::string(entry->name)] = entry->digest.type;
  }
  EXPECT_TRUE(digest_types.contains("/data/new\nline"));
  EXPECT_TRUE(digest_types.contains("/data/with_two__spaces.txt"));
  EXPECT_TRUE(digest_types.contains("/data/utf8-\xc3\xa9"));
  EXPECT_TRUE(digest_types.contains("memfd:my_memfd"));
  EXPECT_TRUE(digest_types.contains(".builtin_trusted_keys"));
  EXPECT_EQ(digest_types.at("/mnt/ext/lib64/ld-linux-x86-64.so.2"), "verity");
}

}  // namespace
}  // namespace etalon::ima
