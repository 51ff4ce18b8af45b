// SPDX-License-Identifier: Apache-2.0
// Events and digests as canonical JSON, the form of eventlogs/<platform>.json in a bundle and of
// --json output: {register,type,type_num,digests,data,preimage,origin,basis,summary}; data and
// preimage as hex.
#pragma once

#include <span>

#include "references/eventlog/event.hpp"
#include "references/eventlog/replay.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"
#include "tools/codec/json.hpp"

namespace etalon::eventlog {

// {"sha256":hex,…}
Json digests_json(const DigestSet& digests);
Result<DigestSet> parse_digests(const Json::Object& json);

Json event_json(const Event& event);
Result<Event> parse_event(const Json& json);

Json log_json(std::span<const Event> log);
Result<EventLog> parse_log(const Json& json);

// {"rtmr0":{"sha384":hex},…}
Json registers_json(const RegisterValues& values);

}  // namespace etalon::eventlog
