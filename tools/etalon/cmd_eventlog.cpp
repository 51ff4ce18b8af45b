// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include "tools/cli/program.hpp"
#include "tools/etalon/verbs.hpp"

namespace etalon::build {

void add_eventlog(cli::Program& program) {
  CLI::App& group = *program.app().add_subcommand("eventlog", "read firmware event logs");
  group.require_subcommand(1);
  add_eventlog_replay(program, group);
  add_eventlog_show(program, group);
}

}  // namespace etalon::build
