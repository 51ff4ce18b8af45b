// SPDX-License-Identifier: Apache-2.0
#include "tools/etalon/eventlog_input.hpp"

#include "references/eventlog/log_codec.hpp"
#include "references/eventlog/untrusted_log.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"

namespace etalon::build {

void add_eventlog_input(cli::Verb& verb, EventlogInput& input) {
  verb.option("LOG", input.path, "event log: binary_bios_measurements, or a CCEL area").required();
  verb.option("--format", input.format, "tcg2 or ccel, instead of what the log looks like")
      .one_of({"tcg2", "ccel"})
      .value_name("FORMAT");
}

Result<eventlog::UntrustedLog> load_eventlog(const EventlogInput& input) {
  TRY_ASSIGN(const Bytes bytes, read_file(input.path, eventlog::max_log_size));
  return in_file(eventlog::decode_log(bytes, eventlog::parse_log_format(input.format)), input.path);
}

}  // namespace etalon::build
