// SPDX-License-Identifier: Apache-2.0
// PE/COFF images as UEFI firmware sees them (Microsoft PE format; UEFI 2.10, section 2.1.1): the
// headers, the section table and the window of the certificate table. Nothing is copied; a Pe views
// the file it was decoded from. Integers are little-endian, offsets count from the start of the
// file. What would make the digest of the image ambiguous (windows outside the file, sections that
// share bytes of the file) is refused; what is only odd is a finding.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/result.hpp"

namespace etalon::uki {

inline constexpr std::uint16_t max_sections = 96;  // the PE format's own limit for images
inline constexpr std::uint64_t max_zero_fill = 64U << 20U;

struct Section {
  std::string name{};  // the eight bytes without the NULs at their end
  std::uint32_t virtual_size = 0;
  std::uint32_t virtual_address = 0;
  std::uint32_t raw_size = 0;
  std::uint32_t raw_offset = 0;
  std::uint32_t characteristics = 0;

  bool operator==(const Section&) const = default;
};

// The memory of a section: the first VirtualSize bytes of its data, and zeros where the file stores
// fewer.
struct Content {
  ByteView stored{};
  std::uint64_t zeros = 0;

  std::uint64_t size() const { return stored.size() + zeros; }

  Bytes copy() const;
};

// Digests of the whole content.
DigestSet hash_content(std::span<const HashAlg> algs, const Content& content);
// Feeds the whole content.
void update(MultiHasher& hasher, const Content& content);

enum class PeFormat : std::uint16_t { pe32 = 0x10b, pe32_plus = 0x20b };

struct Window {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;

  bool operator==(const Window&) const = default;
};

// Something odd that is accepted.
struct Finding {
  std::string id{};  // "virtual-overlap", "uncovered-bytes", …: docs/formats/image-list.md
  std::string message{};

  bool operator==(const Finding&) const = default;
};

struct Pe {
  ByteView file{};
  std::uint16_t machine = 0;
  PeFormat format = PeFormat::pe32_plus;
  std::uint16_t subsystem = 0;
  std::uint32_t headers_size = 0;                        // SizeOfHeaders
  std::uint64_t checksum_offset = 0;                     // of the CheckSum field
  std::optional<std::uint64_t> security_entry_offset{};  // of the Certificate Table entry, if any
  Window certificates{};                                 // what that entry says
  std::vector<Section> sections{};                       // in the order of the table
  std::vector<Finding> findings{};

  // The first section of that name.
  const Section* find(std::string_view name) const;
  // The sections that have data in the file, in the order of the file.
  std::vector<const Section*> by_raw_offset() const;
  // What the section holds in memory; limit error when more than max_zero_fill zeros are implied.
  Result<Content> content(const Section& section) const;
};

Result<Pe> decode_pe(ByteView file);

}  // namespace etalon::uki
