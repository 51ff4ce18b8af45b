// SPDX-License-Identifier: Apache-2.0
// What the eventlog verbs share: the log on the command line and its format.
#pragma once

#include <string>

#include "references/eventlog/untrusted_log.hpp"
#include "tools/base/result.hpp"
#include "tools/cli/verb.hpp"

namespace etalon::build {

struct EventlogInput {
  std::string path{};
  std::string format{};  // "tcg2", "ccel", or empty: told from the log
};

void add_eventlog_input(cli::Verb& verb, EventlogInput& input);

// Reads and decodes the log; errors name the file.
Result<eventlog::UntrustedLog> load_eventlog(const EventlogInput& input);

}  // namespace etalon::build
