// SPDX-License-Identifier: Apache-2.0
// Every expectation was compared with what a Linux 6.18 kernel makes of the same file.
#include "mkosi/image/elf/shebang.hpp"

#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::elf {
namespace {

using namespace std::string_literals;

// "interpreter|argument", "interpreter" or the refusal.
std::string read(std::string_view file) {
  const auto line = read_shebang(as_bytes(file));
  if (!line) return std::string(name(line.error().code)) + ": " + line.error().text();
  return line->interpreter + (line->argument ? "|" + *line->argument : "");
}

TEST(Shebang, is_interpreter_and_one_argument) {
  EXPECT_EQ(read("#!/bin/sh\necho"), "/bin/sh");
  EXPECT_EQ(read("#! \t/bin/sh \t\n"), "/bin/sh");
  EXPECT_EQ(read("#!/bin/sh -e\n"), "/bin/sh|-e");
  EXPECT_EQ(read("#!/usr/bin/env  -S  python3 -I \t\n"), "/usr/bin/env|-S  python3 -I");
  EXPECT_EQ(read("#!/bin/sh\t-e\n"), "/bin/sh|-e");
  EXPECT_EQ(read("#!sh\n"), "sh");
  EXPECT_EQ(read("#!/bin/sh\r\n"), "/bin/sh\r");
}

TEST(Shebang, may_end_with_the_file) {
  EXPECT_EQ(read("#!/bin/sh"), "/bin/sh");
  EXPECT_EQ(read("#!/bin/sh -e"), "/bin/sh|-e");
  EXPECT_EQ(read("#!/bin/sh -e "), "/bin/sh|-e ");
  EXPECT_EQ(read("#!/bin/sh "), "/bin/sh|");
}

TEST(Shebang, ends_at_a_nul) {
  EXPECT_EQ(read("#!/bin/sh\0 -e\n"s), "/bin/sh");
  EXPECT_EQ(read("#!/bin/sh -e\0x\n"s), "/bin/sh|-e");
}

TEST(Shebang, lies_in_the_first_256_bytes) {
  const std::string name253(253, 'i');
  EXPECT_EQ(read("#!" + name253 + "\n"), name253);
  EXPECT_EQ(read("#!" + name253 + " -e\n"), name253);
  EXPECT_EQ(read("#!" + name253 + "i\n"),
            "malformed: an interpreter that does not end in the first 256 bytes");
  EXPECT_EQ(read("#!" + std::string(254, ' ')), "malformed: only blanks behind #!");
  EXPECT_EQ(read("#!" + std::string(253, ' ') + "/bin/sh\n"),
            "malformed: an interpreter that does not end in the first 256 bytes");
  // Of a longer line the argument is cut off, with the blanks before the cut.
  EXPECT_EQ(read("#!/bin/sh " + std::string(300, 'a') + "\n"), "/bin/sh|" + std::string(245, 'a'));
  EXPECT_EQ(read("#!/bin/sh " + std::string(200, 'a') + std::string(60, ' ') + "b\n"),
            "/bin/sh|" + std::string(200, 'a'));
}

TEST(Shebang, refuses) {
  EXPECT_EQ(read("#/bin/sh\n"), "malformed: does not begin with #!");
  EXPECT_EQ(read("#"), "malformed: does not begin with #!");
  EXPECT_EQ(read("#!\n"), "malformed: no interpreter behind #!");
  EXPECT_EQ(read("#! \t \n/bin/sh"), "malformed: no interpreter behind #!");
  EXPECT_EQ(read("#!"), "malformed: an empty interpreter behind #!");
  EXPECT_EQ(read("#!  \0/bin/sh\n"s), "malformed: an empty interpreter behind #!");
}

}  // namespace
}  // namespace etalon::elf
