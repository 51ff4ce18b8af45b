// SPDX-License-Identifier: Apache-2.0
// What an IMA rule can ask about a file, and the accesses the kernel may ask the policy about:
// plain facts, without the image they came from. Access masks are those of the hooks in Linux,
// security/integrity/ima/ima_main.c.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/lang/rule.hpp"

namespace etalon::policy {

// The superblock a file belongs to. Nothing stands for what is not known.
struct FileSystem {
  std::optional<std::string> name{};     // of its type: "rootfs", "tmpfs", "ext4"
  std::optional<std::uint64_t> magic{};  // s_magic
  // Empty: none, or one that is new at every mount, as tmpfs makes it.
  std::optional<std::string> uuid{};

  auto operator<=>(const FileSystem&) const = default;
};

// "MAY_READ|MAY_WRITE"
std::string mask_text(AccessMask mask);

// One way in which the kernel asks the policy about a file.
struct Touch {
  Func func = Func::file_check;
  AccessMask mask = may_read;

  auto operator<=>(const Touch&) const = default;
};

enum class FileKind : std::uint8_t {
  program,        // ELF with an entry point
  loader,         // ELF, the interpreter of programs
  library,        // ELF, mapped by a loader
  script,         // begins with #!
  module,         // as finit_module() takes it
  packed_module,  // compressed: measured only where the kernel unpacks it itself
  firmware,
  policy,  // the IMA policy itself, when it is loaded by its path
  data,
};

inline constexpr std::size_t file_kinds = 9;

// "program", "loader", "library", "script", "module", "packed-module", "firmware", "policy", "data"
std::string_view name(FileKind kind);

struct FileFacts {
  std::string path{};  // as IMA records it
  FileKind kind = FileKind::data;
  std::uint64_t size = 0;
  std::size_t inode = 0;               // equal for names of one file
  std::optional<std::uint32_t> uid{};  // owner
  std::optional<std::uint32_t> gid{};
  std::size_t file_system = 0;   // index
  std::vector<Touch> touches{};  // in the order they happen when the file is run
};

}  // namespace etalon::policy
