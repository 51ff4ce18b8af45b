// SPDX-License-Identifier: Apache-2.0
// The setup header of an x86 Linux kernel image (Linux, Documentation/arch/x86/boot.rst), as far as
// prediction and the search for the kernel's configuration need it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::uki {

struct BzImage {
  std::string version_text{};        // "6.1.0-50-cloud-amd64 (debian-kernel@…) #1 SMP …"
  std::uint16_t protocol = 0;        // 0x20f = 2.15
  std::uint16_t xloadflags = 0;      // bit 1: the initrd may lie above 4 GiB
  std::uint64_t payload_offset = 0;  // of the compressed kernel, from the start of the file
  ByteView payload{};                // that kernel, its four-byte size tail included

  // The first word of the text: what uname -r prints.
  std::string release() const;
};

// unsupported when there is no setup header of protocol 2.08 or later, which have all fields above.
Result<BzImage> decode_bzimage(ByteView file);

}  // namespace etalon::uki
