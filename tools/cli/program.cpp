// SPDX-License-Identifier: Apache-2.0
#include "tools/cli/program.hpp"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <iostream>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "tools/base/result.hpp"
#include "tools/cli/verb.hpp"
#include "tools/codec/json.hpp"

namespace etalon::cli {
namespace {

// The option tree as data: completions, man pages and the option drift test are made from it.
Json describe(const CLI::App& app) {
  Json::Array options;
  for (const CLI::Option* option : app.get_options()) {
    options.emplace_back(Json::Object{{"name", option->get_name(option->get_positional(), true)},
                                      {"value", option->get_type_name()},
                                      {"required", option->get_required()},
                                      {"positional", option->get_positional()},
                                      {"description", option->get_description()}});
  }
  Json::Array verbs;
  for (const CLI::App* verb : app.get_subcommands({}))
    verbs.push_back(describe(*verb));
  return Json(Json::Object{{"name", app.get_name()},
                           {"description", app.get_description()},
                           {"options", std::move(options)},
                           {"verbs", std::move(verbs)}});
}

// A message names what came from input escaped already, so its backslashes stay.
std::string one_line(std::string_view message) {
  std::string out;
  for (const char c : message)
    out += c == '\\' ? std::string(1, c) : printable(std::string_view(&c, 1));
  return out;
}

// No exception of ours exists; one of a library that no adapter stopped ends here, as an error of
// the environment and not as a crash.
Result<ExitCode> run_guarded(const Run& run, Io& io) {
  try {
    return run(io);
  } catch (const std::exception& error) {
    return fail(ErrorCode::io, std::string("unexpected failure: ") + error.what());
  }
}

}  // namespace

struct Program::State {
  explicit State(const std::string& purpose) : app(purpose) {}

  CLI::App app;
  std::string name;
  Chosen chosen;
};

Program::Program(std::string name, const std::string& purpose)
    : state_(std::make_unique<State>(purpose)) {
  state_->app.name(name);
  state_->name = std::move(name);
  state_->app.set_version_flag("--version", state_->name + " " ETALON_VERSION);
  state_->app.option_defaults()->always_capture_default(false);
}

Program::~Program() = default;

Verb Program::verb(const std::string& name, const std::string& help) {
  return Verb(state_->app, state_->chosen).verb(name, help);
}

Json error_json(const Error& error) {
  Json::Object fields{{"code", name(error.code)}, {"message", one_line(error.message)}};
  if (!error.file.empty()) fields.emplace("file", printable(error.file));
  if (!error.context.empty()) fields.emplace("structure", error.structure());
  if (!error.field.empty()) fields.emplace("field", printable(error.field));
  constexpr std::uint64_t exact = std::uint64_t{1} << 53U;
  if (error.offset && *error.offset < exact) fields.emplace("offset", *error.offset);
  return Json(Json::Object{{"error", Json(std::move(fields))}});
}

int Program::report(const Error& error, Io& io) const {
  io.err << state_->name << ": error: " << error.text() << '\n';
  if (io.json) io.out << error_json(error).pretty();
  return static_cast<int>(error.code == ErrorCode::usage ? ExitCode::usage : ExitCode::bad_input);
}

int Program::main(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  if (argc == 2 && std::string_view(argv[1]) == "--dump-cli") {
    out << describe(state_->app).pretty();
    return 0;
  }
  try {
    state_->app.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help, --version
    return state_->app.exit(success, out, err);
  } catch (const CLI::ParseError& error) {
    err << state_->name << ": error: " << printable(error.what()) << "; try '" << state_->name
        << " --help'\n";
    return static_cast<int>(ExitCode::usage);
  }
  const bool terminal = &err == &std::cerr && ::isatty(STDERR_FILENO) == 1;
  Io io{.out = out, .err = err, .json = state_->chosen.json, .terminal = terminal};
  const auto code = run_guarded(state_->chosen.run, io);
  if (!code) return report(code.error(), io);
  out.flush();
  if (!out) {
    err << state_->name << ": error: cannot write to standard output\n";
    return static_cast<int>(ExitCode::bad_input);
  }
  return static_cast<int>(*code);
}

}  // namespace etalon::cli
