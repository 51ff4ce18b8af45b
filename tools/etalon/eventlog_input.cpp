// SPDX-License-Identifier: Apache-2.0
#include "tools/etalon/eventlog_input.hpp"

#include <CLI/CLI.hpp>

#include "references/eventlog/log_codec.hpp"
#include "references/eventlog/untrusted_log.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"

namespace etalon::build {

void add_eventlog_input(CLI::App& verb, EventlogInput& input) {
  verb.add_option("LOG", input.path, "event log: binary_bios_measurements, or a CCEL area")
      ->required();
  verb.add_option("--format", input.format, "tcg2 or ccel, instead of what the log looks like")
      ->check(CLI::IsMember({"tcg2", "ccel"}))
      ->type_name("FORMAT");
}

Result<eventlog::UntrustedLog> load_eventlog(const EventlogInput& input) {
  TRY_ASSIGN(const Bytes bytes, read_file(input.path, eventlog::max_log_size));
  return in_file(eventlog::decode_log(bytes, eventlog::parse_log_format(input.format)), input.path);
}

}  // namespace etalon::build
