// SPDX-License-Identifier: Apache-2.0
#include "tools/pipeline/image_files.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/config/kconfig.hpp"
#include "mkosi/image/elf/facts.hpp"
#include "mkosi/image/loader/load_map.hpp"
#include "mkosi/image/path.hpp"
#include "mkosi/image/tree.hpp"
#include "mkosi/image/walk.hpp"
#include "policy/lang/facts.hpp"
#include "policy/lang/file_system_types.hpp"
#include "policy/sim/file_facts.hpp"
#include "policy/sim/simulate.hpp"
#include "policy/sim/touches.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/kernel_version.hpp"
#include "tools/base/result.hpp"
#include "tools/pipeline/files_json.hpp"
#include "tools/pipeline/os_facts.hpp"

namespace etalon::pipeline {
namespace {

using policy::FileFacts;
using policy::FileKind;
using policy::FileSystem;
using policy::Known;

constexpr std::uint32_t any_execute = 0111;
constexpr std::size_t root = 0;

// Where systemd and the kernel mount what holds no file of an image (systemd,
// src/shared/mount-setup.c; Linux, mm/shmem.c for memfd_create()).
struct Place {
  std::string_view folder;
  std::string_view type;
};

constexpr std::array usual_places = {
    Place{"/dev", "devtmpfs"},
    Place{"/dev/shm", "tmpfs"},
    Place{"/run", "tmpfs"},
    Place{"/tmp", "tmpfs"},
};

FileSystem file_system_of(std::string_view type) {
  FileSystem fs{.name = std::string(type), .magic = policy::magic_of(type)};
  // These have none, or one that is new at every mount.
  if (fs.magic == policy::tmpfs_magic || fs.magic == policy::ramfs_magic) fs.uuid = "";
  return fs;
}

bool is_initramfs(image::Format format) {
  return format == image::Format::initramfs || format == image::Format::uki;
}

bool below(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) &&
         (folder == "/" || (path.size() > folder.size() && path[folder.size()] == '/'));
}

// root_dev_setup() and fs_names_setup() take each one they meet.
std::optional<std::string> last_word(const std::vector<std::string>& words, std::string_view key) {
  std::optional<std::string> value;
  for (const std::string& word : words) {
    if (word.size() > key.size() && word.starts_with(key) && word[key.size()] == '=')
      value = word.substr(key.size() + 1);
  }
  return value;
}

class Builder {
 public:
  Builder(const image::Walked& walked, const loader::LoadMap& map,
          const policy::KernelFacts& kernel, const BootFacts& boot)
      : walked_(walked), map_(map), kernel_(kernel), boot_(boot) {}

  Result<ImageFiles> build() {
    TRY(add_root());
    TRY(add_mounts());
    for (std::size_t i = 0; i < walked_.tree.entries().size(); ++i)
      add_file(i);
    add_places();
    say_what_is_assumed();
    return std::exchange(out_, {});
  }

 private:
  void assume(std::string text) { out_.assumptions.push_back(std::move(text)); }

  Status add_root() {
    if (is_initramfs(walked_.format)) {
      if (boot_.root_type) {
        return fail(ErrorCode::usage, "--root: the root of an initramfs is a rootfs");
      }
      out_.file_systems.push_back(rootfs());
      return {};
    }
    FileSystem fs;
    if (boot_.root_type) {
      fs = file_system_of(*boot_.root_type);
      if (!fs.magic) assume("the magic number of " + *boot_.root_type + " is not known");
    } else {
      assume(
          "the type of the root file system is not known; rules that ask for one are not decided "
          "(--root TYPE)");
    }
    out_.file_systems.push_back(std::move(fs));
    return {};
  }

  // init_rootfs(): a tmpfs when it is built in, no root= is given and rootfstype= does not speak
  // against it.
  FileSystem rootfs() {
    const std::vector<std::string> words = split_cmdline(boot_.cmdline);
    const auto root_word = last_word(words, "root");
    const auto type = last_word(words, "rootfstype");
    const bool asked = type && type->find("tmpfs") != std::string::npos;
    const bool tmpfs = asked || (root_word.value_or("").empty() && !type);
    const kconfig::Config* config = kernel_.config();
    const bool has_tmpfs = config == nullptr || config->is_builtin("TMPFS");
    if (tmpfs && config == nullptr) {
      assume("CONFIG_TMPFS is taken as set, so that the root is a tmpfs (--config)");
    }
    return {.name = std::string(policy::initramfs_name),
            .magic = tmpfs && has_tmpfs ? policy::tmpfs_magic : policy::ramfs_magic,
            .uuid = ""};
  }

  Status add_mounts() {
    for (const MountedAt& mount : boot_.mounts) {
      if (!mount.folder.starts_with('/') ||
          (mount.folder.size() > 1 && mount.folder.ends_with('/'))) {
        return fail(ErrorCode::usage, "--mount: '" + printable(mount.folder) +
                                          "' is no absolute path without a final slash");
      }
      FileSystem fs = file_system_of(mount.type);
      if (!fs.magic) assume("the magic number of " + printable(mount.type) + " is not known");
      out_.file_systems.push_back(std::move(fs));
    }
    return {};
  }

  // The innermost mount above a path; of two at one folder the later covers the earlier.
  std::size_t file_system_at(std::string_view path) const {
    std::size_t found = root;
    std::size_t length = 0;
    for (std::size_t i = 0; i < boot_.mounts.size(); ++i) {
      const std::string& folder = boot_.mounts[i].folder;
      if (!below(path, folder) || folder.size() < length) continue;
      found = i + 1;
      length = folder.size();
    }
    return found;
  }

