// SPDX-License-Identifier: Apache-2.0
#include "kernel/ima/cel_decode.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "kernel/ima/encode.hpp"
#include "kernel/ima/list.hpp"
#include "kernel/ima/record.hpp"
#include "kernel/ima/template.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/result.hpp"
#include "tools/codec/json.hpp"

namespace etalon::ima {
namespace {

constexpr std::size_t widest_number = 8;
constexpr std::uint32_t max_digests = 1024;  // bytes of all banks' digests

// The value of a field of this type; a failure of the reader where another stands there.
ByteView field(ByteReader& reader, std::uint8_t type, std::uint32_t most, std::string_view name) {
  const std::uint8_t found = reader.u8(name);
  if (reader.ok() && found != type) {
    reader.reject(ErrorCode::unsupported, name,
                  "type " + std::to_string(found) + " instead of " + std::to_string(type));
  }
  const std::uint32_t size = reader.u32_be(name);
  if (reader.ok() && size > most) {
    reader.reject(ErrorCode::limit, name,
                  std::to_string(size) + " bytes are more than " + std::to_string(most));
  }
  return reader.bytes(reader.ok() ? size : 0, name);
}

std::uint64_t number(ByteReader& reader, std::uint8_t type, std::string_view name) {
  std::uint64_t value = 0;
  for (const std::byte byte : field(reader, type, widest_number, name))
    value = (value << 8U) | std::to_integer<std::uint64_t>(byte);
  return value;
}

// The digest of this algorithm among all; the first of ours where none is asked for.
struct FoundDigest {
  std::optional<HashAlg> alg{};
  ByteView value{};
};

FoundDigest find_digest(ByteReader& digests, std::optional<HashAlg> wanted) {
  FoundDigest found;
  while (digests.ok() && digests.remaining() > 0) {
    const std::uint8_t id = digests.u8("digest algorithm");
    const std::uint32_t size = digests.u32_be("digest size");
    const ByteView value = digests.bytes(size, "digest");
    const auto alg = hash_alg_from_tpm(id);
    if (!digests.ok() || !alg || (wanted && *alg != *wanted) || found.alg) continue;
    if (size != digest_size(*alg)) {
      digests.reject(ErrorCode::malformed, "digest size",
                     std::to_string(size) + " is not that of " + std::string(name(*alg)));
    }
    found = {.alg = alg, .value = value};
  }
  return found;
}

Result<std::uint32_t> json_pcr(const Json& entry) {
  TRY_ASSIGN(const std::int64_t pcr, json_integer(entry, "pcr"));
  if (pcr < 0 || pcr > std::numeric_limits<std::uint32_t>::max()) {
    return fail(ErrorCode::malformed, "pcr is no number of 32 bits");
  }
  return static_cast<std::uint32_t>(pcr);
}

Result<Bytes> json_digest(const Json& entry, HashAlg alg) {
  TRY_ASSIGN(const Json::Array* digests, json_array(entry, "digests"));
  for (const Json& each : *digests) {
    TRY_ASSIGN(const std::string hash_alg, json_text(each, "hashAlg"));
    if (hash_alg != name(alg)) continue;
    TRY_ASSIGN(const std::string hex, json_text(each, "digest"));
    TRY_ASSIGN(const AnyDigest digest, AnyDigest::from_hex(alg, hex));
    return to_bytes(digest.view());
  }
  return fail(ErrorCode::malformed,
              "no " + std::string(name(alg)) + " digest, as those before have");
}

Result<CelEntry> json_entry(const Json& entry, HashAlg alg) {
  TRY_ASSIGN(const std::string type, json_text(entry, "content_type"));
  if (type != cel::content_type) {
    return fail(ErrorCode::unsupported,
                "content of type '" + printable(type) + "', not ima_template");
  }
  CelEntry out;
  TRY_ASSIGN(out.pcr, json_pcr(entry));
  TRY_ASSIGN(out.digest, json_digest(entry, alg));
  const Json* content = entry.find("content");
  if (content == nullptr) return fail(ErrorCode::malformed, "no content");
  TRY_ASSIGN(out.templ, json_text(*content, "template_name"));
  if (out.templ.empty() || out.templ.size() > max_template_name) {
    return fail(ErrorCode::limit, "template_name is not within 1 to " +
                                      std::to_string(max_template_name) + " characters");
  }
  TRY_ASSIGN(const std::string hex, json_text(*content, "template_data"));
  TRY_ASSIGN(out.data, from_hex(hex));
  return out;
}

}  // namespace

std::optional<HashAlg> hash_of_tlv(ByteView beginning) {
  ByteReader reader(beginning);
  (void)number(reader, cel::recnum, "recnum");
  (void)number(reader, cel::pcr, "pcr");
  ByteReader digests(field(reader, cel::digests, max_digests, "digests"));
  if (!reader.ok()) return std::nullopt;
  const FoundDigest found = find_digest(digests, std::nullopt);
  return digests.ok() ? found.alg : std::nullopt;
}

std::optional<HashAlg> hash_of_cel_json(ByteView beginning) {
  const std::string_view text = as_text(beginning);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || text[first] != '[') return std::nullopt;
  constexpr std::string_view key = "\"hashAlg\"";
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  const std::size_t open = text.find('"', at + key.size());
  const std::size_t close = open == std::string_view::npos ? open : text.find('"', open + 1);
  if (close == std::string_view::npos) return std::nullopt;
  const auto alg = parse_hash_alg(text.substr(open + 1, close - open - 1));
  return alg ? std::optional(*alg) : std::nullopt;
}

