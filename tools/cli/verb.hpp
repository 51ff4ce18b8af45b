// SPDX-License-Identifier: Apache-2.0
// A verb of a program: the options it takes and what it runs. The command line library stands
// behind this header and in no other: a source that sees it takes ten seconds to compile. A
// spelling is "--name", "-n,--name", or "NAME" for an argument without dashes; a variable that an
// option writes to must live until Program::main() returns.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "tools/base/result.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

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

// What the command line chose.
struct Chosen {
  Run run{};
  bool json = false;
};

// An option as declared, for what else holds of it.
class Option {
 public:
  explicit Option(CLI::Option& option) : option_(&option) {}

  Option& required();
  // Is wrong without the other, or with it.
  Option& needs(const Option& other);
  Option& excludes(const Option& other);
  // Takes only these values.
  Option& one_of(const std::vector<std::string>& values);
  // What help and completions call its value.
  Option& value_name(const std::string& name);

 private:
  CLI::Option* option_;
};

class Verb {
 public:
  Verb(CLI::App& app, Chosen& chosen) : app_(&app), chosen_(&chosen) {}

  // A verb below this one, which is then only a group and must be followed by one of them.
  Verb verb(const std::string& name, const std::string& help);

  // An empty value is refused.
  Option option(const std::string& spelling, std::string& to, const std::string& help);
  Option option(const std::string& spelling, std::optional<std::string>& to,
                const std::string& help);
  // May be repeated, with one value each.
  Option option(const std::string& spelling, std::vector<std::string>& to, const std::string& help);
  Option number(const std::string& spelling, std::uint64_t& to, const std::string& help);
  // A number from `low` to `high`.
  Option number(const std::string& spelling, unsigned& to, unsigned low, unsigned high,
                const std::string& help);
  // A number of bytes: 512, 16K, 2M, 8G in powers of 1024.
  Option size(const std::string& spelling, std::uint64_t& to, const std::string& help);
  void flag(const std::string& spelling, bool& to, const std::string& help);
  // --json: the result, or the error, as JSON.
  void json();

  // What to run when this verb is on a command line that was right; exit status 2 is thus never
  // that of a run that began.
  void runs(Run run);

 private:
  CLI::App* app_;
  Chosen* chosen_;
};

}  // namespace etalon::cli
