// SPDX-License-Identifier: Apache-2.0
#include "references/measure/boot/addons.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "mkosi/uki/pe.hpp"
#include "mkosi/uki/uki.hpp"
#include "references/eventlog/event.hpp"
#include "references/measure/boot/boot_events.hpp"
#include "references/measure/boot/cmdline.hpp"
#include "references/measure/boot/esp_files.hpp"
#include "references/measure/boot/log_builder.hpp"
#include "references/measure/boot/uki_boot.hpp"
#include "references/measure/profiles/stub.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/hasher.hpp"
#include "tools/base/registers.hpp"
#include "tools/base/result.hpp"
#include "tools/base/utf16.hpp"

namespace etalon::measure {
namespace {

using eventlog::Basis;

// What an addon may have without doing more than add to the command line.
constexpr std::array<std::string_view, 3> harmless = {".cmdline", ".osrel", ".sbat"};

Status check_sections(const uki::Pe& pe) {
  for (const uki::Section& each : pe.sections) {
    const bool known = std::ranges::find(uki::section_names, each.name) != uki::section_names.end();
    if (!known || std::ranges::find(harmless, each.name) != harmless.end()) continue;
    return fail(ErrorCode::unsupported,
                "what the section " + each.name + " of an addon changes is not predicted");
  }
  return {};
}

Result<Addon> read_addon(const EspFile& file, bool global) {
  Addon addon{.file = &file, .global = global};
  TRY_ASSIGN(addon.pe, uki::decode_pe(file.bytes));
  TRY(check_sections(addon.pe));
  const uki::Section* section = addon.pe.find(".cmdline");
  if (section == nullptr) return addon;
  TRY_ASSIGN(const uki::Content content, addon.pe.content(*section));
  addon.cmdline = uki::text(content);
  if (passes_unchanged(addon.cmdline)) return addon;
  return fail(ErrorCode::unsupported,
              "what the stub makes of control characters, and of blanks at the ends of an addon's "
              ".cmdline, is not known");
}

Basis basis_of(const LogBuilder& log, const StubProfile& stub, bool secure_boot) {
  // no boot with addons has shown the CC protocol, or Secure Boot
  if (log.tee() == Tee::tdx || secure_boot) return Basis::source;
  return stub.basis;
}

Status add_text(LogBuilder& log, const std::vector<Addon>& addons, const StubProfile& stub,
                bool secure_boot) {
  const std::string text = addons_text(addons);
  if (text.empty() || (log.tee() == Tee::tdx && !stub.cc)) return {};
  std::string names;
  for (const Addon& each : addons)
    names += (names.empty() ? "" : ", ") + printable(each.file->path);
  TRY_ASSIGN(const Bytes data, utf16le_from_utf8(text, Terminator::nul));
  log.add_hash_of(data, {.reg = RegisterId::pcr<12>(),
                         .type = eventlog::EventType::ipl,
                         .data = data,
                         .origin = from_input("text of " + names, hash_all(log.algs(), data),
                                              std::string(stub.rule) + ": text of addons measured"),
                         .basis = basis_of(log, stub, secure_boot),
                         .summary = "command line of addons"});
  return {};
}

}  // namespace

Result<std::vector<Addon>> read_addons(const AddonFiles& files) {
  std::vector<Addon> addons;
  for (const bool global : {true, false}) {
    for (const EspFile* file : global ? files.global : files.own) {
      TRY_ASSIGN(Addon addon, in_file(read_addon(*file, global), file->path));
      addons.push_back(std::move(addon));
    }
  }
  return addons;
}

std::string addons_text(const std::vector<Addon>& addons) {
  std::string text;
  for (const Addon& each : addons) {
    if (!each.cmdline.empty()) text += (text.empty() ? "" : " ") + each.cmdline;
  }
  return text;
}

Status add_addons(LogBuilder& log, const std::vector<Addon>& addons, const StubProfile& stub,
                  bool secure_boot) {
  std::vector<Addon> group;
  for (const Addon& each : addons) {
    if (stub.addons == Addons::by_folder && !group.empty() && group.back().global != each.global) {
      TRY(add_text(log, group, stub, secure_boot));
      group.clear();
    }
    group.push_back(each);
    const NamedBytes file{.name = each.file->path, .bytes = each.file->bytes};
    TRY(in_file(add_image(log, each.pe,
                          {.reg = RegisterId::pcr<4>(),
                           .origin = from_file(file, std::string(stub.rule) + ": loads addons"),
                           .basis = basis_of(log, stub, secure_boot),
                           .summary = "image " + printable(each.file->path)}),
                each.file->path));
  }
  return add_text(log, group, stub, secure_boot);
}

}  // namespace etalon::measure
