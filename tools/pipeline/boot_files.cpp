// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/boot_files.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "references/measure/boot/esp_files.hpp"
#include "references/measure/boot/uki_boot.hpp"
#include "tools/base/file.hpp"
#include "tools/base/folder.hpp"
#include "tools/base/result.hpp"
#include "tools/config/platforms.hpp"
#include "tools/pipeline/uki_image.hpp"

namespace etalon::pipeline {
namespace {

Status open_if(const std::string& path, std::optional<MappedFile>& file) {
  if (path.empty()) return {};
  TRY_ASSIGN(file, MappedFile::open(path));
  return {};
}

std::optional<measure::NamedBytes> named(const std::string& path,
                                         const std::optional<MappedFile>& file) {
  if (!file) return std::nullopt;
  return measure::NamedBytes{.name = file_name(path), .bytes = file->view()};
}

}  // namespace

Result<BootFiles> BootFiles::open(const config::Platform& platform, const std::string& image) {
  BootFiles files;
  TRY(open_if(platform.disk_gpt, files.disk_));
  if (platform.boot_loader) {
    TRY(open_if(platform.boot_loader->file, files.loader_));
    TRY(open_if(platform.boot_loader->conf, files.conf_));
  }
  if (!platform.esp.empty()) TRY(files.open_esp(platform.esp));
  files.uki_path_ = platform.boot_loader ? "EFI/Linux/" + image : "EFI/BOOT/BOOTX64.EFI";
  if (!platform.uki_path.empty()) files.uki_path_ = platform.uki_path;
  return files;
}

Status BootFiles::open_esp(const std::string& folder) {
  esp_.emplace();
  return open_folder(folder, "");
}

Status BootFiles::open_folder(const std::string& folder, const std::string& path) {
  TRY_ASSIGN(const Folder opened, Folder::open(folder));
  TRY_ASSIGN(const auto entries, in_file(opened.entries(), folder));
  for (const FolderEntry& each : entries) {
    const std::string full = folder + '/' + each.name;
    if (each.kind == FolderEntry::Kind::folder) {
      TRY(open_folder(full, path + each.name + '/'));
      continue;
    }
    if (each.kind != FolderEntry::Kind::file || !measure::may_matter_to_stub(path + each.name))
      continue;
    if (esp_->size() == max_esp_files) {
      return in_file(Status(fail(ErrorCode::limit, "more than " + std::to_string(max_esp_files) +
                                                       " files on the EFI system partition")),
                     folder);
    }
    TRY_ASSIGN(MappedFile file, MappedFile::open(full));
    esp_->push_back({.path = path + each.name, .file = std::move(file)});
  }
  return {};
}

void BootFiles::give(const config::Platform& platform, measure::UkiBootInputs& inputs) const {
  inputs.gpt = named(platform.disk_gpt, disk_);
  inputs.uki_path = uki_path_;
  if (platform.boot_loader) {
    const config::BootLoader& loader = *platform.boot_loader;
    inputs.sd_boot = measure::SdBootInputs{
        .program = named(loader.file, loader_).value_or(measure::NamedBytes{}),
        .loader_conf = named(loader.conf, conf_),
        .assume = loader.assume};
  }
  if (!esp_) return;
  inputs.esp.emplace();
  for (const EspFile& each : *esp_)
    inputs.esp->push_back({.path = each.path, .bytes = each.file.view()});
}

Status BootFiles::check_unchanged() const {
  for (const auto* file : {&disk_, &loader_, &conf_}) {
    if (*file) TRY((*file)->check_unchanged());
  }
  if (!esp_) return {};
  for (const EspFile& each : *esp_)
    TRY(each.file.check_unchanged());
  return {};
}

}  // namespace etalon::pipeline
