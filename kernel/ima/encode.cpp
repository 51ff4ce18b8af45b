// SPDX-License-Identifier: Apache-2.0
#include "kernel/ima/encode.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "kernel/ima/list.hpp"
#include "kernel/ima/record.hpp"
#include "kernel/ima/template.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/result.hpp"
#include "tools/base/writer.hpp"
#include "tools/codec/json.hpp"

namespace etalon::ima {
namespace {

void put_text(Bytes& out, std::string_view text) {
  append(out, as_bytes(text));
}

std::string without_nul(ByteView field) {
  std::string text(as_text(field));
  if (text.ends_with('\0')) text.pop_back();
  return text;
}

std::string number_text(ByteView field) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < field.size(); ++i)
    value |= std::to_integer<std::uint64_t>(field[i]) << (8 * i);
  return field.empty() ? "" : std::to_string(value);
}

// "sha256:" NUL digest; an empty one of template ima-modsig has neither.
std::string digest_text(ByteView field) {
  const std::size_t nul = as_text(field).find('\0');
  if (nul == std::string_view::npos) return "";
  return std::string(as_text(field).substr(0, nul)) + to_hex(field.subspan(nul + 1));
}

std::string field_text(FieldKind kind, ByteView field) {
  switch (kind) {
    case FieldKind::d_ng:
    case FieldKind::d_ngv2:
    case FieldKind::d_modsig:
      return digest_text(field);
    case FieldKind::n:
    case FieldKind::n_ng:
    case FieldKind::xattrnames:
      return without_nul(field);
    case FieldKind::iuid:
    case FieldKind::igid:
    case FieldKind::imode:
      return number_text(field);
    case FieldKind::d:
    case FieldKind::sig:
    case FieldKind::buf:
    case FieldKind::modsig:
    case FieldKind::evmsig:
    case FieldKind::xattrlengths:
    case FieldKind::xattrvalues:
      return to_hex(field);
  }
  return "";
}

void put_tlv(ByteWriter& out, std::uint8_t type, ByteView value) {
  out.u8(type).u32_be(static_cast<std::uint32_t>(value.size())).bytes(value);
}

Bytes shortest(std::uint64_t number) {
  ByteWriter out;
  out.u64_be(number);
  Bytes bytes = out.take();
  while (bytes.size() > 1 && bytes.front() == std::byte{0})
    bytes.erase(bytes.begin());
  return bytes;
}

}  // namespace

Bytes ListEncoder::digest_of(const Record& record) const {
  if (to_.template_hash == from_) return to_bytes(record.digest);
  if (is_violation(record)) return Bytes(digest_size(to_.template_hash));
  return to_bytes(hash(to_.template_hash, record.data).view());
}

Status ListEncoder::add_ascii(const Record& record, Bytes& out) const {
  TRY_ASSIGN(const Fields fields, split(record));
  const std::string pcr = std::to_string(record.pcr);
  put_text(out, (pcr.size() < 2 ? " " : "") + pcr + " " + to_hex(digest_of(record)) + " " +
                    std::string(record.templ));
  for (std::size_t i = 0; i < fields.count; ++i)
    put_text(out, " " + field_text(record.shape->fields()[i], fields.values.at(i)));
  put_text(out, "\n");
  return {};
}

Status ListEncoder::add_binary(const Record& record, Bytes& out) const {
  ByteWriter entry;
  entry.u32(record.pcr).bytes(digest_of(record));
  entry.u32(static_cast<std::uint32_t>(record.templ.size())).text(record.templ);
  if (record.shape != nullptr && record.shape->is_old()) {
    TRY_ASSIGN(const Fields fields, split(record));
    const ByteView name = fields.values[1];
    const ByteView zeros = record.data.subspan(fields.values[0].size() + name.size());
    const bool only_zeros =
        std::ranges::all_of(zeros, [](std::byte b) { return b == std::byte{0}; });
    if (fields.values[0].size() != digest_size(HashAlg::sha1) || !only_zeros) {
      return fail(ErrorCode::unsupported,
                  "a binary list has no place for what this entry of template 'ima' holds");
    }
    entry.bytes(fields.values[0]).u32(static_cast<std::uint32_t>(name.size())).bytes(name);
  } else {
    entry.u32(static_cast<std::uint32_t>(record.data.size())).bytes(record.data);
  }
  append(out, entry.view());
  return {};
}

void ListEncoder::add_tlv(const Record& record, Bytes& out) const {
  ByteWriter digests;
  put_tlv(digests, static_cast<std::uint8_t>(to_.template_hash), digest_of(record));
  ByteWriter content;
  put_tlv(content, cel::template_name, as_bytes(record.templ));
  put_tlv(content, cel::template_data, record.data);
  ByteWriter entry;
  put_tlv(entry, cel::recnum, shortest(number_));
  put_tlv(entry, cel::pcr, shortest(record.pcr));
  put_tlv(entry, cel::digests, digests.view());
  put_tlv(entry, cel::ima_template, content.view());
  append(out, entry.view());
}

void ListEncoder::add_json(const Record& record, Bytes& out) const {
  Json::Object digest;
  digest.emplace("hashAlg", name(to_.template_hash));
  digest.emplace("digest", to_hex(digest_of(record)));
  Json::Array digests;
  digests.emplace_back(std::move(digest));
  Json::Object content;
  content.emplace("template_name", record.templ);
  content.emplace("template_data", to_hex(record.data));
  Json::Object entry;
  entry.emplace("recnum", number_);
  entry.emplace("pcr", record.pcr);
  entry.emplace("digests", std::move(digests));
  entry.emplace("content_type", cel::content_type);
  entry.emplace("content", std::move(content));
  put_text(out, number_ == 0 ? "[\n" : ",\n");
  put_text(out, Json(std::move(entry)).canonical());
}

Status ListEncoder::add(const Record& record, Bytes& out) {
  switch (to_.form) {
    case ListForm::binary:
      TRY(add_binary(record, out));
      break;
    case ListForm::ascii:
      TRY(add_ascii(record, out));
      break;
    case ListForm::cel_tlv:
      add_tlv(record, out);
      break;
    case ListForm::cel_json:
      add_json(record, out);
      break;
  }
  ++number_;
  return {};
}

void ListEncoder::finish(Bytes& out) const {
  if (to_.form == ListForm::cel_json) put_text(out, number_ == 0 ? "[]\n" : "\n]\n");
}

}  // namespace etalon::ima
