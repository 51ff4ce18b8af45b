// SPDX-License-Identifier: Apache-2.0
// An event's data as named fields for people, by its type (TCG PC Client Platform Firmware Profile
// 1.06, section 10.4). They say what the data claims; check_data() says whether the digest is over
// it. Nothing fails: of data that does not fit its type there is one field `malformed` with the
// reason, and one with the beginning of the data; data of unknown types is shown as hex.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "references/eventlog/event.hpp"
#include "tools/base/bytes.hpp"

namespace etalon::eventlog {

// Names repeat: a partition table has one field `partition` for each. Both are one line of
// printable ASCII, and not empty: an empty text is shown as `empty`.
struct Field {
  std::string name{};
  std::string value{};

  bool operator==(const Field&) const = default;
};

using Fields = std::vector<Field>;

// Of repeated parts so many are listed, and a field `more …` says how many are not.
inline constexpr std::size_t max_listed = 64;

Fields event_fields(EventType type, ByteView data);

}  // namespace etalon::eventlog
