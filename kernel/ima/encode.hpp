// SPDX-License-Identifier: Apache-2.0
// Writes entries of measurement lists in each of the forms that ListDecoder reads. An entry whose
// digest is asked for in the list's own algorithm keeps the one that was listed; in another it is
// made anew, zero for a violation.
//
// The TCG's Canonical Event Log, version 1.0, has the last two: content type ima_template. What it
// calls the template's data is what the template digest is of, also for template `ima`.
//
//   cel-tlv   = { recnum pcr digests content }     each: u8 type, u32 size (big-endian), value
//   recnum    = 0, number        pcr = 1, number   as few bytes as hold it, at least one
//   digests   = 3, { TPM_ALG_ID, digest }          content = 7, { 0, template name } { 1, data }
//   cel-json  = "[" { "recnum": n, "pcr": n, "digests": [{"hashAlg", "digest"}],
//                     "content_type": "ima_template",
//                     "content": {"template_name", "template_data"} } "]"        bytes in hex
#pragma once

#include <cstdint>
#include <string>

#include "kernel/ima/list.hpp"
#include "kernel/ima/record.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"

namespace etalon::ima {

namespace cel {
inline constexpr std::uint8_t recnum = 0;
inline constexpr std::uint8_t pcr = 1;
inline constexpr std::uint8_t digests = 3;
inline constexpr std::uint8_t ima_template = 7;
inline constexpr std::uint8_t template_name = 0;
inline constexpr std::uint8_t template_data = 1;
inline constexpr std::string_view content_type = "ima_template";
}  // namespace cel

class ListEncoder {
 public:
  // `from` is the algorithm of the digests in the records.
  ListEncoder(ListKind to, HashAlg from) : to_(to), from_(from) {}

  // Appends the entry. Unsupported where the form cannot say it: an ASCII list an unknown template,
  // a binary one a digest other than SHA-1 in template `ima`.
  Status add(const Record& record, Bytes& out);
  // What closes the list.
  void finish(Bytes& out) const;

 private:
  Bytes digest_of(const Record& record) const;
  Status add_ascii(const Record& record, Bytes& out) const;
  Status add_binary(const Record& record, Bytes& out) const;
  void add_tlv(const Record& record, Bytes& out) const;
  void add_json(const Record& record, Bytes& out) const;

  ListKind to_;
  HashAlg from_;
  std::uint64_t number_ = 0;
};

}  // namespace etalon::ima
