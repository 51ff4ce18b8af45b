// SPDX-License-Identifier: Apache-2.0
#include "tools/config/platforms.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"
#include "tools/config/platforms_disk.hpp"
#include "tools/config/yaml.hpp"
#include "tools/config/yaml_fields.hpp"

namespace etalon::config {
namespace {

constexpr std::uint32_t max_vcpus = 4096;  // far beyond KVM's limit

// Boot flows that have a name in the design but no rules here.
constexpr std::array planned_boots = {"direct-kernel", "gce-disk"};
constexpr std::array known_boots = {Boot::disk_uki, Boot::disk_sd_boot};
constexpr std::string_view known_boot_names = "known: disk-uki, disk-sd-boot";

bool all_of(std::string_view text, std::string_view extra) {
  return std::ranges::all_of(text, [extra](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           extra.find(c) != std::string_view::npos;
  });
}

Result<std::string> identifier(const YamlNode& node, std::string_view key) {
  TRY_ASSIGN(const std::string_view text, scalar(node, key));
  constexpr std::size_t max_length = 64;  // it becomes a file name and a JSON member
  const bool fits =
      text.size() <= max_length && all_of(text, "._-") && all_of(text.substr(0, 1), "");
  if (!fits) {
    return bad_value(node, key, "a name: up to 64 of a-z 0-9 . _ - with a letter or digit first");
  }
  return std::string(text);
}

Result<std::string> version(const YamlNode& node, std::string_view key) {
  TRY_ASSIGN(const std::string_view text, scalar(node, key));
  const bool digits =
      std::ranges::all_of(text, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
  const bool shaped =
      text.front() != '.' && text.back() != '.' && text.find("..") == std::string_view::npos;
  if (!digits || !shaped) return bad_value(node, key, "a version such as \"10.2\"");
  if (!node.quoted && text.find('.') != std::string_view::npos) {
    return bad_value(node, key, "in quotes: YAML reads 10.10 as the number 10.1");
  }
  return std::string(text);
}

Result<Memory> memory(const YamlNode& node, std::string_view key) {
  constexpr std::string_view want = "a memory size such as 512M or 2G";
  TRY_ASSIGN(const std::string_view text, scalar(node, key));
  const std::string_view digits = text.substr(0, text.size() - 1);
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = error == std::errc{} && end == digits.data() + digits.size();
  const char unit = text.back();
  if (!whole || value == 0 || digits.front() == '0' || (unit != 'M' && unit != 'G'))
    return bad_value(node, key, want);
  return Memory{.text = std::string(text),
                .bytes = std::uint64_t{value} << (unit == 'M' ? 20U : 30U)};
}

Result<HashAlg> bank(const YamlNode& node, std::string_view key) {
  TRY_ASSIGN(const std::string_view text, scalar(node, key));
  if (const auto alg = parse_hash_alg(text)) return *alg;
  return bad_value(node, key, "one of sha1, sha256, sha384, sha512");
}

Result<std::string> phase(const YamlNode& node, std::string_view key) {
  TRY_ASSIGN(const std::string_view text, scalar(node, key));
  const bool shaped =
      text.front() != ':' && text.back() != ':' && text.find("::") == std::string_view::npos;
  if (!all_of(text, "-:") || !shaped)
    return bad_value(node, key, "a phase path such as enter-initrd:leave-initrd");
  return std::string(text);
}

Result<Tee> tee(const YamlNode& node) {
  TRY_ASSIGN(const std::string_view text, scalar(node, "tee"));
  for (const Tee known : {Tee::tdx, Tee::vtpm})
    if (text == name(known)) return known;
  return bad_value(node, "tee", "one of tdx, vtpm");
}

Result<Boot> boot(const YamlNode& node) {
  TRY_ASSIGN(const std::string_view text, scalar(node, "boot"));
  for (const Boot known : known_boots)
    if (text == name(known)) return known;
  if (std::ranges::find(planned_boots, text) != planned_boots.end()) {
    return fail_line(
        ErrorCode::unsupported, "boot", node.line,
        "\"" + std::string(text) + "\" is not known yet; " + std::string(known_boot_names));
  }
  return bad_value(node, "boot", "a boot flow; " + std::string(known_boot_names));
}

Result<Firmware> firmware(const YamlNode& node, std::string_view folder) {
  TRY(expect_map(node, "firmware", {"file", "code", "profile"}));
  Firmware firmware{.line = node.line};
  const YamlNode* file = node.find("file");
  if (file == nullptr)
    return fail_line(ErrorCode::not_found, "firmware", node.line, "the key file is missing");
  TRY_ASSIGN(firmware.file, path(*file, "file", folder));
  if (const YamlNode* code = node.find("code")) {
    TRY_ASSIGN(firmware.code, path(*code, "code", folder));
  }
  if (const YamlNode* profile = node.find("profile")) {
    TRY_ASSIGN(firmware.profile, identifier(*profile, "profile"));
    if (firmware.profile != "auto") {
      return fail_line(ErrorCode::unsupported, "profile", profile->line,
                       "\"" + firmware.profile + "\" is not known yet; known: auto");
    }
  }
  return firmware;
}

Result<Acpi> acpi_digests(const YamlNode& node) {
  TRY(expect(node, YamlNode::Kind::map, "digests"));
  if (node.items.empty()) return fail_line(ErrorCode::malformed, "digests", node.line, "is empty");
  Acpi acpi{.kind = Acpi::Kind::digests};
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const std::string key = printable(node.keys[i].text);
    TRY_ASSIGN(const std::string_view hex, scalar(node.items[i], key));
    const auto digest = Sha384::from_hex(hex);
    if (!digest) return bad_value(node.items[i], key, "a SHA-384 in hexadecimal");
    acpi.digests.emplace(node.keys[i].text, *digest);
  }
  return acpi;
}

Result<Acpi> acpi(const YamlNode& node, std::string_view folder) {
  if (node.kind == YamlNode::Kind::scalar) {
    if (node.text == "unpinned") return Acpi{};
    return bad_value(node, "acpi", "\"unpinned\", {dir: FOLDER}, {qemu: BINARY} or {digests: MAP}");
  }
  TRY(expect_map(node, "acpi", {"dir", "qemu", "digests"}));
  if (node.items.size() != 1) {
    return fail_line(ErrorCode::malformed, "acpi", node.line,
                     "must have one of dir, qemu, digests");
  }
  const std::string_view key = node.keys.front().text;
  if (key == "digests") return acpi_digests(node.items.front());
  Acpi acpi{.kind = key == "dir" ? Acpi::Kind::dir : Acpi::Kind::qemu};
  TRY_ASSIGN(acpi.path, path(node.items.front(), key, folder));
  return acpi;
}

Result<Vmm> vmm(const YamlNode& node, std::string_view folder) {
  TRY(expect_map(node, "vmm", {"kind", "version", "acpi"}));
  Vmm vmm;
  const YamlNode* kind = node.find("kind");
  const YamlNode* number = node.find("version");
  if (kind == nullptr || number == nullptr) {
    return fail_line(
        ErrorCode::not_found, "vmm", node.line,
        "the key " + std::string(kind == nullptr ? "kind" : "version") + " is missing");
  }
  TRY_ASSIGN(const std::string_view kind_text, scalar(*kind, "kind"));
  vmm.kind = kind_text;
  if (vmm.kind != "qemu") return bad_value(*kind, "kind", "a VMM; known: qemu");
  TRY_ASSIGN(vmm.version, version(*number, "version"));
  if (const YamlNode* tables = node.find("acpi")) {
    TRY_ASSIGN(vmm.acpi, acpi(*tables, folder));
  }
  return vmm;
}

Result<std::optional<bool>> condition(const YamlNode& node, std::string_view key) {
  const YamlNode* value = node.find(key);
  if (value == nullptr) return std::optional<bool>{};
  TRY_ASSIGN(const bool stated, boolean(*value, key));
  return std::optional<bool>(stated);
}

Result<Conditions> conditions(const YamlNode& node) {
  TRY(expect_map(node, "conditions", {"tcg2", "secure_boot", "random_seed"}));
  Conditions conditions;
  TRY_ASSIGN(conditions.tcg2, condition(node, "tcg2"));
  TRY_ASSIGN(conditions.secure_boot, condition(node, "secure_boot"));
  TRY_ASSIGN(conditions.random_seed, condition(node, "random_seed"));
  return conditions;
}

Status parse_required(const YamlNode& node, Platform& platform) {
  for (const std::string_view key : {"id", "tee", "boot"}) {
    if (node.find(key) != nullptr) continue;
    return fail_line(ErrorCode::not_found, key, node.line, "the key is missing");
  }
  TRY_ASSIGN(platform.id, identifier(*node.find("id"), "id"));
  TRY_ASSIGN(platform.tee, tee(*node.find("tee")));
  TRY_ASSIGN(platform.boot, boot(*node.find("boot")));
  return {};
}

Status parse_machine(const YamlNode& node, std::string_view folder, Platform& platform) {
  if (const YamlNode* value = node.find("firmware")) {
    TRY_ASSIGN(platform.firmware, firmware(*value, folder));
  }
  if (const YamlNode* value = node.find("vmm")) {
    TRY_ASSIGN(platform.vmm, vmm(*value, folder));
  }
  if (const YamlNode* value = node.find("memory")) {
    TRY_ASSIGN(platform.memory, parse_list<Memory>(*value, "memory", memory));
  }
  if (const YamlNode* value = node.find("vcpus")) {
    const auto count = [](const YamlNode& item, std::string_view key) {
      return number(item, key, 1, max_vcpus);
    };
    TRY_ASSIGN(platform.vcpus, parse_list<std::uint32_t>(*value, "vcpus", count));
  }
  if (const YamlNode* value = node.find("banks")) {
    TRY_ASSIGN(platform.banks, parse_list<HashAlg>(*value, "banks", bank));
    std::ranges::sort(platform.banks);
  }
  return {};
}

Status parse_boot_facts(const YamlNode& node, std::string_view folder, Platform& platform) {
  if (const YamlNode* value = node.find("disk")) {
    TRY(parse_disk(*value, folder, platform));
  }
  if (const YamlNode* value = node.find("boot_loader")) {
    TRY_ASSIGN(platform.boot_loader, parse_boot_loader(*value, folder));
  }
  if (const YamlNode* value = node.find("assume_stub")) {
    TRY_ASSIGN(platform.assume_stub, number(*value, "assume_stub", first_systemd, last_systemd));
    platform.assume_stub_line = value->line;
  }
  if (const YamlNode* value = node.find("phases")) {
    TRY_ASSIGN(platform.phases, parse_list<std::string>(*value, "phases", phase));
  }
  if (const YamlNode* value = node.find("conditions")) {
    TRY_ASSIGN(platform.conditions, conditions(*value));
  }
  return {};
}

// What only makes sense together.
Status check_together(const YamlNode& node, const Platform& platform) {
  if (platform.tee == Tee::tdx && !platform.firmware) {
    return fail_line(ErrorCode::not_found, "firmware", node.line,
                     "the key is missing; MRTD is computed from it");
  }
  if (platform.tee == Tee::tdx && !platform.banks.empty()) {
    return fail_line(ErrorCode::malformed, "banks", node.find("banks")->line,
                     "TDX registers are SHA-384; only a vtpm platform has banks");
  }
  if (platform.tee == Tee::vtpm && platform.banks.empty())
    return fail_line(ErrorCode::not_found, "banks", node.line, "the key is missing");
  if (platform.tee == Tee::vtpm && platform.conditions.tcg2 == false) {
    return fail_line(ErrorCode::malformed, "conditions", node.find("conditions")->line,
                     "a vtpm platform offers TCG2");
  }
  return check_boot_loader(node, platform);
}

Result<Platform> parse_platform(const YamlNode& node, std::string_view folder) {
  TRY(expect_map(node, "",
                 {"id", "tee", "boot", "firmware", "vmm", "memory", "vcpus", "banks", "disk",
                  "boot_loader", "assume_stub", "phases", "conditions"}));
  Platform platform;
  platform.line = node.line;
  TRY(parse_required(node, platform));
  TRY(parse_machine(node, folder, platform));
  TRY(parse_boot_facts(node, folder, platform));
  TRY(check_together(node, platform));
  return platform;
}

Status check_id_is_new(const std::vector<Platform>& before, const Platform& platform,
                       const YamlNode& node) {
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i].id != platform.id) continue;
    return fail_line(ErrorCode::malformed, "id", node.find("id")->line,
                     "\"" + platform.id + "\" is that of platforms[" + std::to_string(i) + "]");
  }
  return {};
}

}  // namespace

