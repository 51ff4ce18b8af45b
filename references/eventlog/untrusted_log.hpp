// SPDX-License-Identifier: Apache-2.0
// A firmware event log as its bytes tell it, before anything in it is believed. Two containers
// share the record form of the TCG PC Client Platform Firmware Profile 1.06, section 10: the TPM
// log (TCG2), whose records name a PCR, and the confidential-computing log (CCEL; UEFI 2.10,
// section 38.4), whose records name an MR index: 0 is MRTD, which only EV_NO_ACTION may name, and
// n is RTMR n - 1. Everything is kept as found, unknown event types and digest algorithms too, so
// that encoding gives the same bytes again. The SHA-1-only log of TPM 1.2 is not read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "references/eventlog/event.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::eventlog {

enum class LogFormat : std::uint8_t { tcg2, ccel };

std::string_view name(LogFormat format);
std::optional<LogFormat> parse_log_format(std::string_view text);

// What we read at most. The largest captured log is a CCEL area of 256 KiB.
inline constexpr std::size_t max_log_size = std::size_t{16} << 20U;
inline constexpr std::uint32_t max_event_size = std::uint32_t{1} << 20U;
inline constexpr std::size_t max_records = 65536;
inline constexpr std::uint32_t max_algorithms = 16;
inline constexpr std::uint16_t max_raw_digest_size = 128;

// One line of the Spec ID event's algorithm table.
struct AlgorithmSize {
  std::uint16_t alg = 0;   // TPM_ALG_ID
  std::uint16_t size = 0;  // of its digests, in bytes

  bool operator==(const AlgorithmSize&) const = default;
};

// Record 0: TCG_EfiSpecIdEvent and the register index of the TCG_PCR_EVENT that carries it.
struct SpecId {
  std::uint32_t index = 0;  // 0 in TPM logs, 1 in the CCEL of every firmware seen
  std::uint32_t platform_class = 0;
  std::uint8_t version_minor = 0;
  std::uint8_t version_major = 2;
  std::uint8_t errata = 0;
  std::uint8_t uintn_size = 2;  // 1: UINTN is 32 bits wide, 2: 64 bits
  std::vector<AlgorithmSize> algorithms{};
  Bytes vendor_info{};

  bool operator==(const SpecId&) const = default;
};

struct RawDigest {
  std::uint16_t alg = 0;  // TPM_ALG_ID, one of the Spec ID event's
  Bytes value{};

  bool operator==(const RawDigest&) const = default;
};

// Records 1..n: TCG_PCR_EVENT2.
struct UntrustedRecord {
  std::uint64_t offset = 0;  // of the record, from the start of the log
  std::uint32_t index = 0;   // PCR or MR index, by the log's format
  EventType type = EventType::no_action;
  std::vector<RawDigest> digests{};  // in the order of the log
  Bytes data{};

  bool operator==(const UntrustedRecord&) const = default;
};

struct UntrustedLog {
  LogFormat format = LogFormat::tcg2;
  SpecId spec_id{};
  std::vector<UntrustedRecord> records{};
  Bytes tail{};  // what follows the last record: the unused part of the log area

  bool operator==(const UntrustedLog&) const = default;
};

// The register a record of this format names; malformed when there is none with that index.
Result<RegisterId> log_register(LogFormat format, std::uint32_t index);
// The inverse; usage error for a register that this format cannot name.
Result<std::uint32_t> log_index(LogFormat format, RegisterId reg);

// The records as events to replay: digests of algorithms that we cannot compute are left out,
// origin is `echoed`, the summary is summarize(). A record that extends a register but has no
// digest in an algorithm of ours is unsupported.
Result<EventLog> to_events(const UntrustedLog& log);

}  // namespace etalon::eventlog
