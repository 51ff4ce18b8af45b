// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "references/eventlog/event.hpp"
#include "references/eventlog/log_codec.hpp"
#include "references/eventlog/untrusted_log.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"
#include "tools/base/writer.hpp"

namespace etalon::eventlog {
namespace {

using namespace std::string_view_literals;

constexpr auto signature_03 = "Spec ID Event03\0"sv;
constexpr std::size_t sha1_size = 20;

template <class Width>
Result<Width> narrow(std::size_t size, std::string_view field) {
  if (size > std::numeric_limits<Width>::max()) {
    return fail(ErrorCode::usage, std::string(field) + " of " + std::to_string(size) + " bytes");
  }
  return static_cast<Width>(size);
}

Status write_spec_id(ByteWriter& out, const SpecId& id) {
  ByteWriter event;
  event.text(signature_03).u32(id.platform_class).u8(id.version_minor).u8(id.version_major);
  event.u8(id.errata).u8(id.uintn_size);
  TRY_ASSIGN(const auto count, narrow<std::uint32_t>(id.algorithms.size(), "algorithm table"));
  event.u32(count);
  for (const AlgorithmSize& row : id.algorithms)
    event.u16(row.alg).u16(row.size);
  TRY_ASSIGN(const auto vendor_size, narrow<std::uint8_t>(id.vendor_info.size(), "vendor info"));
  event.u8(vendor_size).bytes(id.vendor_info);

  TRY_ASSIGN(const auto size, narrow<std::uint32_t>(event.size(), "Spec ID event"));
  out.u32(id.index).u32(static_cast<std::uint32_t>(EventType::no_action)).fill(sha1_size);
  out.u32(size).bytes(event.view());
  return {};
}

Status write_record(ByteWriter& out, const UntrustedRecord& record) {
  TRY_ASSIGN(const auto count, narrow<std::uint32_t>(record.digests.size(), "digest list"));
  out.u32(record.index).u32(static_cast<std::uint32_t>(record.type)).u32(count);
  for (const RawDigest& digest : record.digests)
    out.u16(digest.alg).bytes(digest.value);
  TRY_ASSIGN(const auto size, narrow<std::uint32_t>(record.data.size(), "event data"));
  out.u32(size).bytes(record.data);
  return {};
}

// EV_NO_ACTION carries zero digests in every bank.
Result<RawDigest> digest_in(const Event& event, HashAlg bank) {
  RawDigest raw{.alg = static_cast<std::uint16_t>(bank)};
  const AnyDigest* const digest = event.digests.find(bank);
  if (digest == nullptr && event.type != EventType::no_action) {
    return fail(ErrorCode::mismatch, "no " + std::string(name(bank)) + " digest");
  }
  raw.value = digest == nullptr ? Bytes(digest_size(bank)) : to_bytes(digest->view());
  return raw;
}

Result<UntrustedRecord> to_record(const Event& event, LogFormat format,
                                  std::span<const HashAlg> banks) {
  UntrustedRecord record{.type = event.type, .data = event.data};
  TRY_ASSIGN(record.index, log_index(format, event.reg));
  if (record.data.size() > max_event_size) {
    return fail(ErrorCode::limit, "event data of " + std::to_string(record.data.size()) + " bytes");
  }
  for (const HashAlg bank : banks) {
    TRY_ASSIGN(RawDigest digest, digest_in(event, bank));
    record.digests.push_back(std::move(digest));
  }
  return record;
}

Result<Bytes> encode_events(std::span<const Event> events, LogFormat format,
                            std::span<const HashAlg> banks) {
  if (banks.empty()) return fail(ErrorCode::usage, "no bank to write");
  UntrustedLog log{.format = format};
  log.spec_id.index = format == LogFormat::ccel ? 1 : 0;
  for (const HashAlg bank : banks) {
    log.spec_id.algorithms.push_back({.alg = static_cast<std::uint16_t>(bank),
                                      .size = static_cast<std::uint16_t>(digest_size(bank))});
  }
  for (std::size_t i = 0; i < events.size(); ++i) {
    TRY_ASSIGN(UntrustedRecord record,
               in(to_record(events[i], format, banks), "event " + std::to_string(i)));
    log.records.push_back(std::move(record));
  }
  return encode_log(log);
}

}  // namespace

Result<Bytes> encode_log(const UntrustedLog& log) {
  ByteWriter out;
  TRY(in(write_spec_id(out, log.spec_id), "record 0"));
  for (std::size_t i = 0; i < log.records.size(); ++i)
    TRY(in(write_record(out, log.records[i]), "record " + std::to_string(i + 1)));
  out.bytes(log.tail);
  return out.take();
}

Result<Bytes> encode_tcg2(std::span<const Event> log, std::span<const HashAlg> banks) {
  return in(encode_events(log, LogFormat::tcg2, banks), "tcg2 event log");
}

Result<Bytes> encode_ccel(std::span<const Event> log) {
  constexpr std::array banks = {HashAlg::sha384};
  return in(encode_events(log, LogFormat::ccel, banks), "ccel event log");
}

}  // namespace etalon::eventlog
