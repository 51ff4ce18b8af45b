// SPDX-License-Identifier: Apache-2.0
// For tests of event fields: the fields as lines, and single records of captured logs.
#pragma once

#include <cstddef>
#include <string>

#include <gtest/gtest.h>

#include "references/eventlog/event_fields.hpp"
#include "references/eventlog/log_codec.hpp"
#include "references/eventlog/untrusted_log.hpp"
#include "tests/support/fixtures.hpp"
#include "tools/base/bytes.hpp"

namespace etalon::test {

// "name: value" lines.
inline std::string lines(const eventlog::Fields& fields) {
  std::string text;
  for (const eventlog::Field& field : fields)
    text += field.name + ": " + field.value + "\n";
  return text;
}

inline std::string field_lines(eventlog::EventType type, ByteView data) {
  return lines(eventlog::event_fields(type, data));
}

// The record that `etalon eventlog show` numbers so, of tests/data/eventlog/NAME.tcg.
inline eventlog::UntrustedRecord captured(const std::string& name, std::size_t number) {
  const auto bytes = test_data("eventlog/" + name + ".tcg");
  EXPECT_TRUE(bytes.has_value()) << name;
  if (!bytes) return {};
  const auto log = eventlog::decode_log(*bytes);
  EXPECT_TRUE(log.has_value() && number <= log->records.size()) << name;
  return log ? log->records.at(number - 1) : eventlog::UntrustedRecord{};
}

inline std::string captured_lines(const std::string& name, std::size_t number) {
  const eventlog::UntrustedRecord record = captured(name, number);
  return field_lines(record.type, record.data);
}

}  // namespace etalon::test
