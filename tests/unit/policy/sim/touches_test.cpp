// SPDX-License-Identifier: Apache-2.0
#include "policy/sim/touches.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "policy/lang/facts.hpp"
#include "policy/sim/file_facts.hpp"

namespace etalon::policy {
namespace {

KernelFacts kernel(unsigned version, unsigned patchlevel) {
  return {{.version = version, .patchlevel = patchlevel}, std::nullopt};
}

// "FILE_CHECK(MAY_EXEC) BPRM_CHECK(MAY_EXEC) …", without plain opens
std::string hooks(FileKind kind, Executable executable, const KernelFacts& facts) {
  std::string text;
  for (const Touch& touch : touches_of(kind, executable, facts)) {
    if (touch.func == Func::file_check && touch.mask != may_exec) continue;
    if (!text.empty()) text += ' ';
    text += name(touch.func);
  }
  return text;
}

TEST(Touches, of_a_program_come_as_the_kernel_makes_them) {
  EXPECT_EQ(hooks(FileKind::program, Executable::yes, kernel(6, 1)),
            "FILE_CHECK BPRM_CHECK CREDS_CHECK MMAP_CHECK");
  EXPECT_EQ(hooks(FileKind::program, Executable::yes, kernel(6, 12)),
            "FILE_CHECK BPRM_CHECK CREDS_CHECK MMAP_CHECK MMAP_CHECK_REQPROT");
  EXPECT_EQ(hooks(FileKind::program, Executable::no, kernel(6, 1)), "MMAP_CHECK");
}

TEST(Touches, of_a_script_end_where_its_interpreter_begins) {
  EXPECT_EQ(hooks(FileKind::script, Executable::yes, kernel(6, 12)),
            "FILE_CHECK BPRM_CHECK CREDS_CHECK");
  EXPECT_EQ(hooks(FileKind::script, Executable::yes, kernel(7, 2)), "FILE_CHECK BPRM_CHECK");
  EXPECT_EQ(hooks(FileKind::script, Executable::no, kernel(6, 12)), "");
}

TEST(Touches, of_what_the_kernel_reads_itself) {
  EXPECT_EQ(hooks(FileKind::module, Executable::no, kernel(6, 1)), "MODULE_CHECK");
  EXPECT_EQ(hooks(FileKind::firmware, Executable::no, kernel(6, 1)), "FIRMWARE_CHECK");
  EXPECT_EQ(hooks(FileKind::policy, Executable::no, kernel(6, 1)), "POLICY_CHECK");
  EXPECT_EQ(hooks(FileKind::library, Executable::no, kernel(6, 1)), "MMAP_CHECK");
  EXPECT_EQ(hooks(FileKind::data, Executable::no, kernel(6, 1)), "");
}

// execve() asks before it knows that it cannot run the file.
TEST(Touches, of_anything_with_an_execute_permission_begin_with_an_exec) {
  EXPECT_EQ(hooks(FileKind::data, Executable::yes, kernel(6, 1)),
            "FILE_CHECK BPRM_CHECK CREDS_CHECK");
}

TEST(Touches, every_file_can_be_opened) {
  const auto touches = touches_of(FileKind::data, Executable::no, kernel(6, 1));
  std::vector<std::string> masks;
  std::ranges::transform(touches, std::back_inserter(masks),
                         [](const Touch& touch) { return mask_text(touch.mask); });
  EXPECT_EQ(masks,
            (std::vector<std::string>{"MAY_READ", "MAY_WRITE", "MAY_WRITE|MAY_READ",
                                      "MAY_WRITE|MAY_APPEND", "MAY_WRITE|MAY_READ|MAY_APPEND"}));
}

}  // namespace
}  // namespace etalon::policy
