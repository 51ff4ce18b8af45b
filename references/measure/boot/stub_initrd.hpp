// SPDX-License-Identifier: Apache-2.0
// The initrd as systemd-stub hands it to the kernel, which measures it as a whole: sections of the
// UKI and archives the stub generates of others and of files beside the UKI, in the order of its
// profile (systemd, src/boot/cpio.c and stub.c).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mkosi/uki/uki.hpp"
#include "references/measure/boot/esp_files.hpp"
#include "references/measure/boot/stub_cpio.hpp"
#include "references/measure/profiles/stub.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"

namespace etalon::measure {

// The archive of one kind of files.
StubArchive archive_of(const Sidecar& sidecar);

struct StubInitrd {
  DigestSet digests{};
  std::vector<std::string> members{};  // ".initrd", ".extra/os-release", …, in order
};

// Nothing when no member has content: then the stub hands over no initrd. Two or more members are
// each padded with zeros to a multiple of four bytes, a single one is passed as it is.
std::optional<StubInitrd> hash_stub_initrd(const StubProfile& stub, const uki::Uki& image,
                                           std::span<const Sidecar> sidecars,
                                           std::span<const HashAlg> algs);

}  // namespace etalon::measure
