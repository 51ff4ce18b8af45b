// SPDX-License-Identifier: Apache-2.0
// The templates of the measurement list: which fields an entry carries and in what order. The
// kernel has eight by name; ima_template_fmt= makes one more out of the known fields, which the
// list then names by its format. Source: Linux, security/integrity/ima/ima_template.c (6.12).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tools/base/result.hpp"

namespace etalon::ima {

enum class FieldKind : std::uint8_t {
  d,             // digest alone: SHA-1, or MD5
  n,             // name, at most 255 characters
  d_ng,          // "sha256:", NUL, digest
  d_ngv2,        // "ima:sha256:" or "verity:sha256:", NUL, digest
  n_ng,          // name
  sig,           // security.ima, where it is a signature
  buf,           // the buffer that was measured
  d_modsig,      // as d_ng, of the file without the signature at its end
  modsig,        // that signature, PKCS#7
  evmsig,        // security.evm, where it is a portable signature
  xattrnames,    // of the protected extended attributes, joined by |
  xattrlengths,  // u32 each
  xattrvalues,   // one behind the other
  iuid,          // u32
  igid,          // u32
  imode,         // u16
};

// "d-ng": as a format spells it.
std::string_view name(FieldKind kind);

// IMA_TEMPLATE_NUM_FIELDS_MAX and IMA_TEMPLATE_FIELD_ID_MAX_LEN.
inline constexpr std::size_t max_fields = 15;
inline constexpr std::size_t max_field_name = 16;
// A format of as many of the longest fields, and the bars between them.
inline constexpr std::size_t max_template_name = max_fields * (max_field_name + 1);

class Template {
 public:
  constexpr Template(std::string_view name, std::string_view format,
                     std::span<const FieldKind> fields)
      : name_(name), format_(format), count_(fields.size()) {
    for (std::size_t i = 0; i < count_; ++i)
      fields_[i] = fields[i];
  }

  // As the list names it: the name, or for a template made by its format that format.
  constexpr std::string_view name() const { return name_; }

  constexpr std::string_view format() const { return format_; }

  constexpr std::span<const FieldKind> fields() const { return std::span(fields_).first(count_); }

  // Template `ima` is older than the others: its fields have no lengths, and its name is hashed
  // with zeros up to 256 bytes.
  constexpr bool is_old() const { return name_ == "ima"; }

 private:
  std::string_view name_;
  std::string_view format_;
  std::array<FieldKind, max_fields> fields_{};
  std::size_t count_;
};

// The templates a kernel is built with.
std::span<const Template> templates();

// One of them by its name or its format, as a policy or a command line may give it.
const Template* find_template(std::string_view name_or_format);

// The template that ima_template_fmt= makes of this format; malformed when a field is not known,
// limit when there are too many. `format` must outlive the answer.
Result<Template> parse_format(std::string_view format);

}  // namespace etalon::ima
