// SPDX-License-Identifier: Apache-2.0
// decoder: references/eventlog/log_decode.cpp
// decoder: references/eventlog/untrusted_log.cpp
// decoder: references/eventlog/summary.cpp
// decoder: references/eventlog/data_check.cpp
// decoder: references/eventlog/device_path.cpp
// decoder: references/eventlog/variable_text.cpp
// decoder: references/eventlog/variable_value.cpp
// decoder: references/eventlog/variable_fields.cpp
// decoder: references/eventlog/event_fields.cpp
// decoder: references/eventlog/data_text.cpp
// decoder: references/eventlog/prediction_json.cpp
// What decodes, in either format, must encode to the same bytes, and its records name registers
// that map back to their index; its events replay or are refused, and do not differ from
// themselves. Summaries and fields are one line of printable ASCII. What begins like JSON is read
// as a prediction as well.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "references/eventlog/data_check.hpp"
#include "references/eventlog/diff.hpp"
#include "references/eventlog/event.hpp"
#include "references/eventlog/event_fields.hpp"
#include "references/eventlog/log_codec.hpp"
#include "references/eventlog/prediction_json.hpp"
#include "references/eventlog/replay.hpp"
#include "references/eventlog/untrusted_log.hpp"
#include "tools/base/assert.hpp"
#include "tools/base/bytes.hpp"
#include "tools/codec/json.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

// Registers that must be zero, or events without digests, may well differ: a prediction is a claim.
void check_diff(const etalon::eventlog::PredictedLog& predicted) {
  const auto same = etalon::eventlog::diff_logs(predicted, predicted.events);
  ETALON_ASSERT(!same || same->registers.empty() || !predicted.registers.empty());
  etalon::eventlog::EventLog reversed = predicted.events;
  std::ranges::reverse(reversed);
  const auto other = etalon::eventlog::diff_logs(predicted, reversed);
  if (!other) return;
  for (const etalon::eventlog::RegisterDifference& each : other->registers)
    ETALON_ASSERT(each.count > 0 && (each.first.expected || each.first.observed));
}

bool is_line(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

void check_fields(const etalon::eventlog::UntrustedRecord& record) {
  const auto fields = etalon::eventlog::event_fields(record.type, record.data);
  ETALON_ASSERT(!fields.empty());
  for (const etalon::eventlog::Field& field : fields)
    ETALON_ASSERT(is_line(field.name) && is_line(field.value));
}

void check(etalon::ByteView input, etalon::eventlog::LogFormat format) {
  const auto log = etalon::eventlog::decode_log(input, format);
  if (!log) {
    (void)log.error().text();
    return;
  }
  const auto again = etalon::eventlog::encode_log(*log);
  ETALON_ASSERT(again.has_value() && etalon::equal(*again, input));
  for (const etalon::eventlog::UntrustedRecord& record : log->records) {
    const auto reg = etalon::eventlog::log_register(format, record.index);
    ETALON_ASSERT(reg.has_value() && *etalon::eventlog::log_index(format, *reg) == record.index);
    const etalon::eventlog::DataVerdict verdict = etalon::eventlog::check_data(record);
    ETALON_ASSERT(verdict.really.empty() || verdict.check == etalon::eventlog::DataCheck::differs);
    check_fields(record);
  }
  const auto events = etalon::eventlog::to_events(*log);
  if (!events) return;
  for (const etalon::eventlog::Event& event : *events)
    ETALON_ASSERT(is_line(event.summary));
  (void)etalon::eventlog::replay(*events);
  check_diff({.events = *events, .registers = {}});
}

void check_prediction(etalon::ByteView input) {
  const auto document = etalon::parse_json(etalon::as_text(input));
  if (!document) return;
  for (const char* const platform : {"", "a"}) {
    const auto predicted = etalon::eventlog::parse_prediction(*document, platform);
    if (predicted)
      check_diff(*predicted);
    else
      (void)predicted.error().text();
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const etalon::ByteView input = std::as_bytes(std::span(data, size));
  check(input, etalon::eventlog::LogFormat::tcg2);
  check(input, etalon::eventlog::LogFormat::ccel);
  (void)etalon::eventlog::detect_format(input);
  if (size > 0 && (data[0] == '{' || data[0] == '[')) check_prediction(input);
  return 0;
}
