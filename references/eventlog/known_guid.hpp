// SPDX-License-Identifier: Apache-2.0
// Names of GUIDs that occur in event data: owners of EFI variables and of signatures, tables handed
// over by the firmware, types of partitions.
#pragma once

#include <string>
#include <string_view>

#include "tools/base/guid.hpp"

namespace etalon::eventlog {

// Empty when it is not known.
std::string_view known_guid(const Guid& guid);

// "c12a7328-f81f-11d2-ba4b-00a0c93ec93b (EFI system partition)", or the GUID alone.
std::string guid_text(const Guid& guid);

}  // namespace etalon::eventlog
