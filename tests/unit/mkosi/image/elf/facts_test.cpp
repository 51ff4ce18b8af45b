// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/elf/facts.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/fake_elf.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::elf {
namespace {

FactsPtr read(std::string_view file) {
  return read_facts(as_bytes(file));
}

TEST(Facts, have_a_kind_by_the_first_bytes) {
  const auto elf = read(test::fake_library("liba.so").text());
  EXPECT_EQ(elf->kind, FileKind::elf);
  ASSERT_NE(elf->elf(), nullptr);
  EXPECT_EQ(elf->elf()->soname, "liba.so");
  const auto script = read("#!/bin/sh -e\n" + std::string(1000, 'x'));
  EXPECT_EQ(script->kind, FileKind::script);
  EXPECT_EQ(*script->shebang(), (Shebang{.interpreter = "/bin/sh", .argument = "-e"}));
  const auto cache =
      read(as_text(test::FakeLdCache{.libraries = {{.name = "a", .path = "/a"}}}.build()));
  EXPECT_EQ(cache->kind, FileKind::ld_cache);
  EXPECT_EQ(cache->ld_cache()->libraries.size(), 1U);
  const auto list = read("/lib:/usr/lib\n\n/opt/lib \t/x");
  EXPECT_EQ(list->kind, FileKind::path_list);
  EXPECT_EQ(list->path_list()->paths,
            (std::vector<std::string>{"/lib", "/usr/lib", "/opt/lib", "/x"}));
}

TEST(Facts, keeps_a_package_list_as_it_is) {
  const std::string text = "/.\n/usr\n/usr/bin/a b\n";
  const FactsPtr facts = read_facts(as_bytes(text));
  EXPECT_EQ(facts->kind, FileKind::package_list);
  ASSERT_NE(facts->package_list(), nullptr);
  EXPECT_EQ(facts->package_list()->text, text);
  EXPECT_EQ(read_facts(as_bytes("/. \n"))->package_list(), nullptr);
}

TEST(Facts, keeps_no_package_list_beyond_the_cap) {
  Bytes text = to_bytes(std::string_view("/.\n"));
  text.resize(max_package_list_size + 1, std::byte{'/'});
  const FactsPtr facts = read_facts(text);
  EXPECT_EQ(facts->kind, FileKind::package_list);
  EXPECT_TRUE(facts->too_large);
  EXPECT_EQ(facts->package_list(), nullptr);
}

TEST(Facts, are_shared_by_files_of_no_interest) {
  for (const std::string& file : {std::string(), std::string("x"),
                                  std::string("\x7f"
                                              "EL"),
                                  std::string("/lib\nrelative\n"), std::string("/* comment */"),
                                  "/" + std::string(4096, 'l'), std::string("/lib\0", 5)})
    EXPECT_EQ(read(file), no_facts()) << file;
  EXPECT_EQ(*no_facts(), FileFacts());
}

TEST(Facts, say_what_is_wrong) {
  const auto elf = read(
      "\x7f"
      "ELF");
  EXPECT_EQ(elf->kind, FileKind::elf);
  EXPECT_EQ(elf->elf(), nullptr);
  EXPECT_EQ(elf->fault, "e_ident at 0: lies outside the file");
  EXPECT_EQ(read("#!\n")->fault, "no interpreter behind #!");
  EXPECT_EQ(read("ld.so-1.7.0")->fault, "magic at 0: need 12 bytes, 11 left");
}

std::vector<std::string> samples() {
  return {"",
          "#",
          "#!/bin/sh\n" + std::string(300, 'x'),
          test::fake_program({"liba.so"}).text(),
          std::string(as_text(test::FakeLdCache{.libraries = {{"a", "/a"}}}.build())),
          "/lib:/usr/lib",
          "/" + std::string(5000, 'l'),
          "\x7f"
          "ELF",
          std::string(400, '\0')};
}

TEST(Inspector, does_not_depend_on_the_pieces) {
  FactsBudget budget;
  Inspector inspector(budget);
  for (const std::size_t size : {1U, 2U, 3U, 16U, 17U, 18U, 255U, 256U, 4096U}) {
    for (const std::string& sample : samples()) {
      inspector.begin();
      for (std::size_t at = 0; at < sample.size(); at += size)
        inspector.add(as_bytes(std::string_view(sample).substr(at, size)));
      EXPECT_EQ(*inspector.end(), *read(sample)) << size << sample.substr(0, 10);
    }
  }
}

TEST(Inspector, takes_holes_for_zeros) {
  std::string file = test::fake_program({"liba.so"}).text();
  const auto expected = read(file + std::string(100'000, '\0'));
  FactsBudget budget;
  Inspector inspector(budget);
  inspector.begin();
  inspector.add(as_bytes(file));
  inspector.add_zeros(100'000);
  EXPECT_EQ(*inspector.end(), *expected);
  ASSERT_NE(expected->elf(), nullptr);
  inspector.begin();
  inspector.add_zeros(30);
  inspector.add(as_bytes(file));
  EXPECT_EQ(inspector.end(), no_facts());
}

TEST(Inspector, wants_no_more_than_it_needs) {
  FactsBudget budget;
  Inspector inspector(budget);
  const auto wants = [&inspector](std::string_view file) {
    inspector.begin();
    inspector.add(as_bytes(file));
    const bool more = inspector.wants_more();
    (void)inspector.end();
    return more;
  };
  EXPECT_TRUE(wants("nothing"));
  EXPECT_FALSE(wants("nothing of interest"));
  EXPECT_TRUE(wants("#!/bin/sh\n and more"));
  EXPECT_FALSE(wants("#!/bin/sh\n" + std::string(300, 'x')));
  EXPECT_TRUE(
      wants("\x7f"
            "ELF" +
            std::string(100'000, 'x')));
}

TEST(Inspector, says_too_large_at_its_cap) {
  const std::string file = test::fake_library("liba.so").text();
  FactsBudget budget;
  for (const std::size_t cap : {file.size(), file.size() - 1, std::size_t{4}}) {
    Inspector inspector(budget, cap);
    inspector.begin();
    inspector.add(as_bytes(file));
    const auto facts = inspector.end();
    EXPECT_EQ(facts->kind, FileKind::elf);
    EXPECT_EQ(facts->too_large, cap < file.size()) << cap;
    EXPECT_EQ(facts->elf() != nullptr, cap == file.size()) << cap;
  }
  std::string cache = std::string(as_text(test::FakeLdCache().build()));
  cache.resize(max_cache_size + 1);
  EXPECT_TRUE(read(cache)->too_large);
}

TEST(FactsBudget, counts_strings) {
  const auto facts = read(test::fake_library(std::string(1000, 'l')).text());
  FactsBudget budget(2 * (sizeof(FileFacts) + 1100));
  EXPECT_TRUE(budget.take(*facts));
  EXPECT_TRUE(budget.take(*facts));
  EXPECT_TRUE(budget.status().has_value());
  EXPECT_FALSE(budget.take(*facts));
  const Status status = budget.status();
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, ErrorCode::limit);
  EXPECT_EQ(status.error().text(),
            "what programs and libraries say about themselves takes more "
            "than " +
                std::to_string(2 * (sizeof(FileFacts) + 1100)) + " bytes");
}

TEST(FactsBudget, has_the_caps_it_names) {
  EXPECT_EQ(max_facts_size, 268'435'456U);
  EXPECT_EQ(max_elf_size, 536'870'912U);
}

}  // namespace
}  // namespace etalon::elf
