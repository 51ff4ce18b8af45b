// SPDX-License-Identifier: Apache-2.0
#include "mkosi/uki/uki.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "mkosi/uki/pe.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/result.hpp"

namespace etalon::uki {
namespace {

// One of several is chosen by the hardware, so these may repeat.
bool may_repeat(std::string_view name) {
  return name == ".dtbauto" || name == ".efifw";
}

const Content* find_in(const std::vector<NamedContent>& sections, std::string_view name) {
  const auto at = std::ranges::find(sections, name, &NamedContent::name);
  return at == sections.end() ? nullptr : &at->content;
}

Status add_section(Uki& uki, const Section& section) {
  if (section.name == ".profile") uki.profiles.emplace_back();
  auto& scope = uki.profiles.empty() ? uki.base : uki.profiles.back();
  if (!may_repeat(section.name) && find_in(scope, section.name) != nullptr) {
    return fail(ErrorCode::malformed, "section " + section.name + " occurs twice in one profile");
  }
  TRY_ASSIGN(const Content content, uki.pe.content(section));
  scope.push_back({.name = section.name, .content = content});
  return {};
}

Result<Uki> decode(ByteView file) {
  TRY_ASSIGN(Pe pe, decode_pe(file));
  Uki uki{.pe = std::move(pe)};
  for (const Section& section : uki.pe.sections) {
    const bool known = std::ranges::find(section_names, section.name) != section_names.end();
    if (known && section.virtual_size != 0) TRY(add_section(uki, section));
  }
  TRY_ASSIGN(uki.stub, sdmagic_of(uki.pe, "systemd-stub"));
  return uki;
}

}  // namespace

std::optional<StubVersion> parse_sdmagic(std::string_view text, std::string_view program) {
  static constexpr std::string_view tail = " ####";
  const std::string head = "#### LoaderInfo: " + std::string(program) + " ";
  if (!text.starts_with(head)) return std::nullopt;
  text.remove_prefix(head.size());
  const std::size_t end = text.find(tail);
  if (end == std::string_view::npos) return std::nullopt;
  text = text.substr(0, end);
  StubVersion version{.text = std::string(text)};
  const auto [stop, error] =
      std::from_chars(text.data(), text.data() + text.size(), version.number);
  if (error != std::errc()) return std::nullopt;
  return version;
}

std::string text(const Content& content) {
  const std::string_view all = as_text(content.stored);
  return std::string(all.substr(0, all.find('\0')));
}

Result<std::optional<StubVersion>> sdmagic_of(const Pe& pe, std::string_view program) {
  const Section* magic = pe.find(".sdmagic");
  if (magic == nullptr) return std::optional<StubVersion>();
  TRY_ASSIGN(const Content content, pe.content(*magic));
  return parse_sdmagic(text(content), program);
}

const Content* Uki::find(std::string_view name, std::size_t profile) const {
  const Content* own = profile < profiles.size() ? find_in(profiles[profile], name) : nullptr;
  return own != nullptr ? own : find_in(base, name);
}

Result<Uki> decode_uki(ByteView file) {
  return in(decode(file), "UKI");
}

}  // namespace etalon::uki
