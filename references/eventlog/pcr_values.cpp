// SPDX-License-Identifier: Apache-2.0
#include "references/eventlog/pcr_values.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"

namespace etalon::eventlog {
namespace {

constexpr std::uint32_t pcr_count = 24;
constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = std::min(text.find_first_not_of(blanks), text.size());
  text.remove_prefix(first);
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

// Cuts off the front up to a blank.
std::string_view take_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find_first_of(blanks));
  text = trimmed(text.substr(word.size()));
  return word;
}

Result<std::uint32_t> parse_index(std::string_view text) {
  std::uint32_t index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error != std::errc() || end != text.data() + text.size() || index >= pcr_count) {
    return fail(ErrorCode::malformed, "'" + printable(text) + "' is no PCR from 0 to 23");
  }
  return index;
}

std::optional<HashAlg> bank_by_size(std::size_t bytes) {
  for (const HashAlg alg : all_hash_algs) {
    if (digest_size(alg) == bytes) return alg;
  }
  return std::nullopt;
}

Status add(PcrValues& values, HashAlg bank, std::uint32_t index, std::string_view hex) {
  TRY_ASSIGN(const AnyDigest value, AnyDigest::from_hex(bank, hex));
  DigestSet& pcr = values[index];
  if (pcr.find(bank) != nullptr) {
    return fail(ErrorCode::malformed,
                std::string(name(bank)) + " PCR " + std::to_string(index) + " is given twice");
  }
  pcr.set(value);
  return {};
}

// A bank as tpm2-tools call it; "sm3_256" is one, though none of ours.
bool is_bank_name(std::string_view text) {
  return !text.empty() && text.front() >= 'a' && text.front() <= 'z' &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
         });
}

class Parser {
 public:
  Status line(std::string_view text) {
    text = trimmed(text);
    if (text.empty() || text.front() == '#') return {};
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return plain(text);
    const std::string_view before = trimmed(text.substr(0, colon));
    const std::string_view behind = trimmed(text.substr(colon + 1));
    if (behind.empty() && is_bank_name(before)) {
      bank_ = before;
      return {};
    }
    return numbered(before, behind);
  }

  PcrValues values;

 private:
  Status plain(std::string_view text) {
    const std::string_view bank = take_word(text);
    const std::string_view number = take_word(text);
    if (!is_bank_name(bank)) {
      return fail(ErrorCode::malformed, "'" + printable(bank) + "' is no bank");
    }
    TRY_ASSIGN(const std::uint32_t index, parse_index(number));
    const auto alg = parse_hash_alg(bank);
    return alg ? add(values, *alg, index, text) : Status();
  }

  Status numbered(std::string_view number, std::string_view value) {
    if (number.starts_with("PCR-")) number.remove_prefix(4);
    if (value.starts_with("0x")) value.remove_prefix(2);
    TRY_ASSIGN(const std::uint32_t index, parse_index(number));
    std::string hex(value);
    std::erase(hex, ' ');
    if (bank_) {
      const auto alg = parse_hash_alg(*bank_);
      return alg ? add(values, *alg, index, hex) : Status();
    }
    const auto alg = bank_by_size(hex.size() / 2);
    if (!alg) {
      return fail(ErrorCode::malformed,
                  "no bank has values of " + std::to_string(hex.size()) + " digits");
    }
    return add(values, *alg, index, hex);
  }

  std::optional<std::string_view> bank_;
};

}  // namespace

Result<PcrValues> parse_pcr_values(std::string_view text) {
  Parser parser;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    TRY(in(parser.line(text.substr(0, end)), "line " + std::to_string(number)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (parser.values.empty()) return fail(ErrorCode::malformed, "no PCR values");
  return std::move(parser.values);
}

Result<std::uint32_t> add_pcr_value(PcrValues& values, std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::size_t last = text.rfind(':');
  if (colon == std::string_view::npos) return fail(ErrorCode::usage, "must be BANK:[PCR:]HEX");
  TRY_ASSIGN(const HashAlg bank, parse_hash_alg(text.substr(0, colon)));
  std::uint32_t index = 10;
  if (last != colon) {
    TRY_ASSIGN(index, parse_index(text.substr(colon + 1, last - colon - 1)));
  }
  TRY(add(values, bank, index, text.substr(last + 1)));
  return index;
}

}  // namespace etalon::eventlog
