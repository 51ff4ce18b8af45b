// SPDX-License-Identifier: Apache-2.0
#include "tools/config/platforms_disk.hpp"

#include <string>
#include <string_view>

#include "tools/base/result.hpp"
#include "tools/config/platforms.hpp"
#include "tools/config/yaml.hpp"
#include "tools/config/yaml_fields.hpp"

namespace etalon::config {
namespace {

Result<std::string> uki_path(const YamlNode& node, std::string_view key) {
  TRY_ASSIGN(const std::string_view text, scalar(node, key));
  // with a slash before it, every component is found in the same way
  const std::string path = "/" + std::string(text);
  const bool names =
      path.find("//") == std::string::npos && path.find("/./") == std::string::npos &&
      path.find("/../") == std::string::npos && (text.ends_with(".efi") || text.ends_with(".EFI"));
  if (!names) return bad_value(node, key, "a path such as EFI/Linux/demo.efi");
  return std::string(text);
}

}  // namespace

Result<BootLoader> parse_boot_loader(const YamlNode& node, std::string_view folder) {
  TRY(expect_map(node, "boot_loader", {"file", "conf", "assume"}));
  BootLoader loader;
  const YamlNode* file = node.find("file");
  if (file == nullptr)
    return fail_line(ErrorCode::not_found, "boot_loader", node.line, "the key file is missing");
  TRY_ASSIGN(loader.file, path(*file, "file", folder));
  if (const YamlNode* conf = node.find("conf")) {
    TRY_ASSIGN(loader.conf, path(*conf, "conf", folder));
  }
  if (const YamlNode* assume = node.find("assume")) {
    TRY_ASSIGN(loader.assume, number(*assume, "assume", first_systemd, last_systemd));
    loader.assume_line = assume->line;
  }
  return loader;
}

Status parse_disk(const YamlNode& node, std::string_view folder, Platform& platform) {
  TRY(expect_map(node, "disk", {"gpt", "esp", "uki_path"}));
  const YamlNode* gpt = node.find("gpt");
  const YamlNode* esp = node.find("esp");
  if (gpt == nullptr && esp == nullptr)
    return fail_line(ErrorCode::not_found, "disk", node.line, "must have gpt or esp");
  if (gpt != nullptr) {
    TRY_ASSIGN(platform.disk_gpt, path(*gpt, "gpt", folder));
  }
  if (esp != nullptr) {
    TRY_ASSIGN(platform.esp, path(*esp, "esp", folder));
  }
  const YamlNode* uki = node.find("uki_path");
  if (uki == nullptr) return {};
  if (esp == nullptr)
    return fail_line(ErrorCode::not_found, "uki_path", uki->line,
                     "says where on the esp, which is missing");
  TRY_ASSIGN(platform.uki_path, uki_path(*uki, "uki_path"));
  return {};
}

Status check_boot_loader(const YamlNode& node, const Platform& platform) {
  if (platform.boot == Boot::disk_sd_boot && !platform.boot_loader) {
    return fail_line(ErrorCode::not_found, "boot_loader", node.line,
                     "the key is missing; boot: disk-sd-boot measures it");
  }
  if (platform.boot != Boot::disk_sd_boot && platform.boot_loader) {
    return fail_line(ErrorCode::malformed, "boot_loader", node.find("boot_loader")->line,
                     "only a platform with boot: disk-sd-boot has one");
  }
  return {};
}

}  // namespace etalon::config
