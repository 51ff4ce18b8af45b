// SPDX-License-Identifier: Apache-2.0
// What the programs share: the verb tree, exit codes, and how results and errors are printed. A
// verb declares its options on a CLI11 App and hands Program a closure; the closure runs only when
// the command line was right, so that exit status 2 is trustworthy. stdout carries the product and
// nothing else; people are spoken to on stderr.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>

#include "tools/base/result.hpp"
#include "tools/codec/json.hpp"

namespace CLI {
class App;
}

namespace etalon::cli {

enum class ExitCode : std::uint8_t {
  done = 0,          // done, or the verdict is pass
  negative = 1,      // the verdict is fail, or the difference is not empty
  usage = 2,         // the command line is wrong
  bad_input = 3,     // input malformed, or the environment failed
  inconclusive = 4,  // nothing signed or anchored could be compared
};

// Where a verb writes. `json` is the --json option of the verb.
struct Io {
  std::ostream& out;
  std::ostream& err;
  bool json = false;
  bool terminal = false;  // err is a terminal: progress may be drawn
};

using Run = std::function<Result<ExitCode>(Io&)>;

class Program {
 public:
  // `name` is the program's; `purpose` heads its help.
  Program(std::string name, std::string purpose);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  // The root of the verb tree, for verbs to hang themselves on.
  CLI::App& app();

  // A verb's closure, to run when `verb` is the one on the command line.
  void on_run(CLI::App& verb, Run run);
  // Declares --json on a verb.
  void add_json_option(CLI::App& verb);

  // Parses, runs and prints; the process exit status.
  int main(int argc, const char* const* argv, std::ostream& out, std::ostream& err);

 private:
  struct State;

  int report(const Error& error, Io& io) const;

  std::unique_ptr<State> state_;
};

// {"error":{code,file,structure,field,offset,message}}
Json error_json(const Error& error);

}  // namespace etalon::cli
