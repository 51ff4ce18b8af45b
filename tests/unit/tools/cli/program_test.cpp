// SPDX-License-Identifier: Apache-2.0
#include "tools/cli/program.hpp"

#include <initializer_list>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"
#include "tools/cli/verb.hpp"
#include "tools/codec/json.hpp"

namespace etalon::cli {
namespace {

struct Outcome {
  int code;
  std::string out;
  std::string err;
};

// A program with one verb whose behaviour the test chooses.
Outcome run(std::initializer_list<const char*> args, const Run& behaviour) {
  Program program("tool", "do things");
  Verb verb = program.verb("work", "work hard");
  std::string file;
  verb.option("file", file, "the input").required();
  verb.json();
  verb.runs(behaviour);
  std::vector<const char*> argv = {"tool"};
  argv.insert(argv.end(), args);
  std::ostringstream out;
  std::ostringstream err;
  const int code = program.main(static_cast<int>(argv.size()), argv.data(), out, err);
  return {code, out.str(), err.str()};
}

Result<ExitCode> refuse(Io& /*io*/) {
  return in_file(Result<ExitCode>(fail_at(ErrorCode::truncated, "size", 4, "need 4 bytes")),
                 "a.bin");
}

TEST(Program, passes_the_exit_code_through) {
  const auto outcome = run({"work", "x"}, [](Io& io) -> Result<ExitCode> {
    io.out << "product\n";
    return ExitCode::inconclusive;
  });
  EXPECT_EQ(outcome.code, 4);
  EXPECT_EQ(outcome.out, "product\n");
  EXPECT_EQ(outcome.err, "");
}

TEST(Program, prints_an_error_on_one_line_of_stderr) {
  const auto outcome = run({"work", "x"}, refuse);
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err, "tool: error: a.bin: size at 4: need 4 bytes\n");
}

TEST(Program, prints_the_same_error_as_json) {
  const auto outcome = run({"work", "--json", "x"}, refuse);
  EXPECT_EQ(outcome.code, 3);
  const auto json = parse_json(outcome.out);
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ(json->canonical(), R"({"error":{"code":"truncated","field":"size","file":"a.bin",)"
                               R"("message":"need 4 bytes","offset":4}})");
}

TEST(Program, prints_no_control_bytes_of_the_input) {
  const auto outcome = run({"work", "--json", "x"}, [](Io& /*io*/) -> Result<ExitCode> {
    return in(Result<ExitCode>(fail_at(ErrorCode::malformed, "a\nb", 4, "bad")), "c\x1b[2J");
  });
  EXPECT_EQ(outcome.err, "tool: error: c\\x1b[2J: a\\x0ab at 4: bad\n");
  const auto json = parse_json(outcome.out);
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ(json->canonical(), R"({"error":{"code":"malformed","field":"a\\x0ab",)"
                               R"("message":"bad","offset":4,"structure":"c\\x1b[2J"}})");
}

// A message has escaped what came from input, and is not escaped again.
TEST(Program, keeps_a_message_the_same_in_json) {
  const auto outcome = run({"work", "--json", "x"}, [](Io& /*io*/) -> Result<ExitCode> {
    return fail(ErrorCode::malformed, "'" + printable("a\n\\") + "' \x01");
  });
  const auto json = parse_json(outcome.out);
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ(json->canonical(), R"({"error":{"code":"malformed","message":"'a\\x0a\\x5c' \\x01"}})");
}

TEST(Program, a_usage_error_of_a_verb_is_2) {
  const auto outcome = run({"work", "x"}, [](Io& /*io*/) -> Result<ExitCode> {
    return fail(ErrorCode::usage, "no such algorithm");
  });
  EXPECT_EQ(outcome.code, 2);
}

TEST(Program, a_wrong_command_line_is_2_and_runs_nothing) {
  bool ran = false;
  const cli::Run note = [&ran](Io& /*io*/) -> Result<ExitCode> {
    ran = true;
    return ExitCode::done;
  };
  EXPECT_EQ(run({}, note).code, 2);
  EXPECT_EQ(run({"work"}, note).code, 2);
  EXPECT_EQ(run({"work", "x", "--nope"}, note).code, 2);
  EXPECT_EQ(run({"play"}, note).code, 2);
  EXPECT_FALSE(ran);
  EXPECT_EQ(run({"work"}, note).err, "tool: error: file is required; try 'tool --help'\n");
  EXPECT_EQ(run({"work", "x", "a\nb"}, note).err,
            "tool: error: The following argument was not expected: a\\x0ab; try 'tool --help'\n");
}

TEST(Program, stops_an_exception_of_a_library) {
  const auto outcome =
      run({"work", "x"}, [](Io& /*io*/) -> Result<ExitCode> { throw std::runtime_error("oops"); });
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.err, "tool: error: unexpected failure: oops\n");
}

TEST(Program, help_and_version_succeed) {
  EXPECT_EQ(run({"--help"}, refuse).code, 0);
  EXPECT_EQ(run({"work", "--help"}, refuse).code, 0);
  EXPECT_EQ(run({"--version"}, refuse).out, "tool " ETALON_VERSION "\n");
}

TEST(Program, describes_its_options_as_data) {
  const auto outcome = run({"--dump-cli"}, refuse);
  const auto json = parse_json(outcome.out);
  ASSERT_TRUE(json.has_value());
  const auto* verbs = *json_array(*json, "verbs");
  ASSERT_EQ(verbs->size(), 1U);
  EXPECT_EQ(*json_text(verbs->front(), "name"), "work");
}

}  // namespace
}  // namespace etalon::cli
