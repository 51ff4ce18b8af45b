// SPDX-License-Identifier: Apache-2.0
// The files of a platform that its boot measures beside the image: the boot disk's partition table,
// the boot loader, and what lies on the EFI system partition. They stay mapped as long as this
// lives.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "references/measure/boot/uki_boot.hpp"
#include "tools/base/file.hpp"
#include "tools/base/result.hpp"
#include "tools/config/platforms.hpp"

namespace etalon::pipeline {

// Files of an EFI system partition that we look at.
inline constexpr std::size_t max_esp_files = 4096;

class BootFiles {
 public:
  // Errors: io and not_found where a file cannot be opened; limit for too many. `image` is the
  // UKI's name, which is what systemd-boot starts unless the platform says otherwise.
  static Result<BootFiles> open(const config::Platform& platform, const std::string& image);

  // Sets gpt, sd_boot, esp and uki_path.
  void give(const config::Platform& platform, measure::UkiBootInputs& inputs) const;

  // An io error when one was changed meanwhile.
  Status check_unchanged() const;

 private:
  struct EspFile {
    std::string path{};  // on the partition
    MappedFile file;
  };

  Status open_esp(const std::string& folder);
  Status open_folder(const std::string& folder, const std::string& path);

  std::optional<MappedFile> disk_;
  std::optional<MappedFile> loader_;
  std::optional<MappedFile> conf_;
  std::optional<std::vector<EspFile>> esp_;
  std::string uki_path_;
};

}  // namespace etalon::pipeline
