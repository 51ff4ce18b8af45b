// SPDX-License-Identifier: Apache-2.0
// One human line about an event's data, by its type: names, strings and addresses as the TCG PC
// Client Platform Firmware Profile 1.06, section 10, lays them out. It says what the data claims;
// whether the digest is over that data is another question. Nothing fails: data that does not fit
// its type is said to be malformed and shown as hex, and so is data of unknown types.
#pragma once

#include <string>

#include "references/eventlog/event.hpp"
#include "tools/base/bytes.hpp"

namespace etalon::eventlog {

// Printable ASCII without line breaks; long texts and data are cut and their size told.
std::string summarize(EventType type, ByteView data);

}  // namespace etalon::eventlog
