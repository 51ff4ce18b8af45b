// SPDX-License-Identifier: Apache-2.0
#include "kernel/ima/list.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/ima/ascii_line.hpp"
#include "kernel/ima/cel_decode.hpp"
#include "kernel/ima/template.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/result.hpp"

namespace etalon::ima {
namespace {

// A batch holds what it takes to tell the kind of the list.
static_assert(batch_bytes > 4 + 64 + 4 + max_template_name);

constexpr std::size_t kept_block = std::size_t{64} << 10U;

// A template's name has no blanks and no control characters.
bool is_name_character(char c) {
  return c > ' ' && c < '\x7f';
}

// What the first entry of a binary list looks like when its digests are of this algorithm.
bool begins_entry(ByteView beginning, HashAlg alg) {
  ByteReader reader(beginning);
  reader.skip(4, "pcr");
  reader.skip(digest_size(alg), "digest");
  const auto size = reader.u32("name length");
  if (!reader.ok() || size == 0 || size > max_template_name) return false;
  const std::string_view name = as_text(reader.bytes(size, "name"));
  if (!reader.ok() || !std::ranges::all_of(name, is_name_character)) return false;
  return find_template(name) != nullptr || parse_format(name).has_value();
}

}  // namespace

std::string_view name(ListForm form) {
  switch (form) {
    case ListForm::binary:
      return "binary";
    case ListForm::ascii:
      return "ascii";
    case ListForm::cel_tlv:
      return "cel-tlv";
    case ListForm::cel_json:
      return "cel-json";
  }
  return "";
}

std::optional<ListForm> find_list_form(std::string_view name) {
  for (const ListForm form :
       {ListForm::binary, ListForm::ascii, ListForm::cel_tlv, ListForm::cel_json}) {
    if (ima::name(form) == name) return form;
  }
  return std::nullopt;
}

Result<ListKind> detect_list(ByteView beginning) {
  if (const auto hash = hash_of_line(as_text(beginning))) {
    return ListKind{.form = ListForm::ascii, .template_hash = *hash};
  }
  for (const HashAlg alg : all_hash_algs) {
    if (begins_entry(beginning, alg)) {
      return ListKind{.form = ListForm::binary, .template_hash = alg};
    }
  }
  if (const auto hash = hash_of_tlv(beginning)) {
    return ListKind{.form = ListForm::cel_tlv, .template_hash = *hash};
  }
  if (const auto hash = hash_of_cel_json(beginning)) {
    return ListKind{.form = ListForm::cel_json, .template_hash = *hash};
  }
  return fail_at(ErrorCode::malformed, "entry", 0,
                 "no measurement list begins like this, be it binary, ASCII or canonical");
}

ByteView Batch::keep(ByteView bytes) {
  if (kept_.empty() || kept_.back().capacity() - kept_.back().size() < bytes.size()) {
    kept_.emplace_back().reserve(std::max(kept_block, bytes.size()));
  }
  Bytes& block = kept_.back();
  const std::size_t at = block.size();
  append(block, bytes);
  return ByteView(block).subspan(at);
}

ByteView Batch::own(Bytes bytes) {
  return owned_.emplace_back(std::move(bytes));
}

const Template* ListDecoder::shape_of(std::string_view name) {
  if (const Template* known = find_template(name); known != nullptr && known->name() == name) {
    return known;
  }
  auto found = custom_.find(name);
  if (found == custom_.end()) {
    found = custom_.emplace(std::string(name), nullptr).first;
    if (const auto made = parse_format(found->first)) {
      found->second = std::make_unique<const Template>(*made);
    }
  }
  return found->second.get();
}

Result<Batch> ListDecoder::add(ByteView piece) {
  append(pending_, piece);
  return pending_.size() < enough_ ? Batch(count_) : decode(Rest::follows);
}

Result<Batch> ListDecoder::finish() {
  return pending_.empty() ? Batch(count_) : decode(Rest::none);
}

Result<Batch> ListDecoder::decode(Rest rest) {
  if (!known_) {
    TRY_ASSIGN(kind_, detect_list(pending_));
    known_ = true;
  }
  Batch batch(count_);
  batch.records.reserve(usual_);
  const ByteView bytes = batch.own(std::exchange(pending_, {}));
  auto used = decode_form(bytes, batch, rest);
  if (!used) {
    return tl::unexpected(in(std::move(used), "entry " + std::to_string(count_)).error());
  }
  const ByteView left = bytes.subspan(*used);
  pending_.reserve(bytes.size() + left.size());  // what comes is mostly as long as what came
  append(pending_, left);
  // an entry longer than a batch is not looked at again for every piece of it
  enough_ = std::max(batch_bytes, 2 * left.size());
  offset_ += *used;
  usual_ = batch.records.size() + batch.records.size() / 8;
  return batch;
}

Result<std::size_t> ListDecoder::decode_form(ByteView bytes, Batch& batch, Rest rest) {
  switch (kind_.form) {
    case ListForm::binary:
      return decode_binary(bytes, batch, rest);
    case ListForm::ascii:
      return decode_ascii(as_text(bytes), batch, rest);
    case ListForm::cel_tlv:
      return decode_tlv(bytes, batch, rest);
    case ListForm::cel_json:
      break;
  }
  return decode_json(as_text(bytes), batch, rest);
}

Result<std::size_t> ListDecoder::decode_tlv(ByteView bytes, Batch& batch, Rest rest) {
  std::size_t used = 0;
  while (used < bytes.size()) {
    ByteReader reader(bytes.subspan(used), offset_ + used);
    Record record;
    record.offset = reader.offset();
    if (auto done = read_cel_tlv(reader, kind_.template_hash, recnum_, record); !done) {
      // what is not there yet can be missing only where the fields of the entry themselves end
      if (!reader.ok() && done.error().code == ErrorCode::truncated && rest == Rest::follows) break;
      return tl::unexpected(std::move(done).error());
    }
    record.shape = shape_of(record.templ);
    batch.records.push_back(record);
    used = bytes.size() - reader.remaining();
    ++count_;
  }
  return used;
}

// As a whole, at the end.
Result<std::size_t> ListDecoder::decode_json(std::string_view text, Batch& batch, Rest rest) {
  if (text.size() > max_cel_json) {
    return fail(ErrorCode::limit, "more than " + std::to_string(max_cel_json) + " bytes of JSON");
  }
  if (rest == Rest::follows) return 0;
  TRY_ASSIGN(const std::vector<CelEntry> entries, parse_cel_json(text, kind_.template_hash));
  for (const CelEntry& each : entries) {
    const ByteView templ = batch.keep(as_bytes(each.templ));
    batch.records.push_back({.pcr = each.pcr,
                             .digest = batch.keep(each.digest),
                             .templ = as_text(templ),
                             .shape = shape_of(each.templ),
                             .data = batch.keep(each.data)});
    ++count_;
  }
  return text.size();
}

Result<std::size_t> ListDecoder::decode_binary(ByteView bytes, Batch& batch, Rest rest) {
  std::size_t used = 0;
  while (used < bytes.size()) {
    ByteReader reader(bytes.subspan(used), offset_ + used);
    Record record;
    if (auto done = read_binary(reader, record, batch); !done) {
      if (done.error().code == ErrorCode::truncated && rest == Rest::follows) break;
      return tl::unexpected(std::move(done).error());
    }
    batch.records.push_back(record);
    used = bytes.size() - reader.remaining();
    ++count_;
  }
  return used;
}

Status ListDecoder::read_binary(ByteReader& reader, Record& record, Batch& batch) {
  record.offset = reader.offset();
  record.pcr = reader.u32("pcr");
  record.digest = reader.bytes(digest_size(kind_.template_hash), "digest");
  const auto name_size = reader.u32("template name length");
  if (reader.ok() && (name_size == 0 || name_size > max_template_name)) {
    reader.reject(
        ErrorCode::limit, "template name length",
        std::to_string(name_size) + " is not within 1 to " + std::to_string(max_template_name));
  }
  record.templ = as_text(reader.bytes(name_size, "template name"));
  if (!reader.ok()) return reader.status();
  record.shape = shape_of(record.templ);
  const bool old = record.shape != nullptr && record.shape->is_old();
  const ByteView digest = old ? reader.bytes(digest_size(HashAlg::sha1), "d") : ByteView();
  const auto size = reader.u32(old ? "n length" : "template data length");
  const std::uint32_t most = old ? old_name_size - 1 : max_template_data;
  if (size > most) {
    reader.reject(ErrorCode::limit, old ? "n length" : "template data length",
                  std::to_string(size) + " is more than " + std::to_string(most));
  }
  const ByteView data = reader.bytes(size, old ? "n" : "template data");
  if (!reader.ok()) return reader.status();
  record.data = old ? keep_old(batch, digest, data) : data;
  return {};
}

Result<std::size_t> ListDecoder::decode_ascii(std::string_view text, Batch& batch, Rest rest) {
  std::size_t used = 0;
  while (used < text.size()) {
    const auto end = end_of_entry(text, used, kind_.template_hash, rest == Rest::none);
    if (!end && text.size() - used <= max_line) break;
    const std::size_t stop = end.value_or(text.size());
    const std::size_t size = stop - used;
    if (size > max_line) {
      return fail_at(ErrorCode::limit, "line", offset_ + used,
                     "is longer than " + std::to_string(max_line) + " characters");
    }
    Record record;
    record.offset = offset_ + used;
    TRY(read_line(text.substr(used, size), record, batch));
    batch.records.push_back(record);
    used = std::min(text.size(), stop + 1);
    ++count_;
  }
  return used;
}

Status ListDecoder::read_line(std::string_view line, Record& record, Batch& batch) {
  TRY_ASSIGN(const AsciiLine parts, cut_line(line, kind_.template_hash, record.offset));
  record.pcr = parts.pcr;
  Bytes digest;
  append_hex(digest, parts.digest);
  record.digest = batch.keep(digest);
  record.templ = parts.templ;
  record.shape = shape_of(parts.templ);
  if (record.shape == nullptr) {
    return fail_at(ErrorCode::unsupported, "template name", record.offset,
                   "the data of template '" + printable(parts.templ) +
                       "' cannot be told from text; read the binary list");
  }
  TRY_ASSIGN(const Bytes data, data_of_line(*record.shape, parts.fields, record.offset));
  record.data = batch.keep(data);
  return {};
}

}  // namespace etalon::ima
