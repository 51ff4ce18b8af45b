// SPDX-License-Identifier: Apache-2.0
// What is known of the options of a Linux kernel that measure, appraise or prove something: in
// which versions each is there, what it needs, what pulls it in, and why one wants it (the Kconfig
// files of Linux 5.10.262, 6.1.192, 6.12.117 and 7.2.13, x86). The rows are data; between the last
// tree seen without something and the first seen with it nothing is guessed.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "tools/base/kernel_version.hpp"

namespace etalon::kconfig {

inline constexpr KernelVersion first_described_kernel{.version = 5, .patchlevel = 10};
inline constexpr KernelVersion last_described_kernel{.version = 7, .patchlevel = 2};

enum class Known : std::uint8_t { no, yes, unknown };

// The versions something holds in. A version of 0.0 leaves its side open.
struct Versions {
  KernelVersion last_without{};   // a tree seen without it
  KernelVersion first_with{};     // a tree seen with it
  KernelVersion last_with{};      // the last tree seen with it
  KernelVersion first_without{};  // the first seen without it again
};

Known holds(const Versions& versions, KernelVersion kernel);

enum class OptionType : std::uint8_t { boolean, tristate, number, text };

// Whether a line of a configuration can set it, or only other options do.
enum class Prompt : std::uint8_t { shown, hidden };

// Of the options of one choice exactly one is y.
enum class Choice : std::uint8_t { none, ima_template, ima_hash };

struct Option {
  std::string_view symbol{};  // without CONFIG_
  OptionType type = OptionType::boolean;
  Prompt prompt = Prompt::shown;
  std::string_view default_value = "n";
  Versions versions{};
  Choice choice = Choice::none;
  std::string_view why{};     // one line: what it is for, or what it does where it is wanted off
  std::string_view source{};  // the Kconfig file
};

std::span<const Option> options();
// nullptr for a symbol nothing is known of.
const Option* find_option(std::string_view symbol);

// How much of the other option is needed.
enum class Level : std::uint8_t { enabled, builtin };

// `option` is dropped from a configuration where neither `symbol` nor `alternative` is set.
struct Need {
  std::string_view option{};
  std::string_view symbol{};
  Level level = Level::enabled;
  Versions versions{};
  std::string_view alternative{};  // may be empty
};

std::span<const Need> needs();

// `by` switches `option` on, at least as far as it is on itself (Kconfig's select).
struct Pull {
  std::string_view option{};
  std::string_view by{};
  std::string_view only_with{};  // where this is on too; empty: always
  Versions versions{};
};

std::span<const Pull> pulls();

}  // namespace etalon::kconfig
