// SPDX-License-Identifier: Apache-2.0
#include "kernel/ima/ascii_line.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "kernel/ima/list.hpp"
#include "kernel/ima/record.hpp"
#include "kernel/ima/template.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"

namespace etalon::ima {
namespace {

// "%2d ": PCRs are below 64.
constexpr std::size_t pcr_width = 3;

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool begins_with_pcr(std::string_view text) {
  return text.size() >= pcr_width && (text[0] == ' ' || is_digit(text[0])) && is_digit(text[1]) &&
         text[2] == ' ';
}

// Up to the blank before the template's name.
std::size_t beginning_size(HashAlg hash) {
  return pcr_width + 2 * digest_size(hash) + 1;
}

bool begins_entry(std::string_view text, HashAlg hash) {
  const std::size_t size = beginning_size(hash);
  return text.size() > size && begins_with_pcr(text) &&
         std::ranges::all_of(text.substr(pcr_width, size - pcr_width - 1), is_hex) &&
         text[size - 1] == ' ' && text[size] != ' ';
}

void put_length(Bytes& to, std::size_t at, std::size_t length) {
  for (std::size_t i = 0; i < 4; ++i)
    to[at + i] = static_cast<std::byte>(length >> (8 * i));
}

tl::unexpected<Error> bad_field(FieldKind kind, std::uint64_t offset, const std::string& what) {
  return fail_at(ErrorCode::malformed, name(kind), offset, what);
}

// "sha256:HEX": the algorithm with its colon, a NUL, the digest.
Status put_digest(Bytes& to, FieldKind kind, std::string_view text, std::uint64_t offset) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad_field(kind, offset, "has no algorithm and ':'");
  append(to, as_bytes(text.substr(0, colon + 1)));
  to.push_back(std::byte{0});
  if (!append_hex(to, text.substr(colon + 1))) {
    return bad_field(kind, offset, "is not hexadecimal behind its ':'");
  }
  return {};
}

// What has no inode, such as boot_aggregate, has no owner and mode.
template <class Number>
Status put_number(Bytes& to, FieldKind kind, std::string_view text, std::uint64_t offset) {
  if (text.empty()) return {};
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return bad_field(kind, offset, "'" + printable(text) + "' is no number of its size");
  }
  for (std::size_t i = 0; i < sizeof value; ++i)
    to.push_back(static_cast<std::byte>(value >> (8 * i)));
  return {};
}

Status put_field(Bytes& to, FieldKind kind, std::string_view text, std::uint64_t offset) {
  switch (kind) {
    case FieldKind::d_modsig:
      if (text.empty()) return {};
      [[fallthrough]];
    case FieldKind::d_ng:
    case FieldKind::d_ngv2:
      return put_digest(to, kind, text, offset);
    case FieldKind::xattrnames:
      if (text.empty()) return {};
      [[fallthrough]];
    case FieldKind::n:
    case FieldKind::n_ng:
      append(to, as_bytes(text));
      to.push_back(std::byte{0});
      return {};
    case FieldKind::iuid:
    case FieldKind::igid:
      return put_number<std::uint32_t>(to, kind, text, offset);
    case FieldKind::imode:
      return put_number<std::uint16_t>(to, kind, text, offset);
    case FieldKind::d:
    case FieldKind::sig:
    case FieldKind::buf:
    case FieldKind::modsig:
    case FieldKind::evmsig:
    case FieldKind::xattrlengths:
    case FieldKind::xattrvalues:
      if (!append_hex(to, text)) return bad_field(kind, offset, "is not hexadecimal");
      return {};
  }
  return {};
}

// Field data with its length before it, unless the template is the old one.
Status put_fields(Bytes& to, const Template& shape, std::string_view fields, std::uint64_t offset) {
  for (const FieldKind kind : shape.fields()) {
    if (!fields.starts_with(' ')) return bad_field(kind, offset, "is missing");
    fields.remove_prefix(1);
    const std::string_view text = fields.substr(0, fields.find(' '));
    fields.remove_prefix(text.size());
    const std::size_t length_at = to.size();
    to.resize(length_at + 4);
    TRY(put_field(to, kind, text, offset));
    put_length(to, length_at, to.size() - length_at - 4);
  }
  if (!fields.empty()) {
    return fail_at(ErrorCode::malformed, "line", offset,
                   "has more fields than template " + std::string(shape.name()));
  }
  return {};
}

Bytes padded(ByteView digest, ByteView name) {
  Bytes data = to_bytes(digest);
  append(data, name);
  data.resize(digest.size() + old_name_size);
  return data;
}

Result<Bytes> old_data(std::string_view fields, std::uint64_t offset) {
  const std::size_t blank = fields.find(' ', 1);
  if (!fields.starts_with(' ') || blank == std::string_view::npos) {
    return bad_field(FieldKind::n, offset, "is missing");
  }
  Bytes digest;
  TRY(put_field(digest, FieldKind::d, fields.substr(1, blank - 1), offset));
  const std::string_view text = fields.substr(blank + 1);
  if (text.size() >= old_name_size) {
    return fail_at(ErrorCode::limit, name(FieldKind::n), offset,
                   "is longer than " + std::to_string(old_name_size - 1) + " characters");
  }
  return padded(digest, as_bytes(text));
}

}  // namespace

std::optional<HashAlg> hash_of_line(std::string_view text) {
  if (!begins_with_pcr(text)) return std::nullopt;
  for (const HashAlg alg : all_hash_algs) {
    if (begins_entry(text, alg)) return alg;
  }
  return std::nullopt;
}

std::optional<std::size_t> end_of_entry(std::string_view text, std::size_t at, HashAlg hash,
                                        bool is_all) {
  for (std::size_t from = at;;) {
    const std::size_t line_break = text.find('\n', from);
    if (line_break == std::string_view::npos) {
      return is_all ? std::optional(text.size()) : std::nullopt;
    }
    const std::string_view next = text.substr(line_break + 1);
    if (next.empty() && is_all) return line_break;
    if (begins_entry(next, hash)) return line_break;
    if (next.size() <= beginning_size(hash) && !is_all) return std::nullopt;
    from = line_break + 1;
  }
}

Result<AsciiLine> cut_line(std::string_view line, HashAlg hash, std::uint64_t offset) {
  if (!begins_entry(line, hash)) {
    return fail_at(
        ErrorCode::malformed, "line", offset,
        "does not begin with a PCR, a " + std::string(name(hash)) + " digest and a template");
  }
  AsciiLine parts;
  const std::size_t pad = line[0] == ' ' ? 1 : 0;
  (void)std::from_chars(line.data() + pad, line.data() + 2, parts.pcr);
  const std::size_t size = beginning_size(hash);
  parts.digest = line.substr(pcr_width, size - pcr_width - 1);
  const std::string_view rest = line.substr(size);
  parts.templ = rest.substr(0, rest.find(' '));
  if (parts.templ.size() > max_template_name) {
    return fail_at(ErrorCode::limit, "template name", offset,
                   "is longer than " + std::to_string(max_template_name) + " characters");
  }
  parts.fields = rest.substr(parts.templ.size());
  return parts;
}

Result<Bytes> data_of_line(const Template& shape, std::string_view fields, std::uint64_t offset) {
  if (shape.is_old()) return old_data(fields, offset);
  Bytes data;
  data.reserve(fields.size() + 4 * shape.fields().size());
  TRY(put_fields(data, shape, fields, offset));
  return data;
}

ByteView keep_old(Batch& batch, ByteView digest, ByteView name) {
  return batch.keep(padded(digest, name));
}

}  // namespace etalon::ima
