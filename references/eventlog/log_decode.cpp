// SPDX-License-Identifier: Apache-2.0
// log       = record0 record* tail
// record0   = TCG_PCR_EVENT: u32 index, u32 type = EV_NO_ACTION, 20 zero bytes, u32 size, spec_id
// spec_id   = "Spec ID Event03" NUL, u32 platform class, u8 minor, u8 major = 2, u8 errata,
//             u8 UINTN size, u32 n (1..max_algorithms), n * (u16 alg, u16 digest size),
//             u8 vendor size, vendor info
// record    = TCG_PCR_EVENT2: u32 index, u32 type, u32 m (1..n), m * (u16 alg, digest),
//             u32 size (<= max_event_size), data
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "references/eventlog/event.hpp"
#include "references/eventlog/log_codec.hpp"
#include "references/eventlog/untrusted_log.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"

namespace etalon::eventlog {
namespace {

using namespace std::string_view_literals;

constexpr std::uint32_t end_index = 0xffffffff;
constexpr std::size_t sha1_size = 20;
constexpr auto signature_03 = "Spec ID Event03\0"sv;
constexpr auto signature_any = "Spec ID Event"sv;
constexpr std::string_view sha1_only =
    "log of a TPM 1.2 (SHA-1 only, no Spec ID Event03) is not supported";

Result<AlgorithmSize> decode_algorithm(ByteReader& reader,
                                       const std::vector<AlgorithmSize>& before) {
  const std::uint64_t at = reader.offset();
  const AlgorithmSize row{.alg = reader.u16("algorithm"), .size = reader.u16("digest size")};
  TRY(reader.status());
  const auto same = [&row](const AlgorithmSize& other) { return other.alg == row.alg; };
  if (std::ranges::any_of(before, same)) {
    return fail_at(ErrorCode::malformed, "algorithm", at,
                   "algorithm " + std::to_string(row.alg) + " is listed twice");
  }
  const auto known = hash_alg_from_tpm(row.alg);
  const bool fits =
      known ? row.size == digest_size(*known) : row.size != 0 && row.size <= max_raw_digest_size;
  if (!fits) {
    return fail_at(ErrorCode::malformed, "digest size", at + 2,
                   std::to_string(row.size) + " bytes for algorithm " + std::to_string(row.alg));
  }
  return row;
}

Status decode_spec_id(ByteReader& reader, SpecId& id) {
  id.platform_class = reader.u32("platform class");
  id.version_minor = reader.u8("version minor");
  const std::uint64_t version_at = reader.offset();
  id.version_major = reader.u8("version major");
  id.errata = reader.u8("errata");
  id.uintn_size = reader.u8("UINTN size");
  const std::uint64_t count_at = reader.offset();
  const std::uint32_t count = reader.u32("algorithm count");
  TRY(reader.status());
  if (id.version_major != 2) {
    return fail_at(ErrorCode::unsupported, "version major", version_at,
                   "Spec ID version " + std::to_string(id.version_major) + ", only 2 is known");
  }
  if (count == 0 || count > max_algorithms) {
    return fail_at(ErrorCode::limit, "algorithm count", count_at,
                   std::to_string(count) + " is not 1 to " + std::to_string(max_algorithms));
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    TRY_ASSIGN(const AlgorithmSize row, decode_algorithm(reader, id.algorithms));
    id.algorithms.push_back(row);
  }
  const std::uint8_t vendor_size = reader.u8("vendor info size");
  TRY(reader.status());
  id.vendor_info = to_bytes(reader.bytes(vendor_size, "vendor info"));
  reader.expect_end("Spec ID event");
  return reader.status();
}

// The log of a TPM 1.2 starts with an ordinary event, or with an older Spec ID event.
Status check_signature(EventType type, ByteView data, std::uint64_t data_at) {
  const std::string_view text = as_text(data);
  if (type == EventType::no_action && text.starts_with(signature_03)) return {};
  if (type != EventType::no_action || text.starts_with(signature_any)) {
    return fail_at(ErrorCode::unsupported, "signature", data_at, std::string(sha1_only));
  }
  return fail_at(ErrorCode::malformed, "signature", data_at, "not a Spec ID event");
}

Result<SpecId> decode_first_record(ByteReader& reader) {
  SpecId id;
  const std::uint64_t index_at = reader.offset();
  id.index = reader.u32("register index");
  const auto type = static_cast<EventType>(reader.u32("event type"));
  const std::uint64_t digest_at = reader.offset();
  const auto digest = reader.array<sha1_size>("digest");
  const std::uint32_t size = reader.u32("event size");
  TRY(reader.status());
  if (id.index > 1) {
    return fail_at(ErrorCode::malformed, "register index", index_at,
                   "register " + std::to_string(id.index) + " is not 0 or 1");
  }
  ByteReader event = reader.sub(size, "event");
  TRY(event.status());
  TRY(check_signature(type, event.rest(), event.offset()));
  // A digest here would be lost on the reader: EV_NO_ACTION is not extended. Linux takes anything
  // but zeros for a log without Spec ID event.
  if (digest != decltype(digest){}) {
    return fail_at(ErrorCode::malformed, "digest", digest_at, "EV_NO_ACTION has a digest");
  }
  event.skip(signature_03.size(), "signature");
  TRY(decode_spec_id(event, id));
  return id;
}

Result<RawDigest> decode_digest(ByteReader& reader, const SpecId& id,
                                const std::vector<RawDigest>& before) {
  const std::uint64_t at = reader.offset();
  RawDigest digest{.alg = reader.u16("digest algorithm")};
  TRY(reader.status());
  const auto row = std::ranges::find(id.algorithms, digest.alg, &AlgorithmSize::alg);
  if (row == id.algorithms.end()) {
    return fail_at(ErrorCode::malformed, "digest algorithm", at,
                   "algorithm " + std::to_string(digest.alg) + " is not in the Spec ID event");
  }
  if (std::ranges::find(before, digest.alg, &RawDigest::alg) != before.end()) {
    return fail_at(ErrorCode::malformed, "digest algorithm", at,
                   "second digest of algorithm " + std::to_string(digest.alg));
  }
  digest.value = to_bytes(reader.bytes(row->size, "digest"));
  return digest;
}

Status check_register(LogFormat format, const UntrustedRecord& record) {
  const auto reg = log_register(format, record.index);
  if (!reg) {
    return fail_at(ErrorCode::malformed, "register index", record.offset, reg.error().message);
  }
  if (reg->kind() == RegisterId::Kind::mrtd && record.type != EventType::no_action) {
    return fail_at(ErrorCode::malformed, "register index", record.offset,
                   name(record.type) + " cannot extend MRTD");
  }
  return {};
}

Result<UntrustedRecord> decode_record(ByteReader& reader, LogFormat format, const SpecId& id) {
  UntrustedRecord record{.offset = reader.offset()};
  record.index = reader.u32("register index");
  record.type = static_cast<EventType>(reader.u32("event type"));
  const std::uint64_t count_at = reader.offset();
  const std::uint32_t count = reader.u32("digest count");
  TRY(reader.status());
  TRY(check_register(format, record));
  if (count == 0 || count > id.algorithms.size()) {
    return fail_at(ErrorCode::malformed, "digest count", count_at,
                   std::to_string(count) + " is not 1 to " + std::to_string(id.algorithms.size()));
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    TRY_ASSIGN(RawDigest digest, decode_digest(reader, id, record.digests));
    record.digests.push_back(std::move(digest));
  }
  const std::uint64_t size_at = reader.offset();
  const std::uint32_t size = reader.u32("event size");
  TRY(reader.status());
  if (size > max_event_size) {
    return fail_at(
        ErrorCode::limit, "event size", size_at,
        std::to_string(size) + " bytes, at most " + std::to_string(max_event_size) + " are read");
  }
  record.data = to_bytes(reader.bytes(size, "event"));
  TRY(reader.status());
  return record;
}

bool all_are(ByteView bytes, std::byte value) {
  return std::ranges::all_of(bytes, [value](std::byte each) { return each == value; });
}

// Whether the records end here. Fewer bytes than an index and a type are padding when uniform.
bool at_end(ByteView rest) {
  const ByteView index_and_type = rest.first(std::min<std::size_t>(rest.size(), 8));
  const ByteView index = rest.first(std::min<std::size_t>(rest.size(), sizeof(end_index)));
  return all_are(index_and_type, std::byte{0}) || all_are(index, std::byte{0xff});
}

Result<UntrustedLog> decode_records(ByteView bytes, LogFormat format) {
  if (bytes.size() > max_log_size) {
    return fail(ErrorCode::limit, std::to_string(bytes.size()) + " bytes, at most " +
                                      std::to_string(max_log_size) + " are read");
  }
  ByteReader reader(bytes);
  UntrustedLog log{.format = format};
  TRY_ASSIGN(log.spec_id, in(decode_first_record(reader), "record 0"));
  // A record is at least 18 bytes long (one digest, no data), so that every turn makes progress.
  while (!at_end(reader.rest())) {
    const std::string number = "record " + std::to_string(log.records.size() + 1);
    if (log.records.size() == max_records) {
      return in<UntrustedLog>(fail_at(ErrorCode::limit, "", reader.offset(),
                                      "more than " + std::to_string(max_records) + " records"),
                              number);
    }
    TRY_ASSIGN(UntrustedRecord record, in(decode_record(reader, format, log.spec_id), number));
    log.records.push_back(std::move(record));
  }
  // Trailing bytes are the unused part of the log area: kept, not interpreted.
  log.tail = to_bytes(reader.rest());
  return log;
}

bool only_sha384(const SpecId& id) {
  return id.algorithms.size() == 1 &&
         hash_alg_from_tpm(id.algorithms.front().alg) == HashAlg::sha384;
}

Result<LogFormat> detect(ByteView bytes) {
  ByteReader reader(bytes);
  TRY_ASSIGN(const SpecId id, in(decode_first_record(reader), "record 0"));
  if (id.index == 1) return LogFormat::ccel;
  if (!only_sha384(id)) return LogFormat::tcg2;
  return decode_records(bytes, LogFormat::ccel) ? LogFormat::ccel : LogFormat::tcg2;
}

}  // namespace

Result<LogFormat> detect_format(ByteView bytes) {
  return in(detect(bytes), "event log");
}

Result<UntrustedLog> decode_tcg2(ByteView bytes) {
  return in(decode_records(bytes, LogFormat::tcg2), "tcg2 event log");
}

Result<UntrustedLog> decode_ccel(ByteView bytes) {
  return in(decode_records(bytes, LogFormat::ccel), "ccel event log");
}

Result<UntrustedLog> decode_log(ByteView bytes, std::optional<LogFormat> format) {
  if (!format) {
    TRY_ASSIGN(format, detect_format(bytes));
  }
  return *format == LogFormat::tcg2 ? decode_tcg2(bytes) : decode_ccel(bytes);
}

}  // namespace etalon::eventlog