std::string_view name(Tee tee) {
  return tee == Tee::tdx ? "tdx" : "vtpm";
}

std::string_view name(Boot boot) {
  switch (boot) {
    case Boot::disk_uki:
      return "disk-uki";
    case Boot::disk_sd_boot:
      return "disk-sd-boot";
  }
  return "unknown";
}

Result<std::vector<Platform>> parse_platforms(std::string_view yaml, std::string_view folder) {
  TRY_ASSIGN(const YamlNode root, parse_yaml(yaml));
  TRY(expect_map(root, "", {"platforms"}));
  const YamlNode* found = root.find("platforms");
  if (found == nullptr) return fail(ErrorCode::not_found, "the key platforms is missing");
  TRY_ASSIGN(const auto* items, list(*found, "platforms"));
  std::vector<Platform> platforms;
  for (const YamlNode& item : *items) {
    const std::string structure = "platforms[" + std::to_string(platforms.size()) + "]";
    TRY_ASSIGN(Platform platform, in(parse_platform(item, folder), structure));
    TRY(in(check_id_is_new(platforms, platform, item), structure));
    platforms.push_back(std::move(platform));
  }
  return platforms;
}

Result<std::vector<Platform>> load_platforms(const std::string& path) {
  TRY_ASSIGN(const Bytes text, read_file(path, max_yaml_size));
  const std::size_t slash = path.rfind('/');
  std::string folder = slash == std::string_view::npos ? "" : path.substr(0, slash);
  if (slash == 0) folder = "/.";
  TRY_ASSIGN(auto platforms, in_file(parse_platforms(as_text(text), folder), path));
  for (Platform& platform : platforms)
    platform.document = path;
  return platforms;
}

}  // namespace etalon::config
