// SPDX-License-Identifier: Apache-2.0
// The byte layout of TDVF metadata, shared by the codec and by the checks, whose messages name
// offsets.
#pragma once

#include <cstdint>
#include <string_view>

namespace etalon::measure::tdx {

// Descriptor: char[4] "TDVF", u32 length = 16 + 32 n, u32 version = 1, u32 n, then n sections:
// u32 data_offset, u32 raw_size, u64 gpa, u64 mem_size, u32 type, u32 attributes.
inline constexpr std::uint64_t descriptor_size = 16;
inline constexpr std::uint64_t section_size = 32;
inline constexpr std::string_view descriptor_signature = "TDVF";
inline constexpr std::uint32_t descriptor_version = 1;

namespace field_offset {
inline constexpr std::uint64_t length = 4;
inline constexpr std::uint64_t version = 8;
inline constexpr std::uint64_t count = 12;
inline constexpr std::uint64_t data_offset = 0;
inline constexpr std::uint64_t raw_size = 4;
inline constexpr std::uint64_t gpa = 8;
inline constexpr std::uint64_t mem_size = 16;
inline constexpr std::uint64_t type = 24;
inline constexpr std::uint64_t attributes = 28;
}  // namespace field_offset

}  // namespace etalon::measure::tdx
