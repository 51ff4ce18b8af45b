// SPDX-License-Identifier: Apache-2.0
// What an image holds: one Entry per path below the root, sorted by path bytes. Names of the same
// file (hard links) are entries of their own that share `inode`. Every walker makes one of these,
// so the same tree gives the same ImageTree whether it lay in a folder, a tar or an initramfs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mkosi/image/elf/facts.hpp"
#include "mkosi/image/path.hpp"
#include "tools/base/bytes.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {

enum class EntryType : std::uint8_t { file, directory, symlink, character, block, fifo, socket };

// "file", "directory", "symlink", "char", "block", "fifo", "socket"
std::string_view name(EntryType type);
// From the type bits of a mode; nothing when they name no type.
std::optional<EntryType> type_of_mode(std::uint32_t mode);

struct Device {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;

  bool operator==(const Device&) const = default;
};

// The first bytes of a file's content, which show what kind of file it is.
class Head {
 public:
  // Takes what is still wanted of the next piece.
  void add(ByteView piece);

  ByteView view() const { return ByteView(bytes_).first(size_); }

  bool operator==(const Head&) const = default;

 private:
  std::array<std::byte, 4> bytes_{};
  std::uint8_t size_ = 0;
};

struct Entry {
  std::string path{};  // absolute, normal (ImagePath)
  EntryType type = EntryType::file;
  std::uint32_t mode = 0;  // permission bits only: 07777
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t inode = 0;  // equal for names of one file; the number itself means nothing
  std::uint32_t links = 1;  // names of this file in this tree
  std::uint64_t size = 0;   // of a file; else 0
  std::string target{};     // of a symlink
  Device device{};          // of a char or block entry
  DigestSet digests{};      // of a file
  Head head{};              // of a file, when it has digests
  elf::FactsPtr facts{};    // of a file, when the walk inspects; else none
};

// What a walker passed over, and what a reader of the list should know.
struct Finding {
  std::string id{};    // "skipped-entry", "ima-name-collision", …: docs/formats/image-list.md
  std::string path{};  // may be empty
  std::string message{};
  std::optional<std::uint64_t> offset{};  // of the entry in its archive
};

enum class FollowLast : std::uint8_t { no, yes };

// The kernel's limit on symlinks in one resolution (MAXSYMLINKS).
inline constexpr unsigned max_symlinks = 40;

class ImageTree {
 public:
  ImageTree() = default;
  // `entries` in any order, no path twice; equal `inode` marks names of one file. Inodes are
  // renumbered and links counted here.
  explicit ImageTree(std::vector<Entry> entries);

  std::span<const Entry> entries() const { return entries_; }

  // The entry at exactly this path; nullptr when absent.
  const Entry* find(std::string_view path) const;

  // The entry that `path` leads to inside this root, as chroot(2) would see it: absolute targets
  // start at the image's root and ".." stops there. Its path is the one IMA records. not_found
  // when a component is missing or no directory, malformed for a symlink loop, usage for "/".
  Result<const Entry*> resolve(std::string_view path, FollowLast follow = FollowLast::yes) const;

 private:
  void number_inodes();

  std::vector<Entry> entries_;
};

// Files whose paths an IMA list cannot tell apart, because it spells a space as '_'.
std::vector<Finding> find_ima_collisions(const ImageTree& tree);

}  // namespace etalon::image
