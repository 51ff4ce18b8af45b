// SPDX-License-Identifier: Apache-2.0
// A kernel's configuration as its build wrote it: the text of .config, or of the copy a kernel
// carries (IKCONFIG). Forms: CONFIG_X=y, =m, =n, ="text", =number, and "# CONFIG_X is not set",
// which means n; every other line that begins with # is a comment, and the last assignment of a
// symbol wins (Linux, scripts/kconfig/confdata.c).
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tools/base/result.hpp"

namespace etalon::kconfig {

// A configuration has some 12,000 lines; these hold it and refuse what is none.
inline constexpr std::size_t max_config_size = std::size_t{4} << 20U;
inline constexpr std::size_t max_config_symbols = 100'000;

// What the third line of a configuration says of the kernel it was made for.
struct ConfigHeader {
  std::string arch{};     // "x86"
  std::string release{};  // "6.12.107"
};

class Config {
 public:
  // Every line must have one of the forms. `text` is the whole file.
  static Result<Config> parse(std::string_view text);

  // The value without its quotes; "n" for a symbol that is not set or not there. `symbol` is
  // written without CONFIG_.
  std::string_view value(std::string_view symbol) const;

  bool is_builtin(std::string_view symbol) const { return value(symbol) == "y"; }

  bool is_module(std::string_view symbol) const { return value(symbol) == "m"; }

  // Whether it has a line for the symbol, be it that it is not set.
  bool contains(std::string_view symbol) const { return values_.find(symbol) != values_.end(); }

  bool operator==(const Config& other) const { return values_ == other.values_; }

  // Where the last line of a symbol stands among all lines, from 1; 0 where it has none.
  std::size_t line(std::string_view symbol) const;

  std::size_t size() const { return values_.size(); }

  // Of "# Linux/x86 6.12.107 Kernel Configuration"; nothing where no such line is.
  const std::optional<ConfigHeader>& header() const { return header_; }

  // Gives a symbol another value, or takes its line away.
  void set(std::string_view symbol, std::string value);
  void erase(std::string_view symbol);

 private:
  Status assign(std::string_view line, std::size_t number);
  void take_comment(std::string_view line);

  std::optional<ConfigHeader> header_;

  struct Assigned {
    std::string value{};
    std::size_t line = 0;

    bool operator==(const Assigned& other) const { return value == other.value; }
  };

  std::map<std::string, Assigned, std::less<>> values_;
};

}  // namespace etalon::kconfig
