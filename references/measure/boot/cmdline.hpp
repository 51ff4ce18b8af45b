// SPDX-License-Identifier: Apache-2.0
// The kernel's command line as systemd-stub makes it of text in the UKI or in the boot entry.
#pragma once

#include <string>
#include <string_view>

#include "references/measure/profiles/stub.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::measure {

// Control characters become blanks; blanks at the end, and at the start where the stub does so, are
// cut; characters outside the basic multilingual plane are dropped, because the stub's conversion
// has 16 bits. malformed when the text is not UTF-8; unsupported when it begins with a blank and it
// is not known what that stub makes of it.
Result<std::string> mangle_cmdline(std::string_view text, LeadingBlanks leading);

// True when one of the words sets console=.
bool sets_console(std::string_view cmdline);

// Whether a text stays as it is, whatever a version makes of control characters and of blanks at
// the ends.
bool passes_unchanged(std::string_view cmdline);

}  // namespace etalon::measure
