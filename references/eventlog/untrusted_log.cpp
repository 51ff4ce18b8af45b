// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/untrusted_log.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "references/eventlog/event.hpp"
#include "references/eventlog/summary.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"

namespace etalon::eventlog {
namespace {

constexpr std::uint32_t mr_count = 5;  // MRTD and four RTMRs

Result<DigestSet> known_digests(const UntrustedRecord& record) {
  DigestSet known;
  for (const RawDigest& raw : record.digests) {
    const auto alg = hash_alg_from_tpm(raw.alg);
    if (!alg) continue;
    TRY_ASSIGN(const AnyDigest digest, AnyDigest::from_bytes(*alg, raw.value));
    known.set(digest);
  }
  return known;
}

Result<Event> to_event(LogFormat format, const UntrustedRecord& record) {
  TRY_ASSIGN(const RegisterId reg, log_register(format, record.index));
  TRY_ASSIGN(DigestSet digests, known_digests(record));
  if (digests.empty() && record.type != EventType::no_action) {
    return fail_at(ErrorCode::unsupported, "digests", record.offset,
                   "no digest in an algorithm we can compute");
  }
  return Event{.reg = reg,
               .type = record.type,
               .digests = std::move(digests),
               .data = record.data,
               .origin = {.kind = Origin::Kind::echoed},
               .basis = Basis::log,
               .summary = summarize(record.type, record.data)};
}

}  // namespace

std::string_view name(LogFormat format) {
  return format == LogFormat::tcg2 ? "tcg2" : "ccel";
}

std::optional<LogFormat> parse_log_format(std::string_view text) {
  for (const LogFormat format : {LogFormat::tcg2, LogFormat::ccel}) {
    if (text == name(format)) return format;
  }
  return std::nullopt;
}

Result<RegisterId> log_register(LogFormat format, std::uint32_t index) {
  if (format == LogFormat::tcg2) return RegisterId::pcr(index);
  if (index == 0) return RegisterId::mrtd();
  if (index >= mr_count) {
    return fail(ErrorCode::malformed, "MR index " + std::to_string(index) + " is not 0 to 4");
  }
  return RegisterId::rtmr(index - 1);
}

Result<std::uint32_t> log_index(LogFormat format, RegisterId reg) {
  const std::uint32_t index = reg.index();
  if (format == LogFormat::tcg2 && reg.kind() == RegisterId::Kind::pcr) return index;
  if (format == LogFormat::ccel && reg.kind() == RegisterId::Kind::rtmr) return index + 1;
  if (format == LogFormat::ccel && reg.kind() == RegisterId::Kind::mrtd) return 0U;
  return fail(ErrorCode::usage,
              "a " + std::string(name(format)) + " log cannot name " + reg.text());
}

Result<EventLog> to_events(const UntrustedLog& log) {
  EventLog events;
  events.reserve(log.records.size());
  for (std::size_t i = 0; i < log.records.size(); ++i) {
    TRY_ASSIGN(Event event,
               in(to_event(log.format, log.records[i]), "record " + std::to_string(i + 1)));
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace etalon::eventlog
