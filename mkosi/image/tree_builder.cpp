// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/tree_builder.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "mkosi/image/path.hpp"
#include "mkosi/image/tree.hpp"
#include "tools/base/assert.hpp"
#include "tools/base/digest.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {
namespace {

tl::unexpected<std::string_view> refused(std::string_view why) {
  return tl::unexpected(why);
}

// What is known of the contents of files.
struct Contents {
  std::span<const DigestSet> digests;
  std::span<const Head> heads;
  const DigestSet& empty;
  const InspectedContents& inspected;

  void put(Entry& entry, std::optional<std::size_t> content) const {
    entry.digests = content ? digests[*content] : empty;
    if (content) entry.head = heads[*content];
    entry.facts = inspected.empty;
    if (content && !inspected.facts.empty()) entry.facts = inspected.facts[*content];
  }
};

}  // namespace

// What has the name `name` in `folder`, made if nothing has. A symlink is not followed.
TreeBuilder::Attempt<TreeBuilder::NodeId> TreeBuilder::enter(NodeId folder, std::string_view name) {
  const auto found = nodes_[folder].children.find(name);
  if (found != nodes_[folder].children.end()) return found->second;
  const auto made = insert({.folder = folder, .name = std::string(name)},
                           {.type = EntryType::directory, .mode = 0755, .implied = true});
  if (!made) return refused("too many entries");
  return *made;
}

TreeBuilder::Attempt<TreeBuilder::Place> TreeBuilder::locate(const ImagePath& path) {
  ETALON_ASSERT(!path.is_root());
  std::deque<std::string> left;
  for (const std::string_view component : path_components(path.text()))
    left.emplace_back(component);
  const std::string last = std::move(left.back());
  left.pop_back();
  NodeId here = 0;
  unsigned links = 0;
  bool implied = false;
  while (!left.empty()) {
    const std::string component = std::move(left.front());
    left.pop_front();
    if (component == "..") {
      here = nodes_[here].parent;
      continue;
    }
    const auto next = enter(here, component);
    if (!next) return tl::unexpected(next.error());
    const Node& node = nodes_[*next].node;
    if (node.type == EntryType::symlink) {
      if (++links > max_symlinks) return refused("its folder is a symlink loop");
      if (node.target.starts_with('/')) here = 0;
      const auto components = path_components(node.target);
      left.insert(left.begin(), components.begin(), components.end());
      continue;
    }
    if (node.type != EntryType::directory) return refused("its folder is no directory");
    implied = implied || node.implied;
    here = *next;
  }
  return Place{.folder = here, .name = last, .implied = implied};
}

std::optional<TreeBuilder::NodeId> TreeBuilder::at(const Place& place) const {
  const auto& children = nodes_[place.folder].children;
  const auto found = children.find(place.name);
  if (found == children.end()) return std::nullopt;
  return found->second;
}

TreeBuilder::Attempt<void> TreeBuilder::remove(const Place& place) {
  auto& children = nodes_[place.folder].children;
  const auto found = children.find(place.name);
  if (found == children.end()) return {};
  const Slot& slot = nodes_[found->second];
  if (!slot.children.empty() && !slot.node.implied) {
    return refused("a folder that is not empty is in its place");
  }
  children.erase(found);
  return {};
}

Status TreeBuilder::count(std::size_t text) {
  text_ += text;
  ++names_;
  if (names_ > caps_.nodes) {
    return fail(ErrorCode::limit, "more than " + std::to_string(caps_.nodes) + " entries");
  }
  if (text_ > caps_.text) {
    return fail(ErrorCode::limit,
                "names of more than " + std::to_string(caps_.text) + " bytes together");
  }
  return {};
}

Result<TreeBuilder::NodeId> TreeBuilder::insert(const Place& place, Node node) {
  TRY(count(place.name.size() + node.target.size()));
  const auto id = static_cast<NodeId>(nodes_.size());
  const bool fresh = nodes_[place.folder].children.emplace(place.name, id).second;
  ETALON_ASSERT(fresh);
  nodes_.push_back({.node = std::move(node), .parent = place.folder});
  return id;
}

Result<TreeBuilder::NodeId> TreeBuilder::link(const Place& place, NodeId node) {
  TRY(count(place.name.size()));
  const bool fresh = nodes_[place.folder].children.emplace(place.name, node).second;
  ETALON_ASSERT(fresh && nodes_[node].node.type != EntryType::directory);
  return node;
}

ImageTree TreeBuilder::build(std::span<const DigestSet> digests, std::span<const Head> heads,
                             const DigestSet& empty, const InspectedContents& inspected) const {
  struct Visit {
    NodeId folder = 0;
    ImagePath path{};
  };

  const Contents contents{
      .digests = digests, .heads = heads, .empty = empty, .inspected = inspected};
  std::vector<Entry> entries;
  std::vector<Visit> left(1);
  while (!left.empty()) {
    const Visit visit = std::move(left.back());
    left.pop_back();
    for (const auto& [name, id] : nodes_[visit.folder].children) {
      const ImagePath path = visit.path.child(name);
      const Node& node = nodes_[id].node;
      Entry entry{.path = path.text(),
                  .type = node.type,
                  .mode = node.mode,
                  .uid = node.uid,
                  .gid = node.gid,
                  .inode = id,
                  .size = node.size,
                  .target = node.target,
                  .device = node.device};
      if (node.type == EntryType::file) contents.put(entry, node.content);
      entries.push_back(std::move(entry));
      if (node.type == EntryType::directory) left.push_back({.folder = id, .path = path});
    }
  }
  return ImageTree(std::move(entries));
}

}  // namespace etalon::image
