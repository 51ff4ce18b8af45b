// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <memory>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "references/eventlog/align.hpp"
#include "references/eventlog/diff.hpp"
#include "references/eventlog/event.hpp"
#include "references/eventlog/event_json.hpp"
#include "references/eventlog/untrusted_log.hpp"
#include "references/eventlog/varies.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"
#include "tools/cli/program.hpp"
#include "tools/codec/json.hpp"
#include "tools/etalon/eventlog_input.hpp"
#include "tools/etalon/predicted_log.hpp"
#include "tools/etalon/verbs.hpp"

namespace etalon::build {
namespace {

using eventlog::Event;
using eventlog::EventDifference;
using eventlog::EventLog;
using eventlog::LogDifference;
using eventlog::Pairing;
using eventlog::RegisterDifference;

struct Options {
  std::string predicted{};
  std::string platform{};
  EventlogInput observed{};
  std::vector<std::string> variants{};  // NAME=FILE
};

// What is compared, for looking up the events of a difference.
struct Logs {
  eventlog::PredictedLog predicted{};
  EventLog observed{};

  const Event* expected_of(const EventDifference& at) const {
    return at.expected ? &predicted.events[*at.expected] : nullptr;
  }

  const Event* observed_of(const EventDifference& at) const {
    return at.observed ? &observed[*at.observed] : nullptr;
  }

