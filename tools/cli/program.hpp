// SPDX-License-Identifier: Apache-2.0
// What the programs share: how a command line becomes a run of one verb, exit codes, and how
// results and errors are printed. stdout carries the product and nothing else; people are spoken to
// on stderr.
#pragma once

#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>

#include "tools/base/result.hpp"
#include "tools/cli/verb.hpp"
#include "tools/codec/json.hpp"

namespace etalon::cli {

class Program {
 public:
  // `name` is the program's; `purpose` heads its help.
  Program(std::string name, const std::string& purpose);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  Program(Program&&) = delete;
  Program& operator=(Program&&) = delete;
  ~Program();

  // A verb, or a group of verbs, of this program.
  Verb verb(const std::string& name, const std::string& help);

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
