// SPDX-License-Identifier: Apache-2.0
#include "tools/cli/program.hpp"
#include "tools/etalon/verbs.hpp"

namespace etalon::build {

void add_eventlog(cli::Program& program) {
  cli::Verb group = program.verb("eventlog", "read firmware event logs");
  add_eventlog_diff(group);
  add_eventlog_replay(group);
  add_eventlog_show(group);
}

}  // namespace etalon::build
