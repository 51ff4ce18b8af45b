// SPDX-License-Identifier: Apache-2.0
#include "mkosi/image/tree.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <sys/stat.h>

#include "mkosi/image/path.hpp"
#include "tools/base/assert.hpp"
#include "tools/base/result.hpp"

namespace etalon::image {

std::string_view name(EntryType type) {
  switch (type) {
    case EntryType::file:
      return "file";
    case EntryType::directory:
      return "directory";
    case EntryType::symlink:
      return "symlink";
    case EntryType::character:
      return "char";
    case EntryType::block:
      return "block";
    case EntryType::fifo:
      return "fifo";
    case EntryType::socket:
      return "socket";
  }
  return "";
}

std::optional<EntryType> type_of_mode(std::uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return EntryType::file;
    case S_IFDIR:
      return EntryType::directory;
    case S_IFLNK:
      return EntryType::symlink;
    case S_IFCHR:
      return EntryType::character;
    case S_IFBLK:
      return EntryType::block;
    case S_IFIFO:
      return EntryType::fifo;
    case S_IFSOCK:
      return EntryType::socket;
    default:
      return std::nullopt;
  }
}

void Head::add(ByteView piece) {
  const std::size_t part = std::min(piece.size(), bytes_.size() - size_);
  std::ranges::copy(piece.first(part), bytes_.begin() + size_);
  size_ = static_cast<std::uint8_t>(size_ + part);
}

ImageTree::ImageTree(std::vector<Entry> entries) : entries_(std::move(entries)) {
  std::ranges::sort(entries_, {}, &Entry::path);
  ETALON_ASSERT(std::ranges::adjacent_find(entries_, {}, &Entry::path) == entries_.end());
  number_inodes();
}

// Numbers by first path, so that they depend on the tree and not on who walked it.
void ImageTree::number_inodes() {
  struct Group {
    std::uint32_t number = 0;
    std::uint32_t links = 0;
  };

  std::unordered_map<std::uint32_t, Group> groups;
  groups.reserve(entries_.size());
  for (const Entry& entry : entries_) {
    const auto number = static_cast<std::uint32_t>(groups.size());
    ++groups.try_emplace(entry.inode, Group{.number = number, .links = 0}).first->second.links;
  }
  for (Entry& entry : entries_) {
    const Group& group = groups.at(entry.inode);
    entry.inode = group.number;
    entry.links = group.links;
  }
}

const Entry* ImageTree::find(std::string_view path) const {
  const auto at = std::ranges::lower_bound(
      entries_, path, {}, [](const Entry& entry) { return std::string_view(entry.path); });
  return at != entries_.end() && at->path == path ? &*at : nullptr;
}

namespace {

void push_front(std::deque<std::string>& to, std::string_view path) {
  const auto components = path_components(path);
  to.insert(to.begin(), components.begin(), components.end());
}

// One resolution on its way.
class Resolution {
 public:
  Resolution(const ImageTree& tree, std::string_view path) : tree_(tree), path_(path) {
    push_front(left_, path);
  }

  Result<const Entry*> run(FollowLast follow) {
    while (!left_.empty()) {
      const std::string component = std::move(left_.front());
      left_.pop_front();
      if (component == "..") {
        here_.resize(std::min(here_.rfind('/'), here_.size()));
        entry_ = at_here();
        continue;
      }
      TRY(enter(component));
      if (entry_->type == EntryType::symlink && (!left_.empty() || follow == FollowLast::yes))
        TRY(follow_link());
      else
        here_ = entry_->path;
    }
    if (entry_ == nullptr) return fail(ErrorCode::usage, "the root is no entry");
    return entry_;
  }

 private:
  const Entry* at_here() const { return here_.empty() ? nullptr : tree_.find(here_); }

  Status enter(const std::string& component) {
    if (entry_ != nullptr && entry_->type != EntryType::directory) {
      return fail(ErrorCode::not_found, "'" + printable(here_) + "' is no directory");
    }
    entry_ = tree_.find(here_ + '/' + component);
    if (entry_ != nullptr) return {};
    return fail(ErrorCode::not_found, "no '" + printable(here_ + '/' + component) + "'");
  }

  Status follow_link() {
    if (++links_ > max_symlinks) {
      return fail(ErrorCode::malformed, "'" + printable(path_) + "' is a symlink loop");
    }
    if (entry_->target.starts_with('/')) here_.clear();
    push_front(left_, entry_->target);
    entry_ = at_here();
    return {};
  }

  const ImageTree& tree_;
  std::string_view path_;
  std::deque<std::string> left_;
  std::string here_;              // the real path so far; empty is the root
  const Entry* entry_ = nullptr;  // what is there, or the symlink at its end; none for the root
  unsigned links_ = 0;
};

}  // namespace

Result<const Entry*> ImageTree::resolve(std::string_view path, FollowLast follow) const {
  return Resolution(*this, path).run(follow);
}

std::vector<Finding> find_ima_collisions(const ImageTree& tree) {
  std::map<std::string, std::vector<const Entry*>> by_spelling;
  for (const Entry& entry : tree.entries()) {
    if (entry.type != EntryType::file || entry.path.find(' ') == std::string::npos) continue;
    const std::string spelling = ima_spelling(entry.path);
    auto& names = by_spelling[spelling];
    const Entry* literal = names.empty() ? tree.find(spelling) : nullptr;
    if (literal != nullptr && literal->type == EntryType::file) names.push_back(literal);
    names.push_back(&entry);
  }
  std::vector<Finding> findings;
  for (const auto& [spelling, entries] : by_spelling) {
    if (entries.size() < 2) continue;
    for (const Entry* entry : entries) {
      findings.push_back({.id = "ima-name-collision",
                          .path = entry->path,
                          .message = "an IMA list spells this path and another one '" +
                                     printable(spelling) + "'"});
    }
  }
  return findings;
}

}  // namespace etalon::image
