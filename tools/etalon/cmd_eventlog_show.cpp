// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include "references/eventlog/data_check.hpp"
#include "references/eventlog/event.hpp"
#include "references/eventlog/event_fields.hpp"
#include "references/eventlog/summary.hpp"
#include "references/eventlog/untrusted_log.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"
#include "tools/cli/program.hpp"
#include "tools/codec/json.hpp"
#include "tools/etalon/eventlog_input.hpp"
#include "tools/etalon/verbs.hpp"

namespace etalon::build {
namespace {

using eventlog::UntrustedLog;
using eventlog::UntrustedRecord;

// "sha256", or the TPM_ALG_ID of an algorithm that is not ours, "0x12".
std::string algorithm_name(std::uint16_t id) {
  const auto alg = hash_alg_from_tpm(id);
  return alg ? std::string(name(*alg)) : hex_number(id);
}

// The decoder has refused every index that names no register.
std::string register_name(const UntrustedLog& log, const UntrustedRecord& record) {
  const auto reg = eventlog::log_register(log.format, record.index);
  return reg ? reg->text() : std::to_string(record.index);
}

Json spec_id_json(const eventlog::SpecId& id) {
  Json::Object algorithms;
  for (const eventlog::AlgorithmSize& row : id.algorithms)
    algorithms.emplace(algorithm_name(row.alg), std::uint32_t{row.size});
  return Json(Json::Object{
      {"version", std::to_string(id.version_major) + "." + std::to_string(id.version_minor)},
      {"errata", std::uint32_t{id.errata}},
      {"platform_class", id.platform_class},
      {"algorithms", std::move(algorithms)},
      {"vendor_info", to_hex(id.vendor_info)}});
}

Json::Array fields_json(const UntrustedRecord& record) {
  Json::Array fields;
  for (const eventlog::Field& field : eventlog::event_fields(record.type, record.data))
    fields.emplace_back(Json::Object{{"name", field.name}, {"value", field.value}});
  return fields;
}

Json record_json(const UntrustedLog& log, const UntrustedRecord& record) {
  Json::Object digests;
  for (const eventlog::RawDigest& digest : record.digests)
    digests.emplace(algorithm_name(digest.alg), to_hex(digest.value));
  const eventlog::DataVerdict verdict = eventlog::check_data(record);
  return Json(Json::Object{{"data_check", name(verdict.check)},
                           {"really", verdict.really.empty() ? Json() : Json(verdict.really)},
                           {"offset", record.offset},
                           {"register", register_name(log, record)},
                           {"type", eventlog::name(record.type)},
                           {"type_num", static_cast<std::uint32_t>(record.type)},
                           {"digests", std::move(digests)},
                           {"data", to_hex(record.data)},
                           {"fields", fields_json(record)},
                           {"summary", eventlog::summarize(record.type, record.data)}});
}

Json log_json(const UntrustedLog& log) {
  Json::Array events;
  for (const UntrustedRecord& record : log.records)
    events.push_back(record_json(log, record));
  return Json(Json::Object{{"format", name(log.format)},
                           {"spec_id", spec_id_json(log.spec_id)},
                           {"events", std::move(events)},
                           {"tail_size", std::uint64_t{log.tail.size()}}});
}

void print_verdict(const eventlog::DataVerdict& verdict, std::ostream& out) {
  if (verdict.check != eventlog::DataCheck::differs) return;
  out << "  NOT what was measured: the digest is not of this data";
  if (!verdict.really.empty()) out << " but that of: " << verdict.really;
  out << '\n';
}

// A field that only repeats the summary is left out.
void print_fields(const UntrustedRecord& record, std::string_view summary, std::ostream& out) {
  for (const eventlog::Field& field : eventlog::event_fields(record.type, record.data)) {
    if (field.value != summary) out << "    " << field.name << ": " << field.value << '\n';
  }
}

void print_record(const UntrustedRecord& record, std::ostream& out) {
  const std::string summary = eventlog::summarize(record.type, record.data);
  out << "  " << summary << '\n';
  print_verdict(eventlog::check_data(record), out);
  print_fields(record, summary, out);
  for (const eventlog::RawDigest& digest : record.digests)
    out << "  " << algorithm_name(digest.alg) << ' ' << to_hex(digest.value) << '\n';
}

void print(const UntrustedLog& log, std::ostream& out) {
  out << name(log.format) << " log, " << log.records.size() << " events, tail of "
      << log.tail.size() << " bytes\n";
  for (std::size_t i = 0; i < log.records.size(); ++i) {
    const UntrustedRecord& record = log.records[i];
    out << '\n'
        << i + 1 << ' ' << register_name(log, record) << ' ' << eventlog::name(record.type) << '\n';
    print_record(record, out);
  }
}

Result<cli::ExitCode> run(const EventlogInput& input, cli::Io& io) {
  TRY_ASSIGN(const UntrustedLog log, load_eventlog(input));
  if (io.json)
    io.out << log_json(log).pretty();
  else
    print(log, io.out);
  return cli::ExitCode::done;
}

}  // namespace

void add_eventlog_show(cli::Verb& group) {
  cli::Verb verb = group.verb("show", "list the events of a log in words");
  const auto input = std::make_shared<EventlogInput>();
  add_eventlog_input(verb, *input);
  verb.json();
  verb.runs([input](cli::Io& io) { return run(*input, io); });
}

}  // namespace etalon::build