  static FileKind kind_of(const image::Entry& entry, const loader::Roles& roles) {
    if (entry.path == "/etc/ima/ima-policy") return FileKind::policy;
    const std::string_view place = file_kind(entry);
    if (place == "module")
      return entry.path.ends_with(".ko") ? FileKind::module : FileKind::packed_module;
    if (place == "firmware") return FileKind::firmware;
    if (roles.elf_interpreter_of > 0) return FileKind::loader;
    // libc.so.6 can be executed as well.
    if (roles.library && roles.needed_by > 0) return FileKind::library;
    if (roles.program) return FileKind::program;
    if (roles.library) return FileKind::library;
    if (entry.facts == nullptr) return FileKind::data;
    if (entry.facts->shebang() != nullptr) return FileKind::script;
    const elf::ElfFile* elf = entry.facts->elf();
    return elf != nullptr && elf->has_code ? FileKind::program : FileKind::data;
  }

  void add_file(std::size_t index) {
    const image::Entry& entry = walked_.tree.entries()[index];
    if (entry.type != image::EntryType::file) return;
    FileFacts file{.path = image::ima_spelling(entry.path),
                   .kind = kind_of(entry, map_.roles[index]),
                   .size = entry.size,
                   .inode = entry.inode,
                   .file_system = file_system_at(entry.path)};
    if (walked_.format != image::Format::directory) {
      file.uid = entry.uid;
      file.gid = entry.gid;
    }
    const auto executable =
        (entry.mode & any_execute) != 0 ? policy::Executable::yes : policy::Executable::no;
    file.touches = policy::touches_of(file.kind, executable, kernel_);
    if (file.kind == FileKind::packed_module) {
      packed_ = true;
      if (unpacks_modules(kernel_) != Known::yes) {
        std::erase_if(file.touches, [](const policy::Touch& touch) {
          return touch.func == policy::Func::module_check;
        });
      }
    }
    out_.files.push_back(std::move(file));
    out_.entries.push_back(index);
  }

  void add_place(std::string path, std::size_t file_system) {
    FileFacts place{.path = std::move(path),
                    .kind = FileKind::program,
                    .inode = walked_.tree.entries().size() + out_.places.size(),
                    .file_system = file_system};
    place.touches = policy::touches_of(place.kind, policy::Executable::yes, kernel_);
    out_.places.push_back(std::move(place));
  }

  void add_places() {
    for (const Place& place : usual_places) {
      const bool given = std::ranges::any_of(
          boot_.mounts, [&place](const MountedAt& mount) { return mount.folder == place.folder; });
      if (given) continue;
      out_.file_systems.push_back(file_system_of(place.type));
      add_place(std::string(place.folder) + "/*", out_.file_systems.size() - 1);
    }
    for (std::size_t i = 0; i < boot_.mounts.size(); ++i)
      add_place(image::ima_spelling(boot_.mounts[i].folder) + "/*", i + 1);
    out_.file_systems.push_back(file_system_of("tmpfs"));
    add_place("memfd:*", out_.file_systems.size() - 1);
  }

  void say_what_is_assumed() {
    assume("every file is used after the policy is loaded, and under its path in the image");
    if (walked_.format == image::Format::directory)
      assume("who owns a folder's files here need not be who owns them in the booted image");
    if (!packed_) return;
    switch (unpacks_modules(kernel_)) {
      case Known::yes:
        assume("modprobe leaves the unpacking of compressed modules to the kernel (kmod 31 on)");
        break;
      case Known::no:
        break;
      case Known::unknown:
        assume(
            "CONFIG_MODULE_DECOMPRESS is not known: modprobe is taken to unpack compressed modules "
            "(--config)");
        break;
    }
  }

  const image::Walked& walked_;
  const loader::LoadMap& map_;
  const policy::KernelFacts& kernel_;
  const BootFacts& boot_;
  ImageFiles out_{};
  bool packed_ = false;
};

}  // namespace

Result<ImageFiles> image_files(const image::Walked& walked, const loader::LoadMap& map,
                               const policy::KernelFacts& kernel, const BootFacts& boot) {
  return Builder(walked, map, kernel, boot).build();
}

policy::ListDefaults list_defaults(const policy::KernelFacts& kernel, std::string_view cmdline) {
  const ImaCmdline words = ima_cmdline(cmdline);
  policy::ListDefaults defaults{.templ = words.tmplate, .hash = words.hash};
  const kconfig::Config* config = kernel.config();
  const auto or_config = [config](std::string& value, std::string_view symbol,
                                  std::string_view otherwise) {
    if (value.empty() && config != nullptr) value = config->value(symbol);
    if (value.empty()) value = otherwise;
  };
  or_config(defaults.templ, "IMA_DEFAULT_TEMPLATE", "ima-ng");
  or_config(defaults.hash, "IMA_DEFAULT_HASH", "");
  if (config != nullptr) {
    const std::string_view pcr = config->value("IMA_MEASURE_PCR_IDX");
    (void)std::from_chars(pcr.data(), pcr.data() + pcr.size(), defaults.pcr);
  }
  return defaults;
}

policy::Known unpacks_modules(const policy::KernelFacts& kernel) {
  // Linux 5.17, kernel/module_decompress.c
  constexpr KernelVersion first{.version = 5, .patchlevel = 17};
  if (kernel.version() < first) return Known::no;
  if (kernel.config() == nullptr) return Known::unknown;
  return kernel.config()->is_builtin("MODULE_DECOMPRESS") ? Known::yes : Known::no;
}

}  // namespace etalon::pipeline
