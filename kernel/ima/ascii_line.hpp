// SPDX-License-Identifier: Apache-2.0
// The parts of the list readers that know the text of an entry: where it ends, what it is cut into,
// and the bytes its fields stand for. Of use to list.cpp only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "kernel/ima/list.hpp"
#include "kernel/ima/template.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"

namespace etalon::ima {

struct AsciiLine {
  std::uint32_t pcr = 0;
  std::string_view digest{};
  std::string_view templ{};
  std::string_view fields{};  // each with the blank before it
};

// The algorithm of the template digest, when `text` begins like an entry.
std::optional<HashAlg> hash_of_line(std::string_view text);

// Where the entry that begins at `at` has its line break, or `text` its end; nothing while what
// follows may still belong to the entry.
std::optional<std::size_t> end_of_entry(std::string_view text, std::size_t at, HashAlg hash,
                                        bool is_all);

// `offset` is the line's in the list.
Result<AsciiLine> cut_line(std::string_view line, HashAlg hash, std::uint64_t offset);

// What the template digest is of.
Result<Bytes> data_of_line(const Template& shape, std::string_view fields, std::uint64_t offset);

// The data of template `ima`: the digest, and the name with zeros up to old_name_size.
ByteView keep_old(Batch& batch, ByteView digest, ByteView name);

}  // namespace etalon::ima
