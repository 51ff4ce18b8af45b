// SPDX-License-Identifier: Apache-2.0
#include "kernel/ima/record.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "kernel/ima/template.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/result.hpp"

namespace etalon::ima {
namespace {

constexpr std::size_t sha1_size = 20;
constexpr std::size_t md5_size = 16;

bool is_zero(std::byte byte) {
  return byte == std::byte{0};
}

// Template `ima`. The list gives the digest's size by what is left before the padded name.
Result<Fields> split_old(const Record& record) {
  if (record.data.size() != sha1_size + old_name_size &&
      record.data.size() != md5_size + old_name_size) {
    return fail(ErrorCode::malformed, "template 'ima' has " + std::to_string(record.data.size()) +
                                          " bytes of data, not a digest and a name");
  }
  const std::size_t digest = record.data.size() - old_name_size;
  const std::string_view padded = as_text(record.data.subspan(digest));
  Fields fields;
  fields.values[0] = record.data.first(digest);
  fields.values[1] = record.data.subspan(digest, std::min(padded.find('\0'), padded.size()));
  fields.count = 2;
  return fields;
}

// The names end with a NUL, which is part of what is hashed. ima-old's name has lost it.
Result<std::string_view> parse_name(const Record& record, ByteView field) {
  std::string_view text = as_text(field);
  if (record.shape->is_old()) return text;
  if (!text.ends_with('\0')) return fail(ErrorCode::malformed, "name does not end with a NUL");
  text.remove_suffix(1);
  if (text.find('\0') != std::string_view::npos) {
    return fail(ErrorCode::malformed, "name has a NUL inside");
  }
  return text;
}

}  // namespace

bool is_violation(const Record& record) {
  return std::ranges::all_of(record.digest, is_zero);
}

Result<Fields> split(const Record& record) {
  if (record.shape == nullptr) {
    return fail(ErrorCode::unsupported, "template '" + printable(record.templ) + "' is not known");
  }
  if (record.shape->is_old()) return split_old(record);
  Fields fields;
  ByteReader reader(record.data);
  for (const FieldKind kind : record.shape->fields()) {
    const auto size = reader.u32("length");
    fields.values[fields.count++] = reader.bytes(size, name(kind));
  }
  reader.expect_end("template data");
  if (!reader.ok()) return tl::unexpected(reader.status().error());
  return fields;
}

Result<FileDigest> parse_digest(FieldKind kind, ByteView field) {
  if (kind == FieldKind::d) {
    if (field.size() != sha1_size && field.size() != md5_size) {
      return fail(ErrorCode::malformed,
                  "digest has " + std::to_string(field.size()) + " bytes, not 20 or 16");
    }
    return FileDigest{.algorithm = field.size() == sha1_size ? "sha1" : "md5", .value = field};
  }
  const std::string_view text = as_text(field);
  const std::size_t nul = text.find('\0');
  if (nul == std::string_view::npos || nul == 0 || text[nul - 1] != ':') {
    return fail(ErrorCode::malformed, "digest does not begin with an algorithm, ':' and a NUL");
  }
  FileDigest digest{.algorithm = text.substr(0, nul - 1), .value = field.subspan(nul + 1)};
  if (kind == FieldKind::d_ngv2) {
    const std::size_t colon = digest.algorithm.find(':');
    if (colon == std::string_view::npos) {
      return fail(ErrorCode::malformed, "digest does not begin with its type and ':'");
    }
    digest.type = digest.algorithm.substr(0, colon);
    digest.algorithm.remove_prefix(colon + 1);
  }
  return digest;
}

const ByteView* find_field(const Record& record, const Fields& fields, FieldKind kind) {
  const auto kinds = record.shape->fields();
  const auto found = std::ranges::find(kinds, kind);
  if (found == kinds.end()) return nullptr;
  return &fields.values[static_cast<std::size_t>(found - kinds.begin())];
}

Result<Entry> read_entry(const Record& record) {
  Entry entry;
  TRY_ASSIGN(entry.fields, split(record));
  for (const FieldKind kind : {FieldKind::d_ng, FieldKind::d_ngv2, FieldKind::d}) {
    const ByteView* field = find_field(record, entry.fields, kind);
    if (field == nullptr) continue;
    TRY_ASSIGN(entry.digest, parse_digest(kind, *field));
    break;
  }
  for (const FieldKind kind : {FieldKind::n_ng, FieldKind::n}) {
    const ByteView* field = find_field(record, entry.fields, kind);
    if (field == nullptr) continue;
    TRY_ASSIGN(entry.name, parse_name(record, *field));
    break;
  }
  return entry;
}

}  // namespace etalon::ima
