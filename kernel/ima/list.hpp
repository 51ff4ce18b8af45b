// SPDX-License-Identifier: Apache-2.0
// Reads measurement lists, binary, ASCII and canonical (encode.hpp), piece by piece, so that a list
// of any length takes the memory of a piece. A list of a PCR bank
// (binary_runtime_measurements_sha256) carries that bank's template digests, the one without a
// suffix those of SHA-1; neither says so, and it is read off the first entry. Source: Linux,
// security/integrity/ima/ima_fs.c and ima_template_lib.c (6.12).
//
//   binary entry = u32 pcr, digest, u32 length, template name, data;   little-endian
//   data         = u32 length, fields               all templates but `ima`
//                | 20 bytes digest, u32 length, name            template `ima`
//   ASCII line   = "%2d" pcr, SP hex digest, SP template name, { SP field }, LF
//
// A line break inside a file's name is part of the ASCII list as it is. A line that cannot begin an
// entry therefore belongs to the entry before it; where a name makes up such a beginning, the
// template digests of both differ from what is listed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/ima/record.hpp"
#include "kernel/ima/template.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/result.hpp"

namespace etalon::ima {

// What we read at most of one entry. Large are a keyring's certificates, kernel buffers and
// attribute values, of at most 64 KiB each.
inline constexpr std::uint32_t max_template_data = std::uint32_t{4} << 20U;
inline constexpr std::size_t max_line = 2 * std::size_t{max_template_data} + 4096;

enum class ListForm : std::uint8_t {
  binary,
  ascii,
  cel_tlv,   // TCG Canonical Event Log, as bytes
  cel_json,  // the same as JSON
};

// "binary", "ascii", "cel-tlv", "cel-json"
std::string_view name(ListForm form);
std::optional<ListForm> find_list_form(std::string_view name);

struct ListKind {
  ListForm form = ListForm::binary;
  HashAlg template_hash = HashAlg::sha1;

  bool operator==(const ListKind&) const = default;
};

// Entries are decoded when this much has come, so that what is done once per batch costs nothing.
inline constexpr std::size_t batch_bytes = std::size_t{256} << 10U;

// What kind of list begins like this; malformed when none does.
Result<ListKind> detect_list(ByteView beginning);

// Consecutive entries and the bytes they look at.
class Batch {
 public:
  explicit Batch(std::uint64_t number) : first(number) {}

  Batch(const Batch&) = delete;  // records look at what it holds
  Batch& operator=(const Batch&) = delete;
  Batch(Batch&&) noexcept = default;
  Batch& operator=(Batch&&) noexcept = default;
  ~Batch() = default;

  std::vector<Record> records{};
  std::uint64_t first;  // number of the first record, counted from 0

  // A copy that lives as long as the batch.
  ByteView keep(ByteView bytes);
  // The same without a copy.
  ByteView own(Bytes bytes);

 private:
  // Deques: what they hold stays where it is, also when the batch moves.
  std::deque<Bytes> kept_;  // each with room, filled up
  std::deque<Bytes> owned_;
};

class ListDecoder {
 public:
  ListDecoder() = default;

  // For a list of this kind, whatever it looks like.
  explicit ListDecoder(ListKind kind) : kind_(kind), known_(true) {}

  // Entries that are complete with this piece, if it is time for a batch. Batches look at the
  // templates of the decoder, which must outlive them. After an error the decoder is of no use any
  // more.
  Result<Batch> add(ByteView piece);
  // The rest of them; truncated when the list ends inside an entry.
  Result<Batch> finish();

  // Nothing before enough of the list was seen.
  std::optional<ListKind> kind() const { return known_ ? std::optional(kind_) : std::nullopt; }

 private:
  enum class Rest : std::uint8_t { follows, none };

  Result<Batch> decode(Rest rest);
  Result<std::size_t> decode_form(ByteView bytes, Batch& batch, Rest rest);
  Result<std::size_t> decode_binary(ByteView bytes, Batch& batch, Rest rest);
  Result<std::size_t> decode_ascii(std::string_view text, Batch& batch, Rest rest);
  Result<std::size_t> decode_tlv(ByteView bytes, Batch& batch, Rest rest);
  Result<std::size_t> decode_json(std::string_view text, Batch& batch, Rest rest);
  Status read_binary(ByteReader& reader, Record& record, Batch& batch);
  Status read_line(std::string_view line, Record& record, Batch& batch);
  const Template* shape_of(std::string_view name);

  ListKind kind_{};
  bool known_ = false;
  Bytes pending_{};                   // what is not decoded yet
  std::uint64_t offset_ = 0;          // of pending_ in the list
  std::uint64_t count_ = 0;           // entries so far
  std::size_t enough_ = batch_bytes;  // pending bytes to decode at
  std::uint64_t recnum_ = 0;          // of the next entry of a CEL; 0 before the first
  std::size_t usual_ = 0;             // entries of the batch before
  std::map<std::string, std::unique_ptr<const Template>, std::less<>> custom_{};  // null: no format
};

}  // namespace etalon::ima
