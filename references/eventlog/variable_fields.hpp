// SPDX-License-Identifier: Apache-2.0
// The fields of events about EFI variables: whose it is, its name and what its value says. Values
// by UEFI 2.10, sections 3.1.3 and 32.4.1, and by shim 15 for its own variables.
#pragma once

#include "references/eventlog/event_fields.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::eventlog {

// EV_EFI_VARIABLE_DRIVER_CONFIG, EV_EFI_VARIABLE_BOOT and EV_EFI_VARIABLE_BOOT2.
Result<Fields> variable_fields(ByteView data);
// EV_EFI_VARIABLE_AUTHORITY: the value is what verified an image, one entry of a database.
Result<Fields> authority_fields(ByteView data);

}  // namespace etalon::eventlog
