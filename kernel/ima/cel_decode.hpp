// SPDX-License-Identifier: Apache-2.0
// The parts of the list reader that know the Canonical Event Log; its grammar stands in encode.hpp.
// Of use to list.cpp only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kernel/ima/record.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/reader.hpp"
#include "tools/base/result.hpp"

namespace etalon::ima {

// A whole CEL-JSON text is held in memory; the limit of JSON values admits some 80,000 entries.
inline constexpr std::size_t max_cel_json = std::size_t{64} << 20U;

struct CelEntry {
  std::uint32_t pcr = 0;
  Bytes digest{};
  std::string templ{};
  Bytes data{};
};

// The algorithm of a list that begins like CEL-TLV: the first digest of its first entry that is one
// of ours.
std::optional<HashAlg> hash_of_tlv(ByteView beginning);
std::optional<HashAlg> hash_of_cel_json(ByteView beginning);

// Views into what the reader is over. Entries must have a digest of the algorithm, and be
// numbered from 0 or on from the first.
Status read_cel_tlv(ByteReader& reader, HashAlg alg, std::uint64_t& expected, Record& record);

Result<std::vector<CelEntry>> parse_cel_json(std::string_view text, HashAlg alg);

}  // namespace etalon::ima
