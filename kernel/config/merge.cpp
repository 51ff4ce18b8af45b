// SPDX-License-Identifier: Apache-2.0
#include "kernel/config/merge.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "kernel/config/dependencies.hpp"
#include "kernel/config/kconfig.hpp"
#include "kernel/options/options.hpp"
#include "tools/base/kernel_version.hpp"
#include "tools/base/result.hpp"

namespace etalon::kconfig {
namespace {

// The symbol a line is about; empty for a comment.
std::string_view symbol_of(std::string_view line) {
  constexpr std::string_view unset = " is not set";
  if (line.starts_with("CONFIG_")) return line.substr(7, line.find('=') - 7);
  if (!line.starts_with("# CONFIG_") || !line.ends_with(unset)) return {};
  return line.substr(9, line.size() - 9 - unset.size());
}

template <class Take>
void each_line(std::string_view text, const Take& take) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    take(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// One pass of what is on while the dependencies are as `now` has them.
class Settler {
 public:
  Settler(const Config& given, KernelVersion kernel)
      : given_(given), now_(given), kernel_(kernel) {}

  Config run() {
    // Each pass settles at least the options whose needs and pulls are settled.
    for (std::size_t pass = 0; pass <= options().size(); ++pass) {
      const Config before = now_;
      for (const Option& option : options())
        settle(option);
      for (const Choice choice : {Choice::ima_template, Choice::ima_hash})
        choose(choice);
      if (before == now_) break;
    }
    name_choice(Choice::ima_template, "IMA_DEFAULT_TEMPLATE", templates);
    name_choice(Choice::ima_hash, "IMA_DEFAULT_HASH", hashes);
    return std::move(now_);
  }

 private:
  using Names = std::pair<std::string_view, std::string_view>;

  static constexpr Versions choice_skips{.last_without = {.version = 6, .patchlevel = 1},
                                         .first_with = {.version = 6, .patchlevel = 12}};
  static constexpr std::array templates = {Names{"IMA_NG_TEMPLATE", "ima-ng"},
                                           Names{"IMA_SIG_TEMPLATE", "ima-sig"}};
  static constexpr std::array hashes = {
      Names{"IMA_DEFAULT_HASH_SHA1", "sha1"}, Names{"IMA_DEFAULT_HASH_SHA256", "sha256"},
      Names{"IMA_DEFAULT_HASH_SHA512", "sha512"}, Names{"IMA_DEFAULT_HASH_WP512", "wp512"},
      Names{"IMA_DEFAULT_HASH_SM3", "sm3"}};

  Tristate wished(const Option& option) const {
    // A hidden option with a default is a fact of the machine, which the given text knows.
    if (option.prompt == Prompt::hidden && option.default_value == "n") return Tristate::n;
    if (given_.contains(option.symbol)) return tristate(given_, option.symbol);
    return option.default_value == "y" ? Tristate::y : Tristate::n;
  }

  void settle(const Option& option) {
    if (option.choice != Choice::none) return;
    const bool is_there = holds(option.versions, kernel_) != Known::no;
    const Tristate most = is_there ? limit(now_, option, kernel_) : Tristate::n;
    if (option.type == OptionType::number || option.type == OptionType::text)
      settle_value(option, most);
    else if (is_there)
      settle_switch(option, most);
    else
      now_.erase(option.symbol);
  }

  void settle_value(const Option& option, Tristate most) {
    if (most == Tristate::n)
      now_.erase(option.symbol);
    else if (given_.contains(option.symbol))
      now_.set(option.symbol, std::string(given_.value(option.symbol)));
    else if (!option.default_value.empty())
      now_.set(option.symbol, std::string(option.default_value));
  }

  void settle_switch(const Option& option, Tristate most) {
    const Tristate value = std::max(std::min(wished(option), most), pulled(now_, option, kernel_));
    if (value == Tristate::n && (most == Tristate::n || option.prompt == Prompt::hidden))
      now_.erase(option.symbol);
    else
      now_.set(option.symbol, std::string(text(value)));
  }

  // The one set last is chosen. Where that one cannot be, up to some version none is (Linux 6.1,
  // sym_calc_choice()); later the one set last of those that can be.
  const Option* wished_of(Choice choice) const {
    const bool skips = holds(choice_skips, kernel_) != Known::no;
    const Option* last = nullptr;
    for (const Option& option : options()) {
      if (option.choice != choice || tristate(given_, option.symbol) != Tristate::y) continue;
      if (skips && !can_be(option)) continue;
      if (last == nullptr || given_.line(option.symbol) > given_.line(last->symbol)) last = &option;
    }
    return last != nullptr && can_be(*last) ? last : nullptr;
  }

  bool can_be(const Option& option) const { return limit(now_, option, kernel_) != Tristate::n; }

  const Option* default_of(Choice choice) const {
    const Option* first = nullptr;
    for (const Option& option : options()) {
      if (option.choice != choice || !can_be(option)) continue;
      if (option.default_value == "y") return &option;
      if (first == nullptr) first = &option;
    }
    return first;
  }

  void choose(Choice choice) {
    const Option* chosen = wished_of(choice);
    if (chosen == nullptr) chosen = default_of(choice);
    for (const Option& option : options()) {
      if (option.choice != choice) continue;
      if (can_be(option))
        now_.set(option.symbol, &option == chosen ? "y" : "n");
      else
        now_.erase(option.symbol);
    }
  }

  void name_choice(Choice choice, std::string_view symbol, std::span<const Names> names) {
    now_.erase(symbol);
    for (const Option& option : options()) {
      if (option.choice != choice || !now_.is_builtin(option.symbol)) continue;
      const auto name = std::ranges::find(names, option.symbol, &Names::first);
      if (name != names.end()) now_.set(symbol, std::string(name->second));
    }
  }

  const Config& given_;
  Config now_;
  KernelVersion kernel_;
};

}  // namespace

Result<std::string> merge(std::string_view base, std::span<const std::string> fragments) {
  if (auto parsed = Config::parse(base); !parsed) return tl::unexpected(std::move(parsed).error());
  std::string merged(base);
  for (const std::string& fragment : fragments) {
    TRY_ASSIGN(const Config config, Config::parse(fragment));
    std::string kept;
    each_line(merged, [&](std::string_view line) {
      const std::string_view symbol = symbol_of(line);
      if (!symbol.empty() && config.contains(symbol)) return;
      kept.append(line).append("\n");
    });
    merged = std::move(kept) + fragment;
    if (!merged.ends_with('\n')) merged += '\n';
  }
  return merged;
}

Config settle(const Config& given, KernelVersion kernel) {
  return Settler(given, kernel).run();
}

}  // namespace etalon::kconfig
