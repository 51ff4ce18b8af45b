// SPDX-License-Identifier: Apache-2.0
// An image's files as an IMA policy sees them: the file systems they lie on once the image is
// booted, what each file is to the kernel, and the places where files appear that no image has.
// Rules of the root file system: Linux, init/do_mounts.c, init_rootfs().
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mkosi/image/loader/load_map.hpp"
#include "mkosi/image/walk.hpp"
#include "policy/lang/facts.hpp"
#include "policy/sim/file_facts.hpp"
#include "policy/sim/simulate.hpp"
#include "tools/base/result.hpp"

namespace etalon::pipeline {

// A file system mounted over a folder of the image.
struct MountedAt {
  std::string folder{};  // absolute
  std::string type{};    // as /proc/filesystems names it
};

// How the image is booted.
struct BootFacts {
  std::string cmdline{};
  // Of the root of a folder or tar; an initramfs says itself what it becomes.
  std::optional<std::string> root_type{};
  std::vector<MountedAt> mounts{};
};

struct ImageFiles {
  std::vector<policy::FileSystem> file_systems{};
  std::vector<policy::FileFacts> files{};  // regular files, by path
  std::vector<std::size_t> entries{};      // of file i, the index of its entry in the tree
  // Files that may come to be at run time: "/run/*", "memfd:*".
  std::vector<policy::FileFacts> places{};
  std::vector<std::string> assumptions{};  // what was not known, and how it is taken
};

// Of a walk that inspected, with the map of its tree. usage error for a mount or root type that
// does not fit the image.
Result<ImageFiles> image_files(const image::Walked& walked, const loader::LoadMap& map,
                               const policy::KernelFacts& kernel, const BootFacts& boot);

// What the kernel's command line and configuration say of the list; an unknown hash is empty.
policy::ListDefaults list_defaults(const policy::KernelFacts& kernel, std::string_view cmdline);

// Whether the kernel itself unpacks compressed modules (CONFIG_MODULE_DECOMPRESS).
policy::Known unpacks_modules(const policy::KernelFacts& kernel);

}  // namespace etalon::pipeline
