// SPDX-License-Identifier: Apache-2.0
// What the parts of a predicted boot have in common: origins of events, images the firmware starts,
// data of tagged events. Internal to references/measure/boot.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mkosi/uki/pe.hpp"
#include "references/eventlog/event.hpp"
#include "references/measure/boot/log_builder.hpp"
#include "references/measure/boot/uki_boot.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure {

// UTF-16LE with a NUL at its end, of ASCII.
Bytes utf16_text(std::string_view ascii);

// Data of an EV_EVENT_TAG (TCG_PCClientTaggedEvent): u32 tag, u32 size, description.
Bytes tagged_data(std::uint32_t tag, ByteView description);

// Our boots prove the firmware events of PCRs; those of RTMRs were seen in others' logs.
eventlog::Basis firmware_basis(const LogBuilder& log);

eventlog::Origin from_platform(std::string_view rule);
// `digests` are of the input's bytes.
eventlog::Origin from_input(std::string input, const DigestSet& digests, std::string_view rule);
eventlog::Origin from_file(const NamedBytes& file, std::string_view rule);

// The EV_EFI_BOOT_SERVICES_APPLICATION event of an image that the firmware starts; its data, which
// holds addresses, stays empty.
Status add_image(LogBuilder& log, const uki::Pe& pe, eventlog::Event event);

}  // namespace etalon::measure
