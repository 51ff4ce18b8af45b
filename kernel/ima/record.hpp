// SPDX-License-Identifier: Apache-2.0
// One entry of a measurement list, and what its template data says. Everything here is as the list
// tells it: nothing is believed before its digest has been recomputed and the register it was
// extended into has been compared. Source: Linux, security/integrity/ima/ima_template_lib.c.
//
//   data of all templates but `ima`:  { u32 length, bytes }  for each field; little-endian
//   data of template `ima`:           20 bytes digest (16 with MD5), name, zeros up to 256 bytes
//   d-ng    = algorithm ":" NUL digest          n-ng = name NUL
//   d-ngv2  = ("ima:" | "verity:") algorithm ":" NUL digest
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/ima/template.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::ima {

// Bytes of a name in template `ima`: IMA_EVENT_NAME_LEN_MAX and one.
inline constexpr std::size_t old_name_size = 256;
inline constexpr std::uint32_t pcr_count = 24;

struct Record {
  std::uint64_t offset = 0;  // from the start of the list
  std::uint32_t pcr = 0;
  ByteView digest{};                // of `data`, as listed; all zero for a violation
  std::string_view templ{};         // the template, as listed
  const Template* shape = nullptr;  // nullptr where it is not known
  ByteView data{};                  // what `digest` is of
};

// The kernel could not tell what was used: the file was written while it was read.
bool is_violation(const Record& record);

struct Fields {
  std::array<ByteView, max_fields> values{};
  std::size_t count = 0;

  std::span<const ByteView> view() const { return std::span(values).first(count); }
};

// The fields of the template, without their lengths. Malformed or truncated where the data is not
// made like the template; unsupported where the template is not known.
Result<Fields> split(const Record& record);

// Digest fields d, d-ng, d-ngv2.
struct FileDigest {
  std::string_view type{};       // "ima" or "verity"; empty where the field does not say
  std::string_view algorithm{};  // the kernel's name of it
  ByteView value{};
};

Result<FileDigest> parse_digest(FieldKind kind, ByteView field);

// What most entries have.
struct Entry {
  FileDigest digest{};
  std::string_view name{};  // path, keyring, label of a buffer: raw bytes
  Fields fields{};
};

// Malformed where the data has no digest or name that can be read.
Result<Entry> read_entry(const Record& record);

// The field of this kind; nullptr where the template has none.
const ByteView* find_field(const Record& record, const Fields& fields, FieldKind kind);

}  // namespace etalon::ima
