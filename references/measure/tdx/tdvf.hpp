// SPDX-License-Identifier: Apache-2.0
// TDVF metadata: the list of memory sections by which a TDX firmware image tells the VMM what to
// load, add and measure before the guest runs. Found through the GUID table that ends 32 bytes
// before the end of an OVMF image, or through the offset word that td-shim puts there instead
// (TDVF design guide; edk2 OvmfPkg ResetVector; td-shim-interface). decode_* gives plain structs
// from untrusted bytes, validate_metadata judges them: the rules are those of QEMU's loader plus
// what a value needs to be predictable. docs/formats/predict-mrtd.md lists them. All integers are
// little-endian.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure::tdx {

enum class SectionType : std::uint32_t {
  bfv = 0,            // boot firmware volume: code
  cfv = 1,            // configuration firmware volume: variables
  td_hob = 2,         // the VMM writes the hand-off block list here
  temp_mem = 3,       // zero pages
  perm_mem = 4,       // td-shim: added later, at run time
  payload = 5,        // td-shim
  payload_param = 6,  // td-shim
  td_info = 7,        // td-shim
  td_params = 8,      // td-shim
};

// "bfv", "cfv", "td-hob", …; an unknown number prints as decimal.
std::string name(SectionType type);

inline constexpr std::uint32_t attribute_mr_extend = 1U << 0U;  // content goes into MRTD
inline constexpr std::uint32_t attribute_page_aug = 1U << 1U;   // not added before the launch

struct Section {
  std::uint32_t data_offset = 0;  // bytes from the start of the image
  std::uint32_t raw_size = 0;     // bytes taken from the image
  std::uint64_t gpa = 0;          // guest physical address
  std::uint64_t mem_size = 0;     // bytes of guest memory
  SectionType type = SectionType::bfv;
  std::uint32_t attributes = 0;

  bool extended() const { return (attributes & attribute_mr_extend) != 0; }

  bool added() const { return (attributes & attribute_page_aug) == 0; }

  bool operator==(const Section&) const = default;
};

struct Metadata {
  std::uint64_t offset = 0;  // of the descriptor in the image
  std::uint32_t length = 0;  // as the descriptor states it
  std::vector<Section> sections{};

  bool operator==(const Metadata&) const = default;
};

inline constexpr std::uint64_t page_size = 0x1000;
// OVMF writes 6 or 7 sections and td-shim about 10; more than this is no firmware.
inline constexpr std::uint32_t max_sections = 64;
// The image ends at 4 GiB and shares that space with the devices; real ones have 2 to 16 MiB.
inline constexpr std::uint64_t max_firmware_size = std::uint64_t{64} << 20U;
// Guest memory that is added before the launch. OVMF adds 4 MiB; td-shim with a kernel payload some
// tens. The hypervisor measures every page of it, and so do we, twice: without a cap, a size of
// 2^60 in a hostile image would keep us hashing for years.
inline constexpr std::uint64_t max_added_memory = std::uint64_t{256} << 20U;
// Guest physical addresses have at most 52 bits (TDX module: GPAW 48 or 52).
inline constexpr std::uint64_t max_gpa = std::uint64_t{1} << 52U;

// Where the TDVF descriptor begins; not_found when the image has none.
Result<std::uint64_t> find_descriptor(ByteView firmware);

// The descriptor and its sections as written; signature, version and the number of sections are
// judged here because the layout depends on them.
Result<Metadata> decode_metadata(ByteView firmware, std::uint64_t descriptor_offset);
Bytes encode_metadata(const Metadata& metadata);

// Judges sizes, windows, alignment, types and attributes; `firmware_size` is that of the image.
Status validate_metadata(const Metadata& metadata, std::uint64_t firmware_size);

// find, decode and validate in one.
Result<Metadata> read_metadata(ByteView firmware);

// A split image as the guest sees it: variables first, code behind (the file offsets of the
// metadata count from the start of the variables). Files given in the wrong order are refused.
Result<Bytes> join_split(ByteView vars, ByteView code);

}  // namespace etalon::measure::tdx
