// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/mkosi_init.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "tools/base/bytes.hpp"
#include "tools/base/file.hpp"
#include "tools/base/folder.hpp"
#include "tools/base/result.hpp"

namespace etalon::pipeline {
namespace {

constexpr std::string_view extra = "mkosi.extra/";
constexpr std::string_view unit_name = "ima-policy-load.service";
constexpr std::string_view script_path = "usr/lib/ima/load-policy";

std::string config_text(const MkosiInit& init) {
  return "# SPDX-License-Identifier: Apache-2.0\n"
         "# Measures what the policy in mkosi.extra/etc/ima/ima-policy says. To be included:\n"
         "#\n"
         "#   [Include]\n"
         "#   Include=PATH/TO/THIS/FOLDER\n"
         "\n"
         "[Content]\n"
         "KernelCommandLine=ima_hash=" +
         init.hash + "\n";
}

// By the path first, as systemd does, so that the policy itself can be measured; a kernel that must
// have it signed takes no other form.
constexpr std::string_view script_text =
    "#!/bin/sh\n"
    "# SPDX-License-Identifier: Apache-2.0\n"
    "#\n"
    "# Loads the IMA policy. To be called by the init before it starts anything else, as what "
    "runs\n"
    "# before is on no list; /sys may be mounted already or not.\n"
    "set -eu\n"
    "node=/sys/kernel/security/ima/policy\n"
    "[ -d /sys/kernel ] || mount -t sysfs sysfs /sys\n"
    "[ -e \"$node\" ] || mount -t securityfs securityfs /sys/kernel/security\n"
    "if ! echo /etc/ima/ima-policy > \"$node\"; then\n"
    "  echo \"load-policy: the kernel refused /etc/ima/ima-policy\" >&2\n"
    "  exit 1\n"
    "fi\n";

// A machine whose policy was refused must not go on as if it were measured.
constexpr std::string_view unit_text =
    "# SPDX-License-Identifier: Apache-2.0\n"
    "[Unit]\n"
    "Description=Load the IMA policy\n"
    "DefaultDependencies=no\n"
    "Before=sysinit.target systemd-tmpfiles-setup-dev.service systemd-udevd.service\n"
    "ConditionPathExists=/etc/ima/ima-policy\n"
    "FailureAction=poweroff-force\n"
    "\n"
    "[Service]\n"
    "Type=oneshot\n"
    "RemainAfterExit=yes\n"
    "ExecStart=/usr/lib/ima/load-policy\n"
    "\n"
    "[Install]\n"
    "WantedBy=sysinit.target\n";

std::string in_extra(std::string_view path) {
  return std::string(extra) + std::string(path);
}

Status make_parents(const std::string& folder, std::string_view path) {
  TRY(make_folder(folder));
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
       slash = path.find('/', slash + 1)) {
    TRY(make_folder(folder + "/" + std::string(path.substr(0, slash))));
  }
  return {};
}

}  // namespace

std::vector<ProjectFile> mkosi_files(const MkosiInit& init) {
  std::vector<ProjectFile> files = {
      {.path = "mkosi.conf", .content = config_text(init)},
      {.path = in_extra("etc/ima/ima-policy"), .content = init.policy},
      {.path = "mkosi.finalize", .content = std::string(profile_finalize()), .executable = true},
      {.path = "mkosi.postoutput",
       .content = std::string(profile_postoutput()),
       .executable = true},
      {.path = "ima.config", .content = init.fragment},
      // one file of a folder of snippets, as build scripts that merge such folders want it
      {.path = "kernel/config.d/40-ima", .content = init.fragment},
  };
  if (init.loader != PolicyLoader::init) {
    files.push_back(
        {.path = in_extra(script_path), .content = std::string(script_text), .executable = true});
  }
  if (init.loader == PolicyLoader::unit) {
    const std::string units = in_extra("usr/lib/systemd/system/");
    files.push_back({.path = units + std::string(unit_name), .content = std::string(unit_text)});
    files.push_back({.path = units + "sysinit.target.wants/" + std::string(unit_name),
                     .content = "../" + std::string(unit_name),
                     .link = true});
  }
  std::ranges::sort(files, {}, &ProjectFile::path);
  return files;
}

namespace {

Status check_free(const std::string& folder, const std::vector<ProjectFile>& files) {
  const auto taken = std::ranges::find_if(
      files, [&folder](const ProjectFile& file) { return is_there(folder + "/" + file.path); });
  if (taken == files.end()) return {};
  return in_file(Status(fail(ErrorCode::usage, "is there already (--force replaces it)")),
                 folder + "/" + taken->path);
}

Status write_one(const std::string& path, const ProjectFile& file) {
  if (file.link) return make_link(path, file.content);
  return write_file_atomic(path, as_bytes(file.content), file.executable ? 0755 : 0644);
}

}  // namespace

Status write_project(const std::string& folder, const std::vector<ProjectFile>& files,
                     Existing existing) {
  if (existing == Existing::refuse) TRY(check_free(folder, files));
  for (const ProjectFile& file : files) {
    TRY(make_parents(folder, file.path));
    TRY(write_one(folder + "/" + file.path, file));
  }
  return {};
}

}  // namespace etalon::pipeline
