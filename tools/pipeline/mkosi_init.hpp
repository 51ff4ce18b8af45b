// SPDX-License-Identifier: Apache-2.0
// The files that make an mkosi project measure: a policy, what loads it, a kernel fragment, the
// command line, and the hook that writes reference values. They are meant to be a profile: a folder
// that an mkosi.conf includes, or that becomes one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/lang/facts.hpp"
#include "tools/base/kernel_version.hpp"
#include "tools/base/result.hpp"

namespace etalon::pipeline {

// What hands the policy to the kernel.
enum class PolicyLoader : std::uint8_t {
  init,    // systemd that is built with IMA, as PID 1
  unit,    // a systemd unit, for a systemd that is not
  script,  // a script for busybox and other inits to call first
};

struct MkosiInit {
  std::string policy{};  // text of the policy
  std::string fragment{};
  std::string hash = "sha256";
  PolicyLoader loader = PolicyLoader::init;
};

struct ProjectFile {
  std::string path{};  // in the project folder
  std::string content{};
  bool executable = false;
  bool link = false;  // content is where it points

  bool operator==(const ProjectFile&) const = default;
};

// Sorted by path.
std::vector<ProjectFile> mkosi_files(const MkosiInit& init);

// Writes them below the folder, which is made when it is not there. Without `replace` nothing is
// written when one of them is there already: usage error that names it.
enum class Existing : std::uint8_t { refuse, replace };
Status write_project(const std::string& folder, const std::vector<ProjectFile>& files,
                     Existing existing);

// Files of mkosi/profile, as they are.
std::string_view profile_postoutput();
std::string_view profile_finalize();

}  // namespace etalon::pipeline
