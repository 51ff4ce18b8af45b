// SPDX-License-Identifier: Apache-2.0
// What the digest of an event depends on, in words: the first question when it is not the expected
// one. A table by event type, and where one type serves several things by how its data begins or
// which register it extends (TCG PC Client Platform Firmware Profile 1.06, section 10.4; what OVMF,
// shim, systemd-stub and Linux put there).
#pragma once

#include <string_view>

#include "references/eventlog/event.hpp"

namespace etalon::eventlog {

// Empty when nothing is known about such events.
std::string_view varies_with(const Event& event);

}  // namespace etalon::eventlog
