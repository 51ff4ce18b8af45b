// SPDX-License-Identifier: Apache-2.0
// Grammar, by line: "" | "#" anything | "# CONFIG_" symbol " is not set" | "CONFIG_" symbol "="
// value
//   symbol  [A-Za-z0-9_]+
//   value   y | m | n | '"' text '"' with \" and \\ inside | anything else, as it stands
#include "kernel/config/kconfig.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "tools/base/result.hpp"

namespace etalon::kconfig {
namespace {

constexpr std::string_view prefix = "CONFIG_";
constexpr std::string_view unset_head = "# CONFIG_";
constexpr std::string_view unset_tail = " is not set";
constexpr std::string_view header_head = "# Linux/";
constexpr std::string_view header_tail = " Kernel Configuration";

bool is_symbol(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

tl::unexpected<Error> bad_line(std::size_t number, std::string_view why) {
  return fail(ErrorCode::malformed, "line " + std::to_string(number) + ": " + std::string(why));
}

// The text between the quotes; nothing when they are not closed or more stands behind them.
std::optional<std::string> unquote(std::string_view text) {
  std::string out;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1 == text.size() ? std::optional(out) : std::nullopt;
    if (text[i] == '\\') ++i;
    if (i == text.size()) return std::nullopt;
    out += text[i];
  }
  return std::nullopt;
}

}  // namespace

Status Config::assign(std::string_view line, std::size_t number) {
  if (!line.starts_with(prefix)) return bad_line(number, "neither a comment nor CONFIG_...=");
  const std::size_t equals = line.find('=');
  const std::string_view symbol = line.substr(0, equals).substr(prefix.size());
  if (equals == std::string_view::npos || !is_symbol(symbol)) {
    return bad_line(number, "neither a comment nor CONFIG_...=");
  }
  std::string value(line.substr(equals + 1));
  if (value.starts_with('"')) {
    auto text = unquote(value);
    if (!text) return bad_line(number, "a text that does not end with its quote");
    value = *std::move(text);
  }
  values_.insert_or_assign(std::string(symbol), Assigned{std::move(value), number});
  return {};
}

void Config::take_comment(std::string_view line) {
  if (header_ || !line.starts_with(header_head) || !line.ends_with(header_tail)) return;
  line.remove_prefix(header_head.size());
  const std::size_t blank = line.find(' ');
  if (blank + header_tail.size() >= line.size()) return;
  const std::string_view release =
      line.substr(blank + 1, line.size() - header_tail.size() - blank - 1);
  header_ = {.arch = std::string(line.substr(0, blank)), .release = std::string(release)};
}

void Config::set(std::string_view symbol, std::string value) {
  values_.insert_or_assign(std::string(symbol), Assigned{std::move(value), line(symbol)});
}

void Config::erase(std::string_view symbol) {
  const auto found = values_.find(symbol);
  if (found != values_.end()) values_.erase(found);
}

Result<Config> Config::parse(std::string_view text) {
  if (text.size() > max_config_size) {
    return fail(ErrorCode::limit,
                "more than " + std::to_string(max_config_size) + " bytes, which no .config has");
  }
  Config config;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool unset = line.starts_with(unset_head) && line.ends_with(unset_tail) &&
                       line.size() > unset_head.size() + unset_tail.size();
    const std::string_view symbol =
        unset ? line.substr(unset_head.size(), line.size() - unset_head.size() - unset_tail.size())
              : std::string_view();
    if (unset && is_symbol(symbol)) {
      config.values_.insert_or_assign(std::string(symbol), Assigned{"n", number});
    } else if (!line.empty() && !line.starts_with('#')) {
      TRY(config.assign(line, number));
    } else {
      config.take_comment(line);
    }
    if (config.values_.size() > max_config_symbols) {
      return fail(ErrorCode::limit, "more than " + std::to_string(max_config_symbols) + " symbols");
    }
  }
  return config;
}

std::string_view Config::value(std::string_view symbol) const {
  const auto found = values_.find(symbol);
  return found == values_.end() ? std::string_view("n") : std::string_view(found->second.value);
}

std::size_t Config::line(std::string_view symbol) const {
  const auto found = values_.find(symbol);
  return found == values_.end() ? 0 : found->second.line;
}

}  // namespace etalon::kconfig
