// SPDX-License-Identifier: Apache-2.0
#include "tools/etalon/predicted_log.hpp"

#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "references/eventlog/diff.hpp"
#include "references/eventlog/log_codec.hpp"
#include "references/eventlog/prediction_json.hpp"
#include "references/eventlog/untrusted_log.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"
#include "tools/codec/json.hpp"

namespace etalon::build {
namespace {

// A firmware log begins with the index of a register, which no JSON does.
bool looks_like_json(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  return start != std::string_view::npos && (text[start] == '{' || text[start] == '[');
}

Result<eventlog::PredictedLog> decode(ByteView bytes, const std::string& platform) {
  if (looks_like_json(as_text(bytes))) {
    TRY_ASSIGN(const Json document, parse_json(as_text(bytes)));
    return in(eventlog::parse_prediction(document, platform), "prediction");
  }
  if (!platform.empty())
    return fail(ErrorCode::usage, "a firmware log has no platforms to choose from");
  TRY_ASSIGN(const eventlog::UntrustedLog log, eventlog::decode_log(bytes));
  eventlog::PredictedLog predicted;
  TRY_ASSIGN(predicted.events, eventlog::to_events(log));
  return predicted;
}

}  // namespace

Result<eventlog::PredictedLog> load_predicted_log(const std::string& path,
                                                  const std::string& platform) {
  TRY_ASSIGN(const Bytes bytes, read_file(path, eventlog::max_log_size));
  return in_file(decode(bytes, platform), path);
}

}  // namespace etalon::build
