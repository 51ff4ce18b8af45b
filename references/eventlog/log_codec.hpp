// SPDX-License-Identifier: Apache-2.0
// Bytes of a firmware event log to UntrustedLog and back: encode_log(decode_log(x)) is x, byte for
// byte. All integers are little-endian. A log ends where its bytes end, or at a record whose index
// is 0xffffffff, or whose index and type are both 0 (unused log areas are filled with ff, by
// td-shim with 00); what follows is kept as the tail and not interpreted. Errors name "record N"
// (record 0 is the Spec ID event), the field, and the offset in the log.
#pragma once

#include <optional>
#include <span>

#include "references/eventlog/event.hpp"
#include "references/eventlog/untrusted_log.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"

namespace etalon::eventlog {

// Which log this is. Record 0 of a CCEL names MR index 1; one that names index 0 and lists SHA-384
// alone is told from a TPM log by its records, which stay within MR 0 to 4.
Result<LogFormat> detect_format(ByteView bytes);

Result<UntrustedLog> decode_tcg2(ByteView bytes);
Result<UntrustedLog> decode_ccel(ByteView bytes);
// As `format` says, or as detect_format() finds. The log's own size is capped by max_log_size.
Result<UntrustedLog> decode_log(ByteView bytes, std::optional<LogFormat> format = std::nullopt);

// For logs that were decoded or made here; a field that does not fit its width is a usage error.
Result<Bytes> encode_log(const UntrustedLog& log);

// A predicted log as firmware would have written it, without a tail. Every event must have a digest
// in each of `banks`, in whose order they are written; mismatch otherwise.
Result<Bytes> encode_tcg2(std::span<const Event> log, std::span<const HashAlg> banks);
// The same for a TD: SHA-384 only.
Result<Bytes> encode_ccel(std::span<const Event> log);

}  // namespace etalon::eventlog
