// SPDX-License-Identifier: Apache-2.0
#include "tools/cli/verb.hpp"

#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tools/base/result.hpp"
#include "tools/cli/program.hpp"

namespace etalon::cli {
namespace {

// A verb with an option of every kind, and what a command line made of them.
struct Work {
  std::string file{};
  std::optional<std::string> name{};
  std::vector<std::string> keys{};
  std::uint64_t sequence = 7;
  unsigned jobs = 1;
  std::uint64_t limit = 0;
  bool all = false;

  int code = 0;
  std::string out{};
  std::string err{};
};

Work run(const std::vector<const char*>& args) {
  Work work;
  Program program("tool", "do things");
  Verb group = program.verb("group", "verbs that belong together");
  Verb verb = group.verb("work", "work hard");
  verb.option("FILE", work.file, "the input").required();
  Option name = verb.option("--name", work.name, "a name");
  verb.option("--key", work.keys, "a key").excludes(name);
  verb.number("--sequence", work.sequence, "a number").needs(name);
  verb.number("--jobs", work.jobs, 1, 8, "threads");
  verb.size("--limit", work.limit, "bytes");
  verb.flag("--all", work.all, "everything");
  verb.json();
  verb.runs([](Io& io) -> Result<ExitCode> {
    io.out << (io.json ? "json" : "text");
    return ExitCode::done;
  });
  std::vector<const char*> argv = {"tool", "group", "work"};
  argv.insert(argv.end(), args.begin(), args.end());
  std::ostringstream out;
  std::ostringstream err;
  work.code = program.main(static_cast<int>(argv.size()), argv.data(), out, err);
  work.out = out.str();
  work.err = err.str();
  return work;
}

TEST(Verb, fills_in_what_the_command_line_gives) {
  const Work work =
      run({"in", "--name", "n", "--sequence", "9", "--jobs=8", "--limit", "2M", "--all", "--json"});
  EXPECT_EQ(work.code, 0) << work.err;
  EXPECT_EQ(work.file, "in");
  EXPECT_EQ(work.name, "n");
  EXPECT_EQ(work.sequence, 9U);
  EXPECT_EQ(work.jobs, 8U);
  EXPECT_EQ(work.limit, 2U << 20U);
  EXPECT_TRUE(work.all);
  EXPECT_EQ(work.out, "json");
}

TEST(Verb, leaves_alone_what_the_command_line_does_not_give) {
  const Work work = run({"in"});
  EXPECT_EQ(work.code, 0);
  EXPECT_FALSE(work.name.has_value());
  EXPECT_EQ(work.sequence, 7U);
  EXPECT_EQ(work.out, "text");
}

TEST(Verb, takes_one_value_each_time_a_list_option_is_given) {
  EXPECT_EQ(run({"--key", "a", "in", "--key", "b"}).keys, (std::vector<std::string>{"a", "b"}));
}

struct Refusal {
  const char* name;
  std::vector<const char*> args;
  std::string message;
};

class VerbRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(VerbRefusal, is_2_and_says_why) {
  const Work work = run(GetParam().args);
  EXPECT_EQ(work.code, 2);
  EXPECT_EQ(work.out, "");
  EXPECT_EQ(work.err, "tool: error: " + GetParam().message + "; try 'tool --help'\n");
}

INSTANTIATE_TEST_SUITE_P(
    All, VerbRefusal,
    testing::Values(
        Refusal{"absent", {}, "FILE is required"},
        Refusal{"empty", {""}, "FILE: must not be empty"},
        Refusal{"empty_optional", {"in", "--name", ""}, "--name: must not be empty"},
        Refusal{"empty_in_list", {"in", "--key", ""}, "--key: must not be empty"},
        Refusal{"needs", {"in", "--sequence", "1"}, "--sequence requires --name"},
        Refusal{"excludes", {"in", "--key", "a", "--name", "b"}, "--name excludes --key"},
        Refusal{"too_large", {"in", "--jobs", "9"}, "--jobs: Value 9 not in range 1 to 8"},
        Refusal{"no_number",
                {"in", "--sequence", "x", "--name", "n"},
                "Could not convert: --sequence = x"}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace etalon::cli