  // What the event depends on, by the prediction where there is one.
  std::string_view varies_with(const EventDifference& at) const {
    const Event* const expected = expected_of(at);
    const Event* const event = expected == nullptr ? observed_of(at) : expected;
    return event == nullptr ? std::string_view() : eventlog::varies_with(*event);
  }
};

Json text_or_null(std::string_view text) {
  return text.empty() ? Json() : Json(text);
}

// {digests,number,summary,type} of one side, under names that end in _expected or _observed.
void add_side(Json::Object& fields, const std::string& side, const Event* event,
              std::optional<std::size_t> place) {
  fields.emplace(side, event == nullptr ? Json() : eventlog::digests_json(event->digests));
  fields.emplace("number_" + side, place ? Json(std::uint64_t{*place + 1}) : Json());
  fields.emplace("summary_" + side, event == nullptr ? Json() : Json(event->summary));
  fields.emplace("type_" + side, event == nullptr ? Json() : Json(name(event->type)));
}

Json first_json(const Logs& logs, const EventDifference& first) {
  const Event* const expected = logs.expected_of(first);
  Json::Object fields{{"change", name(first.pairing)},
                      {"index", std::uint64_t{first.index}},
                      {"varies_with", text_or_null(logs.varies_with(first))}};
  add_side(fields, "expected", expected, first.expected);
  add_side(fields, "observed", logs.observed_of(first), first.observed);
  const eventlog::Origin origin = expected == nullptr ? eventlog::Origin{} : expected->origin;
  fields.emplace("input", text_or_null(origin.input));
  fields.emplace("input_sha256", origin.sha256 ? Json(origin.sha256->hex()) : Json());
  fields.emplace("rule", text_or_null(origin.rule));
  return {std::move(fields)};
}

template <class T>
Json names_json(const std::vector<T>& registers) {
  Json::Array names;
  for (const RegisterId reg : registers)
    names.emplace_back(reg.text());
  return {std::move(names)};
}

Json difference_json(const Logs& logs, const LogDifference& difference) {
  Json::Array registers;
  for (const RegisterDifference& each : difference.registers) {
    Json::Array matches;
    for (const std::string& variant : each.matches)
      matches.emplace_back(variant);
    registers.emplace_back(Json::Object{{"register", each.reg.text()},
                                        {"first", first_json(logs, each.first)},
                                        {"differing", std::uint64_t{each.count}},
                                        {"sole_cause", each.sole_cause},
                                        {"matches_variant", std::move(matches)}});
  }
  Json::Array relabelled;
  for (const eventlog::Relabelled& each : difference.relabelled) {
    relabelled.emplace_back(
        Json::Object{{"register", each.reg.text()},
                     {"number_observed", std::uint64_t{each.observed + 1}},
                     {"type_expected", name(logs.predicted.events[each.expected].type)},
                     {"type_observed", name(logs.observed[each.observed].type)}});
  }
  return Json(Json::Object{{"equal", difference.registers.empty()},
                           {"registers", std::move(registers)},
                           {"equal_registers", names_json(difference.equal)},
                           {"unstated", names_json(difference.unstated)},
                           {"relabelled", std::move(relabelled)}});
}

// One bank is enough for people: SHA-256 where both have it.
std::optional<HashAlg> bank_to_print(const Event* expected, const Event* observed) {
  for (const HashAlg alg : {HashAlg::sha256, HashAlg::sha384, HashAlg::sha512, HashAlg::sha1}) {
    const auto has = [alg](const Event* event) {
      return event == nullptr || event->digests.empty() || event->digests.find(alg) != nullptr;
    };
    if (has(expected) && has(observed)) return alg;
  }
  return std::nullopt;
}

void print_side(std::ostream& out, std::string_view side, const Event* event,
                std::optional<std::size_t> place, std::optional<HashAlg> bank) {
  if (event == nullptr || !place) {
    out << "  " << side << "  no such event\n";
    return;
  }
  out << "  " << side << "  " << *place + 1 << ' ' << name(event->type) << ": " << event->summary
      << '\n';
  for (const auto& [alg, digest] : event->digests) {
    if (alg == bank) out << "             " << name(alg) << ' ' << digest.hex() << '\n';
  }
  if (event->digests.empty()) out << "             any digest\n";
}

void print_line(std::ostream& out, std::string_view heading, std::string_view text) {
  if (!text.empty()) out << "  " << heading << printable(text) << '\n';
}

std::string_view headline(Pairing pairing) {
  switch (pairing) {
    case Pairing::missing:
      return " is missing";
    case Pairing::extra:
      return " is not predicted";
    case Pairing::equal:
    case Pairing::changed:
      break;
  }
  return " differs";
}

std::string cause_text(const RegisterDifference& difference) {
  if (difference.sole_cause)
    return "the sole cause: with this event as observed the register is right";
  if (difference.count == 1) return "this event alone does not explain the register";
  return std::to_string(difference.count - 1) + " more events of this register differ";
}

void print_register(const Logs& logs, const RegisterDifference& each, std::ostream& out) {
  out << each.reg.text() << ": event " << each.first.index + 1 << headline(each.first.pairing)
      << '\n';
  const Event* const expected = logs.expected_of(each.first);
  const Event* const observed = logs.observed_of(each.first);
  const auto bank = bank_to_print(expected, observed);
  print_side(out, "predicted", expected, each.first.expected, bank);
  print_side(out, "observed ", observed, each.first.observed, bank);
  if (expected != nullptr) {
    print_line(out, "input      ", expected->origin.input);
    print_line(out, "rule       ", expected->origin.rule);
  }
  print_line(out, "varies by  ", logs.varies_with(each.first));
  out << "  cause      " << cause_text(each) << '\n';
  for (const std::string& variant : each.matches)
    print_line(out, "matches    ", variant);
  out << '\n';
}

void print_registers(std::string_view heading, const std::vector<RegisterId>& registers,
                     std::ostream& out) {
  if (registers.empty()) return;
  out << heading;
  for (const RegisterId reg : registers)
    out << ' ' << reg.text();
  out << '\n';
}

void print(const Logs& logs, const LogDifference& difference, std::ostream& out) {
  for (const RegisterDifference& each : difference.registers)
    print_register(logs, each, out);
  print_registers("equal:", difference.equal, out);
  print_registers("not stated by the prediction:", difference.unstated, out);
  for (const eventlog::Relabelled& each : difference.relabelled) {
    out << "note: " << each.reg.text() << ": observed event " << each.observed + 1
        << " is logged as " << name(logs.observed[each.observed].type) << ", predicted as "
        << name(logs.predicted.events[each.expected].type) << "; its digest is right\n";
  }
}

Result<std::vector<eventlog::Variant>> load_variants(const Options& options) {
  std::vector<eventlog::Variant> variants;
  for (const std::string& text : options.variants) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
      return fail(ErrorCode::usage, "--variant is NAME=PREDICTED, not '" + printable(text) + "'");
    TRY_ASSIGN(auto log, load_predicted_log(text.substr(equals + 1), options.platform));
    variants.push_back({.name = text.substr(0, equals), .log = std::move(log)});
  }
  return variants;
}

Result<EventLog> load_observed(const EventlogInput& input) {
  TRY_ASSIGN(const eventlog::UntrustedLog log, load_eventlog(input));
  return in_file(eventlog::to_events(log), input.path);
}

Result<cli::ExitCode> run(const Options& options, cli::Io& io) {
  Logs logs;
  TRY_ASSIGN(logs.predicted, load_predicted_log(options.predicted, options.platform));
  TRY_ASSIGN(logs.observed, load_observed(options.observed));
  TRY_ASSIGN(const auto variants, load_variants(options));
  TRY_ASSIGN(
      const LogDifference difference,
      in_file(eventlog::diff_logs(logs.predicted, logs.observed, variants), options.observed.path));
  if (io.json)
    io.out << difference_json(logs, difference).pretty();
  else
    print(logs, difference, io.out);
  return difference.registers.empty() ? cli::ExitCode::done : cli::ExitCode::negative;
}

}  // namespace

void add_eventlog_diff(cli::Verb& group) {
  cli::Verb verb = group.verb("diff", "say where a log departs from the predicted one, and why");
  const auto options = std::make_shared<Options>();
  verb.option("PREDICTED", options->predicted,
              "JSON of predict registers, of a bundle's event log, or a firmware log")
      .required();
  verb.option("OBSERVED", options->observed.path,
              "event log of a machine: binary_bios_measurements, or a CCEL area")
      .required();
  verb.option("--platform", options->platform, "the prediction's platform of this id");
  verb.option("--variant", options->variants,
              "another prediction to recognise the observed log by, and what to call it")
      .value_name("NAME=PREDICTED");
  verb.option("--format", options->observed.format,
              "tcg2 or ccel, instead of what OBSERVED looks like")
      .one_of({"tcg2", "ccel"})
      .value_name("FORMAT");
  verb.json();
  verb.runs([options](cli::Io& io) { return run(*options, io); });
}

}  // namespace etalon::build
