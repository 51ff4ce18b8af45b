// SPDX-License-Identifier: Apache-2.0
// A file system in memory, without contents: what unpacking an archive would leave behind. Paths
// are looked up as the kernel does, through symlinks that stay inside the root, so that an entry
// "lib/x" behind a symlink "lib -> usr/lib" becomes /usr/lib/x. A file's content is a number that
// the caller gave it; digests join at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "mkosi/image/elf/facts.hpp"
#include "mkosi/image/path.hpp"
#include "mkosi/image/tree.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {

// Caps on what an archive may make us hold: headers of empty files compress a thousandfold.
inline constexpr std::size_t max_tree_nodes = 2'000'000;
inline constexpr std::size_t max_tree_text = std::size_t{256} << 20U;  // names and targets

// The facts of content i at [i], and those of a file without content; none when nobody asked.
struct InspectedContents {
  std::span<const elf::FactsPtr> facts{};
  elf::FactsPtr empty{};
};

struct TreeCaps {
  std::size_t nodes = max_tree_nodes;
  std::size_t text = max_tree_text;
};

using ContentId = std::uint32_t;

struct Node {
  EntryType type = EntryType::file;
  std::uint32_t mode = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint64_t size = 0;
  std::string target{};
  Device device{};
  std::optional<ContentId> content{};  // none: an empty file
  bool implied = false;                // a folder no entry made, only names below it
};

class TreeBuilder {
 public:
  using NodeId = std::uint32_t;

  // A failed operation of the file system; the text says which rule of open(2), mkdir(2), … it is.
  template <class T>
  using Attempt = tl::expected<T, std::string_view>;

  // A name in a folder, whether something has it or not.
  struct Place {
    NodeId folder = 0;
    std::string name{};
    bool implied = false;  // no entry made a folder on the way to it
  };

  explicit TreeBuilder(TreeCaps caps = {}) : caps_(caps) {
    nodes_.emplace_back();
    nodes_.front().node = {.type = EntryType::directory, .mode = 0755};
  }

  // The place a path names, all but its last component followed and folders made where they are
  // missing. Not for the root.
  Attempt<Place> locate(const ImagePath& path);
  std::optional<NodeId> at(const Place& place) const;

  // Unlinks or, for a folder, removes it if it is empty or implied.
  Attempt<void> remove(const Place& place);
  // Puts a new node at a free place; limit error at the caps.
  Result<NodeId> insert(const Place& place, Node node);
  // One more name for a node that is no folder, at a free place.
  Result<NodeId> link(const Place& place, NodeId node);

  Node& node(NodeId id) { return nodes_[id].node; }

  // The tree, with the digests, first bytes and, if there are any, facts of content i at [i], and
  // `empty` for files without content.
  ImageTree build(std::span<const DigestSet> digests, std::span<const Head> heads,
                  const DigestSet& empty, const InspectedContents& inspected = {}) const;

 private:
  struct Slot {
    Node node{};
    NodeId parent = 0;  // of a folder
    std::map<std::string, NodeId, std::less<>> children{};
  };

  Attempt<NodeId> enter(NodeId folder, std::string_view name);
  Status count(std::size_t text);

  TreeCaps caps_;
  std::deque<Slot> nodes_;
  std::size_t text_ = 0;
  std::size_t names_ = 0;
};

}  // namespace etalon::image