Status read_cel_tlv(ByteReader& reader, HashAlg alg, std::uint64_t& expected, Record& record) {
  const std::uint64_t recnum = number(reader, cel::recnum, "recnum");
  const std::uint64_t pcr = number(reader, cel::pcr, "pcr");
  const std::uint64_t digests_at = reader.offset();
  const ByteView digest_list = field(reader, cel::digests, max_digests, "digests");
  const std::uint64_t content_at = reader.offset();
  constexpr std::uint32_t most_content = max_template_data + max_template_name + 64;
  const ByteView content_list = field(reader, cel::ima_template, most_content, "content");
  TRY(reader.status());
  if (pcr > std::numeric_limits<std::uint32_t>::max()) {
    return fail_at(ErrorCode::malformed, "pcr", digests_at, "is no number of 32 bits");
  }
  if (expected != 0 && recnum != expected) {
    return fail_at(ErrorCode::malformed, "recnum", record.offset,
                   std::to_string(recnum) + " does not follow " + std::to_string(expected - 1));
  }
  ByteReader digests(digest_list, digests_at + 5);
  const FoundDigest found = find_digest(digests, alg);
  TRY(digests.status());
  if (!found.alg) {
    return fail_at(ErrorCode::malformed, "digests", digests_at,
                   "no " + std::string(name(alg)) + " digest, as those before have");
  }
  ByteReader content(content_list, content_at + 5);
  const ByteView templ = field(content, cel::template_name, max_template_name, "template name");
  record.data = field(content, cel::template_data, max_template_data, "template data");
  content.expect_end("content");
  TRY(content.status());
  expected = recnum + 1;
  record.pcr = static_cast<std::uint32_t>(pcr);
  record.digest = found.value;
  record.templ = as_text(templ);
  return {};
}

Result<std::vector<CelEntry>> parse_cel_json(std::string_view text, HashAlg alg) {
  TRY_ASSIGN(const Json list, parse_json(text));
  if (list.array() == nullptr) return fail(ErrorCode::malformed, "is no array of entries");
  std::vector<CelEntry> entries;
  entries.reserve(list.array()->size());
  for (std::size_t i = 0; i < list.array()->size(); ++i) {
    const Json& each = (*list.array())[i];
    TRY_ASSIGN(CelEntry entry, in(json_entry(each, alg), "entry " + std::to_string(i)));
    TRY_ASSIGN(const std::int64_t recnum,
               in(json_integer(each, "recnum"), "entry " + std::to_string(i)));
    TRY_ASSIGN(const std::int64_t first, json_integer(list.array()->front(), "recnum"));
    if (recnum != first + static_cast<std::int64_t>(i)) {
      return in(Result<std::vector<CelEntry>>(
                    fail(ErrorCode::malformed,
                         "recnum " + std::to_string(recnum) + " does not follow the one before")),
                "entry " + std::to_string(i));
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace etalon::ima
