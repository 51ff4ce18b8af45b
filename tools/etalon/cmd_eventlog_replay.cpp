// SPDX-License-Identifier: Apache-2.0
#include <iomanip>
#include <memory>
#include <ostream>

#include "references/eventlog/event.hpp"
#include "references/eventlog/event_json.hpp"
#include "references/eventlog/replay.hpp"
#include "references/eventlog/untrusted_log.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"
#include "tools/cli/program.hpp"
#include "tools/codec/json.hpp"
#include "tools/etalon/eventlog_input.hpp"
#include "tools/etalon/verbs.hpp"

namespace etalon::build {
namespace {

Result<eventlog::RegisterValues> replay_log(const eventlog::UntrustedLog& log) {
  TRY_ASSIGN(const eventlog::EventLog events, eventlog::to_events(log));
  return eventlog::replay(events);
}

void print(const eventlog::RegisterValues& values, std::ostream& out) {
  for (const auto& [reg, banks] : values) {
    for (const auto& [alg, value] : banks) {
      out << std::left << std::setw(6) << reg.text() << std::setw(7) << name(alg) << value.hex()
          << '\n';
    }
  }
}

Result<cli::ExitCode> run(const EventlogInput& input, cli::Io& io) {
  TRY_ASSIGN(const eventlog::UntrustedLog log, load_eventlog(input));
  TRY_ASSIGN(const eventlog::RegisterValues values,
             in_file(in(replay_log(log), "event log"), input.path));
  if (io.json)
    io.out << Json(Json::Object{{"registers", eventlog::registers_json(values)}}).pretty();
  else
    print(values, io.out);
  return cli::ExitCode::done;
}

}  // namespace

void add_eventlog_replay(cli::Verb& group) {
  cli::Verb verb = group.verb("replay", "compute the register values an event log leads to");
  const auto input = std::make_shared<EventlogInput>();
  add_eventlog_input(verb, *input);
  verb.json();
  verb.runs([input](cli::Io& io) { return run(*input, io); });
}

}  // namespace etalon::build
